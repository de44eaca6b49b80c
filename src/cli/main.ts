#!/usr/bin/env node
import { runCli } from './run-cli.js';

const { stdout, stderr } = process;
for (const stream of [stdout, stderr]) {
  // Help is written before a sink takes over the stream's errors; `| head` goes away in the middle of it.
  stream.on('error', () => undefined);
}
const exitCode = await runCli(
  { stdout, stderr, environment: process.env, cwd: process.cwd() },
  process.argv.slice(2),
);
// What is written last must be out before the end.
await Promise.all(
  [stdout, stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))),
);
// Code of a config may have left timers or sockets behind, which must not keep a command from ending.
process.exit(exitCode);
