import { AssayError } from '../../core/errors/assay-error.js';

/** How long something may take, and what it is called when it takes longer. */
export interface TimeLimit {
  readonly ms: number;
  readonly code: 'TARGET_TIMEOUT' | 'EVALUATOR_TIMEOUT';
  readonly what: string;
  readonly signal: AbortSignal;
}

/**
 * Runs user code with a time limit. The signal given to it is aborted at the limit; code that never returns is left behind,
 * since nothing can end a promise.
 *
 * @throws AssayError with the limit's code, or the outer signal's reason.
 */
export async function withinTime<Result>(
  limit: TimeLimit,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  limit.signal.throwIfAborted();
  const inner = new AbortController();
  let settle: (() => void) | undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    const stop = (reason: Error): void => {
      inner.abort(reason);
      reject(reason);
    };
    const timer = setTimeout(
      () => stop(new AssayError(limit.code, `${limit.what} did not return within ${limit.ms} ms.`)),
      limit.ms,
    );
    const abort = (): void => stop(limit.signal.reason as Error);
    limit.signal.addEventListener('abort', abort, { once: true });
    settle = () => {
      clearTimeout(timer);
      limit.signal.removeEventListener('abort', abort);
    };
  });
  // User code may throw before it returns a promise.
  const running = Promise.resolve().then(() => work(inner.signal));
  // What comes after the limit is nobody's any more.
  running.catch(() => undefined);
  try {
    return await Promise.race([running, interrupted]);
  } finally {
    settle?.();
  }
}
