import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

import { DEFAULT_LEASE_MS, renewOwnerStatement } from '../store/journal/owners.js';

/** How long the event loop may be blocked before the process is ended, in milliseconds. */
export const blockedAfterMs = 30_000;

/** Watches over the event loop of this process. */
export interface Watchdog {
  /** Keeps the lease of this owner alive while the event loop is blocked. The last one counts. */
  guard(owner: string): void;
  stop(): Promise<void>;
}

// Plain JavaScript in a thread of its own: it must run while the main thread does not. It counts its own ticks rather
// than the clock, so that a process which was frozen as a whole (SIGSTOP, a suspended machine) is not ended on waking up.
//
// Between a block and its end the thread renews the journal's lease: calls in flight would be another worker's after 10 s
// and made again, although this one is about to read their answers. A frozen process renews nothing, since its threads stand
// still as well; and a lease that is over stays over, since the statement renews only what lives.
const threadCode = `
const { parentPort, workerData } = require('node:worker_threads');
const { tickMs, blockedAfterMs, renewal } = workerData;
const beats = new Int32Array(workerData.beats);
let last = -1, still = 0, sinceRenewal = Infinity, owner, client, renewing = false;
parentPort.on('message', (guarded) => { owner = guarded; });
const drop = () => {
  const gone = client;
  client = undefined;
  if (gone !== undefined) gone.end().catch(() => undefined);
};
const renew = async () => {
  renewing = true;
  try {
    if (client === undefined) {
      const { Client } = require(renewal.pg);
      client = new Client({ connectionString: renewal.databaseUrl, application_name: 'assay-watchdog',
        connectionTimeoutMillis: 2000, query_timeout: 2000 });
      client.on('error', drop);
      await client.connect();
    }
    await client.query(renewal.statement, [owner, renewal.leaseMs]);
  } catch {
    drop();
  } finally {
    renewing = false;
  }
};
setInterval(() => {
  const now = Atomics.load(beats, 0);
  still = now === last ? still + 1 : 0;
  last = now;
  sinceRenewal += tickMs;
  const blockedMs = still * tickMs;
  if (blockedMs >= blockedAfterMs) {
    require('node:fs').writeSync(2, JSON.stringify({ level: 60, code: 'WORKER_BLOCKED',
      msg: 'the event loop is blocked; ending this worker', blockedMs }) + '\\n');
    process.kill(process.pid, 'SIGKILL');
  }
  if (renewal === undefined || owner === undefined || renewing) return;
  if (still >= 2 && sinceRenewal >= renewal.everyMs) {
    sinceRenewal = 0;
    renew();
  }
  // The connection is not kept: blocks are rare, and connections are not to be wasted.
  if (still === 0 && client !== undefined && sinceRenewal >= 10 * renewal.everyMs) drop();
}, tickMs);
`;

/**
 * Watches over the event loop of this process: user code that blocks it ends the worker, and its supervisor starts another.
 *
 * @param databaseUrl where the lease of calls in flight is renewed while the event loop is blocked; without it nothing is.
 * @param leaseMs how long a renewed lease lasts.
 */
export function startWatchdog(
  limitMs: number = blockedAfterMs,
  databaseUrl?: string,
  leaseMs: number = DEFAULT_LEASE_MS,
): Watchdog {
  const tickMs = Math.max(50, Math.min(1_000, Math.floor(limitMs / 10)));
  const beats = new SharedArrayBuffer(4);
  const counter = new Int32Array(beats);
  const timer = setInterval(() => Atomics.add(counter, 0, 1), tickMs / 2);
  timer.unref();
  const renewal =
    databaseUrl === undefined
      ? undefined
      : {
          databaseUrl,
          leaseMs,
          everyMs: leaseMs / 5,
          statement: renewOwnerStatement,
          // Resolved here: a thread made from text has no place of its own.
          pg: createRequire(import.meta.url).resolve('pg'),
        };
  const thread = new Worker(threadCode, {
    eval: true,
    workerData: { beats, tickMs, blockedAfterMs: limitMs, renewal },
  });
  thread.unref();
  return {
    guard(owner) {
      thread.postMessage(owner);
    },
    async stop() {
      clearInterval(timer);
      await thread.terminate();
    },
  };
}
