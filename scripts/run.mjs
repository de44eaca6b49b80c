// Runs a command to its end, and takes it along when we are told to stop.
import { spawn } from 'node:child_process';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a command. With `capture` its output is returned (and shown only by the caller), else it is inherited.
 * A signal that we get is passed on, and the child's end decides.
 */
export const run = (command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const { capture = false, ...rest } = options;
    const stdio = capture ? ['ignore', 'pipe', 'pipe'] : 'inherit';
    const child = spawn(command, args, { stdio, ...rest });
    // From a terminal the child has got Ctrl-C as well; a second one would only make it hurry.
    const forward = (signal) => {
      if (!(signal === 'SIGINT' && process.stdin.isTTY)) child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, forward);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    }
    const done = () => {
      for (const signal of SIGNALS) process.off(signal, forward);
    };
    child.once('error', (error) => {
      done();
      reject(error);
    });
    child.once('close', (code, signal) => {
      done();
      resolve({ code: code ?? 1, signal, output });
    });
  });

/** Ends this process the way the child ended. */
export const endAs = ({ code, signal }) => {
  if (signal !== null && signal !== undefined) process.kill(process.pid, signal);
  process.exitCode = code;
};
