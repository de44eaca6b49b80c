import type { ActivityInterceptorsFactory } from '@temporalio/worker';

import { AssayError } from '../core/errors/assay-error.js';
import { toApplicationFailure } from '../activities/failures.js';

/** A result over 2 MB fails and one over 4 MB hangs and is then run again, which is a second bill. */
const largestResultBytes = 1_500_000;

/** Refuses results that are too large for Temporal before they reach it. */
export const largeResultInterceptor: ActivityInterceptorsFactory = () => ({
  inbound: {
    async execute(input, next) {
      const result: unknown = await next(input);
      const bytes = result === undefined ? 0 : Buffer.byteLength(JSON.stringify(result));
      if (bytes <= largestResultBytes) return result;
      throw toApplicationFailure(
        new AssayError(
          'INTERNAL',
          `An activity's result of ${bytes} bytes is too large for Temporal.`,
        ),
      );
    },
  },
});
