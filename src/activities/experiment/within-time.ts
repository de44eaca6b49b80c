import { setMaxListeners } from 'node:events';

import { AssayError } from '../../core/errors/assay-error.js';
import type { Hold } from '../../models/paid-call.js';

/** How long something may take, and what it is called when it takes longer. */
export interface TimeLimit {
  readonly ms: number;
  readonly code: 'TARGET_TIMEOUT' | 'EVALUATOR_TIMEOUT';
  readonly what: string;
  readonly signal: AbortSignal;
}

/**
 * Runs user code with a time limit. The signal given to it is aborted at the limit; code that never returns is left behind,
 * since nothing can end a promise. The clock stands still while anybody holds it (see {@link Hold}): what waits for our
 * database or obeys a provider takes none of the code's time.
 *
 * @throws AssayError with the limit's code, or the outer signal's reason.
 */
export async function withinTime<Result>(
  limit: TimeLimit,
  work: (signal: AbortSignal, hold: Hold) => Promise<Result>,
): Promise<Result> {
  limit.signal.throwIfAborted();
  const inner = new AbortController();
  // Code may make as many calls at once as it likes, and each of them listens until it ends.
  setMaxListeners(10_000, inner.signal);
  let settle: (() => void) | undefined;
  let hold: Hold = () => () => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    const stop = (reason: Error): void => {
      inner.abort(reason);
      reject(reason);
    };
    const clock = startClock(limit.ms, () =>
      stop(new AssayError(limit.code, `${limit.what} did not return within ${limit.ms} ms.`)),
    );
    hold = clock.hold;
    const abort = (): void => stop(limit.signal.reason as Error);
    limit.signal.addEventListener('abort', abort, { once: true });
    settle = () => {
      clock.end();
      limit.signal.removeEventListener('abort', abort);
    };
  });
  // User code may throw before it returns a promise.
  const running = Promise.resolve().then(() => work(inner.signal, hold));
  // What comes after the limit is nobody's any more.
  running.catch(() => undefined);
  try {
    return await Promise.race([running, interrupted]);
  } finally {
    settle?.();
  }
}

/** A timer that stands still while anybody holds it; holds are counted. */
function startClock(ms: number, over: () => void): { hold: Hold; end: () => void } {
  let leftMs = ms;
  let holds = 0;
  let ended = false;
  let since = performance.now();
  let timer = setTimeout(over, leftMs);
  const hold: Hold = () => {
    holds += 1;
    if (holds === 1) {
      clearTimeout(timer);
      leftMs -= performance.now() - since;
    }
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      holds -= 1;
      if (holds > 0 || ended) return;
      since = performance.now();
      timer = setTimeout(over, Math.max(0, leftMs));
    };
  };
  const end = (): void => {
    ended = true;
    clearTimeout(timer);
  };
  return { hold, end };
}
