import { AssayError } from '../core/errors/assay-error.js';
import { isFinalStatus } from '../core/experiment/naming.js';
import type { ExperimentView } from './experiment-view.js';
import { lookUntil } from './look-until.js';

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
export const untilEnded = (
  { name }: { readonly name: string },
  look: () => Promise<ExperimentView>,
  { onProgress, timeoutMs, signal }: WaitOptions,
): Promise<ExperimentView> =>
  lookUntil(look, {
    everyMs: lookEveryMs,
    timeoutMs,
    signal,
    endOf(seen) {
      onProgress?.(seen);
      return isFinalStatus(seen.status) ? seen : undefined;
    },
    late: () =>
      new AssayError('WAIT_TIMEOUT', `"${name}" has not ended in the given time.`, {
        mend: 'It goes on; wait again, or look at its status.',
      }),
  });
