import { setTimeout as wait } from 'node:timers/promises';

import { AssayError } from '../core/errors/assay-error.js';
import { backoffMs } from '../core/retry/backoff.js';
import { throwIfCancelled } from './http/stopped.js';

/** Tries in all, over about 8 s. A longer outage is its caller's to wait for, where people see it. */
const defaultTries = 6;
const policy = { initialDelayMs: 250, maxDelayMs: 4_000 };
/** A server that asks for more is obeyed by the caller. */
const longestWaitMs = 10_000;

/**
 * What patience was already spent on. Questions are repeated one by one, and so is the work that they belong to: an outage would
 * otherwise be waited for once per try of each, before its caller hears of it and waits where people see it.
 */
const spent = new WeakSet<AssayError>();

/**
 * Repeats what may be repeated while the platform stumbles. Work of thousands of requests would never end otherwise: where one
 * in twenty fails, hardly any attempt of it gets through whole, and each failed one is begun again after a longer pause.
 *
 * @param run told the how-manieth try it is, from 1. A try that failed may have arrived.
 * @param maxTries fewer where somebody waits for the answer; default 6.
 * @throws what the last try threw: AssayError PLATFORM_UNREACHABLE where the platform is away for longer. Thrown out of one within
 *   another, it ends both.
 */
export async function patiently<T>(
  signal: AbortSignal,
  run: (attempt: number) => Promise<T>,
  maxTries = defaultTries,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run(attempt);
    } catch (error) {
      if (!AssayError.is(error) || error.code !== 'PLATFORM_UNREACHABLE') throw error;
      const pause = error.retryAfterMs ?? backoffMs({ attempt, policy, random: Math.random() });
      const isOver = attempt >= maxTries || pause > longestWaitMs || spent.has(error);
      if (isOver || signal.aborted) {
        spent.add(error);
        throw error;
      }
      await wait(pause, undefined, { signal }).catch(() => {
        throwIfCancelled(signal);
        // A caller whose time is over learns that the platform was away, not that a timer ran out.
        throw error;
      });
    }
  }
}
