import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Sink } from '../io/sink.js';
import { parseLogLine, prettyLogLine, warnLevel } from '../worker-log.js';

/** The log of the workers that `assay dev` runs. */
export interface WorkerLog {
  take(line: string): void;
  close(): Promise<void>;
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
      const level = parseLogLine(line)?.level;
      if (level === undefined || level >= warnLevel) void sink.line(prettyLogLine(line, sink));
    },
    close: () => new Promise((resolve) => stream.end(() => resolve())),
  };
}
