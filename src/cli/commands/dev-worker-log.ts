import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Sink } from '../io/sink.js';
import { parseLogLine, prettyLogLine, warnLevel } from '../worker-log.js';

/** The failure type of a batch that a stopping worker gives back. */
const stoppingType = 'WORKER_STOPPING';

/** The log of the workers that `assay dev` runs. */
export interface WorkerLog {
  take(line: string): void;
  close(): Promise<void>;
}

/** Whether people are told of a line: warnings and worse, and what is no line of a log. */
export function isShown(line: string): boolean {
  const parsed = parseLogLine(line);
  if (parsed === undefined) return true;
  // How a worker that stops politely gives its batches back: Temporal's own logger warns of each.
  if (parsed.level === warnLevel && line.includes(stoppingType)) return false;
  return parsed.level >= warnLevel;
}

/** All goes to `.assay/logs/worker.log` (0600); warnings and errors are shown as well. */
export function openWorkerLog(folder: string, sink: Sink): WorkerLog {
  const file = join(folder, '.assay', 'logs', 'worker.log');
  mkdirSync(dirname(file), { recursive: true });
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  // A full disk must not end the stack; what matters is on the terminal.
  stream.on('error', () => undefined);
  return {
    take(line) {
      stream.write(`${line}\n`);
      if (isShown(line)) void sink.line(prettyLogLine(line, sink));
    },
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  };
}
