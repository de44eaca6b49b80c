import { AssayError } from '../core/errors/assay-error.js';
import type { FailureType, HttpFailure } from '../core/retry/classify.js';
import type { Governor } from './governor.js';
import type { PaidCall } from './paid-call.js';

/** Somebody who was there is waited for this long. */
const longestOutageMs = 24 * 3_600_000;
/** So many different cells in a row, without an answer between them, are no longer the fault of an item. */
const cellsOfAnOutage = 5;

// Nobody is there at all: that is never an item's fault.
const absent: ReadonlySet<FailureType> = new Set<FailureType>([
  'connection_refused',
  'host_unreachable',
  'name_not_resolved',
]);

/** Tells an outage, which cells wait for, from a failure that is a cell's own or a wrong address. */
export interface Outages {
  /** What a cell that used up its tries waits for, or undefined where its failure is its own and final. */
  waitFor(call: PaidCall, failure: HttpFailure): AssayError | undefined;
}

/**
 * A rate limit is always a wait. Somebody away is one where they answered any worker within the last 24 h, by the same model
 * at the same address, which the governor keeps in Postgres: a wrong address must end in errors, also beside a right one
 * in the same run. An error of the server or a lost connection is one from five different cells in a row on: an item
 * that makes the server fail must end as its own error.
 */
export function createOutages(options: { governor: Governor }): Outages {
  const { governor } = options;
  return {
    waitFor(call, failure) {
      const { governorKey, identity, codes } = call;
      if (failure.type === 'rate_limited') {
        const retryAfterMs = governor.leaveAloneMs(governorKey);
        governor.holdBack(governorKey, retryAfterMs);
        return new AssayError(codes.rateLimited, `${codes.label} refuses more calls.`, {
          retryAfterMs,
        });
      }
      // A conflict is about what was asked, however many ask.
      if (failure.retry === 'final' || failure.type === 'conflict') return undefined;
      const cells = governor.noteFailure(governorKey, identity.cellId);
      if (!absent.has(failure.type) && cells < cellsOfAnOutage) return undefined;
      const ago = governor.answeredAgoMs(governorKey);
      if (ago === undefined || ago > longestOutageMs) return undefined;
      const retryAfterMs = governor.leaveAloneMs(governorKey);
      return new AssayError(codes.unreachable, `${codes.label} is away.`, { retryAfterMs });
    },
  };
}
