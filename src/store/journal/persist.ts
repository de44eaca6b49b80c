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

/** Repeats `run` for as long as Postgres is away; gives up, with the last failure, once the signal is aborted. */
export async function whileAway<T>(run: () => Promise<T>, giveUp: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isAway(error) || giveUp.aborted) throw error;
      await pause(attempt, giveUp).catch(() => undefined);
    }
  }
}
