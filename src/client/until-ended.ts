import { setTimeout as wait } from 'node:timers/promises';

import { AssayError } from '../core/errors/assay-error.js';
import { isFinalStatus } from '../core/experiment/naming.js';
import type { ExperimentView } from './experiment-view.js';

export interface WaitOptions {
  /** Default: as long as it takes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Told about every look, about once a second. */
  readonly onProgress?: (experiment: ExperimentView) => void;
}

/** How long between two looks while waiting, in milliseconds. */
const lookEveryMs = 1_000;

/** Looks until the run has ended. @throws AssayError WAIT_TIMEOUT; what a look throws, but for a database that is away. */
export async function untilEnded(
  { name }: { readonly name: string },
  look: () => Promise<ExperimentView>,
  options: WaitOptions,
): Promise<ExperimentView> {
  const started = performance.now();
  for (;;) {
    options.signal?.throwIfAborted();
    const seen = await look().catch(toleratingOutage);
    if (seen !== undefined) {
      options.onProgress?.(seen);
      if (isFinalStatus(seen.status)) return seen;
    }
    const left = (options.timeoutMs ?? Number.POSITIVE_INFINITY) - (performance.now() - started);
    if (left <= 0) {
      throw new AssayError('WAIT_TIMEOUT', `"${name}" has not ended in the given time.`, {
        mend: 'It goes on; wait again, or look at its status.',
      });
    }
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    await wait(Math.min(lookEveryMs, left), undefined, signal);
  }
}

// A database that restarts must not end a wait of hours: the run goes on as well.
function toleratingOutage(error: unknown): undefined {
  if (AssayError.is(error) && error.code === 'POSTGRES_UNREACHABLE') return undefined;
  throw error;
}
