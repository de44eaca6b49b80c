import { Worker } from 'node:worker_threads';

/** How long the event loop may be blocked before the process is ended, in milliseconds. */
export const blockedAfterMs = 30_000;

// Plain JavaScript in a thread of its own: it must run while the main thread does not. It counts its own ticks rather
// than the clock, so that a process which was frozen as a whole (SIGSTOP, a suspended machine) is not ended on waking up.
const threadCode = `
const { workerData } = require('node:worker_threads');
const beats = new Int32Array(workerData.beats);
let last = -1, still = 0;
setInterval(() => {
  const now = Atomics.load(beats, 0);
  still = now === last ? still + 1 : 0;
  last = now;
  if (still * workerData.tickMs >= workerData.blockedAfterMs) {
    require('node:fs').writeSync(2, JSON.stringify({ level: 60, code: 'WORKER_BLOCKED',
      msg: 'the event loop is blocked; ending this worker', blockedMs: still * workerData.tickMs }) + '\\n');
    process.kill(process.pid, 'SIGKILL');
  }
}, workerData.tickMs);
`;

/** Watches over the event loop of this process: user code that blocks it ends the worker, and its supervisor starts another. */
export function startWatchdog(limitMs: number = blockedAfterMs): { stop(): Promise<void> } {
  const tickMs = Math.max(50, Math.min(1_000, Math.floor(limitMs / 10)));
  const beats = new SharedArrayBuffer(4);
  const counter = new Int32Array(beats);
  const timer = setInterval(() => Atomics.add(counter, 0, 1), tickMs / 2);
  timer.unref();
  const thread = new Worker(threadCode, {
    eval: true,
    workerData: { beats, tickMs, blockedAfterMs: limitMs },
  });
  thread.unref();
  return {
    async stop() {
      clearInterval(timer);
      await thread.terminate();
    },
  };
}
