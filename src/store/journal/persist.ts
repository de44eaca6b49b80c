import { setTimeout as sleep } from 'node:timers/promises';

import { AssayError } from '../../core/errors/assay-error.js';

/** Whether Postgres is away, so that the same statement can succeed later. */
export function isAway(error: unknown): boolean {
  return AssayError.is(error) && error.code === 'POSTGRES_UNREACHABLE';
}

/** Waits before the next try: 100 ms, doubling to 2 s, with jitter so that workers do not return as one. */
export async function pause(attempt: number, signal?: AbortSignal): Promise<void> {
  const delay = Math.min(100 * 2 ** Math.min(attempt, 6), 2_000);
  await sleep(delay * (0.5 + Math.random() / 2), undefined, signal === undefined ? {} : { signal });
}

// Data that no repetition mends: it does not fit (22), breaks a constraint (23), is no valid statement (42), is too much (54).
const hopeless = /^(?:22|23|42|54)/;

/**
 * Whether Postgres is away or refuses for reasons of its own: a full disk, a standby, no memory, a timeout. The same
 * statement can succeed later, so what was paid for is kept; only what is wrong with the data itself is given up.
 */
export function isTrouble(error: unknown): boolean {
  if (isAway(error)) return true;
  if (AssayError.is(error) || !(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return /^[0-9A-Z]{5}$/.test(code) && !hopeless.test(code);
}

/** Repeats `run` for as long as Postgres is in trouble; gives up, with the last failure, once the signal is aborted. */
export async function whileAway<T>(run: () => Promise<T>, giveUp: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isTrouble(error) || giveUp.aborted) throw error;
      await pause(attempt, giveUp).catch(() => undefined);
    }
  }
}
