import { runCli } from './cli.mjs';

await runCli(['dev', ...process.argv.slice(2)]);
