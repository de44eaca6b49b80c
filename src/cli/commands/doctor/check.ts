import { AssayError, type Problem } from '../../../core/errors/assay-error.js';
import type { Json } from '../../../core/json/json.js';

/** What one look came to. `skip`: there was nothing to look at. */
export interface CheckResult {
  readonly name: string;
  readonly state: 'ok' | 'warn' | 'fail' | 'skip';
  /** One line: what was found. */
  readonly found: string;
  /** More lines, such as the sizes of tables. */
  readonly details?: readonly string[];
  /** The same for machines. */
  readonly facts?: Json;
  readonly problems?: readonly Problem[];
  readonly mend?: string;
}

/** How long one look may take, in milliseconds. */
export const checkLimitMs = 5_000;

/** Makes one look within its time; whatever goes wrong becomes its result. */
export async function runCheck(
  name: string,
  look: (signal: AbortSignal) => Promise<readonly CheckResult[]>,
): Promise<readonly CheckResult[]> {
  const signal = AbortSignal.timeout(checkLimitMs);
  try {
    return await beforeAbort(look(signal), signal);
  } catch (error) {
    return [failureOf(name, error, signal)];
  }
}

/** Rejects when the signal aborts first; the work is left to itself then. */
export function beforeAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

function failureOf(name: string, error: unknown, signal: AbortSignal): CheckResult {
  if (AssayError.is(error)) {
    return {
      name,
      state: 'fail',
      // Not "The environment has problems": the others' variables may be well.
      found:
        error.code === 'ENVIRONMENT_INVALID'
          ? error.problems.length === 0
            ? 'not found: `assay dev` is not running in this folder, and its variables are not set'
            : 'its variables have problems'
          : `${error.message} (${error.code})`,
      problems: error.problems,
      facts: { code: error.code },
      ...(error.mend === undefined ? {} : { mend: error.mend }),
    };
  }
  if (signal.aborted) {
    return { name, state: 'fail', found: `no answer within ${checkLimitMs / 1_000} s` };
  }
  return { name, state: 'fail', found: reasonOf(error) };
}

/** What may be shown of a foreign error: its code or name. Messages of HTTP clients quote headers, keys included. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed for an unknown reason';
  const code = codeOf(error) ?? codeOf(error.cause);
  return `failed (${code ?? error.name})`;
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code } = error;
  return typeof code === 'string' || typeof code === 'number' ? String(code) : undefined;
}
