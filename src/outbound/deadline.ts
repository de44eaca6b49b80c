/** The end of a piece of work: its time, or the end of one of the signals it hangs on. */
export interface Deadline {
  /** Aborts with a `TimeoutError` when the time is over, or with the reason of the signal that ended first. */
  readonly signal: AbortSignal;
  /** Whether it was the time that ended it. */
  isOver(): boolean;
}

/**
 * Gives `work` at most `ms` milliseconds, and ends it with any of `signals`. Nothing stays behind: neither the timer nor a
 * listener on the signals.
 *
 * By hand, with a timer that holds what it ends: Node 20 collects an `AbortSignal.timeout` that only an `AbortSignal.any`
 * listens to before it fires, and the request then has no deadline at all.
 */
export async function withDeadline<Result>(
  ms: number,
  signals: readonly (AbortSignal | undefined)[],
  work: (deadline: Deadline) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  let over = false;
  const releases: (() => void)[] = [];
  const timer = setTimeout(() => {
    if (controller.signal.aborted) return;
    over = true;
    controller.abort(new DOMException(`It took longer than ${ms} ms.`, 'TimeoutError'));
  }, ms);
  for (const signal of signals) {
    if (signal === undefined) continue;
    const abort = (): void => controller.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    releases.push(() => signal.removeEventListener('abort', abort));
  }
  try {
    return await work({ signal: controller.signal, isOver: () => over });
  } finally {
    clearTimeout(timer);
    for (const release of releases) release();
  }
}
