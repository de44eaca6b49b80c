import { setTimeout as wait } from 'node:timers/promises';

import { AssayError } from '../core/errors/assay-error.js';

/**
 * Looks until what is waited for has come. A database that restarts must not end a wait of hours: what is looked at goes on as well.
 *
 * @param on.endOf what a look comes to; undefined where it has not come yet.
 * @param on.late what is thrown where it has not come within `timeoutMs`. Default: as long as it takes.
 * @param on.everyMs how long between two looks.
 * @throws what a look throws, but for a database that is away; the signal's reason.
 */
export async function lookUntil<Seen, End>(
  look: () => Promise<Seen>,
  on: {
    readonly endOf: (seen: Seen) => End | undefined | Promise<End | undefined>;
    readonly late: () => AssayError;
    readonly everyMs: number;
    readonly timeoutMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<End> {
  const { endOf, late, everyMs, timeoutMs = Number.POSITIVE_INFINITY, signal } = on;
  const started = performance.now();
  for (;;) {
    signal?.throwIfAborted();
    const seen = await look().catch(toleratingOutage);
    const end = seen === undefined ? undefined : await endOf(seen);
    if (end !== undefined) return end;
    const left = timeoutMs - (performance.now() - started);
    if (left <= 0) throw late();
    await wait(Math.min(everyMs, left), undefined, signal === undefined ? {} : { signal });
  }
}

function toleratingOutage(error: unknown): undefined {
  if (AssayError.is(error) && error.code === 'POSTGRES_UNREACHABLE') return undefined;
  throw error;
}
