/** A load that only its calls bound. */
export interface Load {
  readonly cells: number;
  /** Of one call. */
  readonly latencyMs: number;
  readonly concurrency: number;
}

/** The seconds of an executor that costs nothing and never leaves a slot empty: N × L ÷ C. */
export function idealSeconds({ cells, latencyMs, concurrency }: Load): number {
  return (cells * latencyMs) / concurrency / 1_000;
}

/**
 * The seconds of an executor that costs nothing where the calls take different times: each slot takes the next call in the order
 * given as soon as it is free (list scheduling). What no executor can beat that does not know which calls will be slow;
 * N × mean ÷ C leaves out that a slow call which starts last is waited for.
 */
export function scheduleSeconds(latenciesMs: readonly number[], concurrency: number): number {
  const freeAt = new Array<number>(concurrency).fill(0);
  let end = 0;
  for (const latencyMs of latenciesMs) {
    const at = freeAt[0] ?? 0;
    const done = at + latencyMs;
    end = Math.max(end, done);
    replaceLeast(freeAt, done);
  }
  return end / 1_000;
}

// A binary heap whose least value is replaced: sinks it to where no child is less.
function replaceLeast(heap: number[], value: number): void {
  let place = 0;
  for (;;) {
    const left = 2 * place + 1;
    const right = left + 1;
    const leftValue = heap[left] ?? Number.POSITIVE_INFINITY;
    const rightValue = heap[right] ?? Number.POSITIVE_INFINITY;
    const [child, least] = leftValue <= rightValue ? [left, leftValue] : [right, rightValue];
    if (value <= least) break;
    heap[place] = least;
    place = child;
  }
  heap[place] = value;
}

/**
 * The seconds in which a provider lets so many requests through: a bucket of `burst`, filled with `perMinute`, that is
 * full at the start.
 */
export function rateLimitSeconds(limit: {
  readonly requests: number;
  readonly perMinute: number;
  readonly burst: number;
}): number {
  return (Math.max(0, limit.requests - limit.burst) * 60) / limit.perMinute;
}
