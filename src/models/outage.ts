import { AssayError } from '../core/errors/assay-error.js';
import type { FailureType, HttpFailure } from '../core/retry/classify.js';
import type { Journal } from '../store/journal/journal.js';
import type { Governor } from './governor.js';
import type { PaidCall } from './paid-calls.js';

/** Somebody who was there is waited for this long. */
const longestOutageMs = 24 * 3_600_000;
/** So many different cells in a row, without an answer between them, are no longer the fault of an item. */
const cellsOfAnOutage = 5;
/** How long the journal's word on a run is believed: many cells ask at once. */
const believedMs = 5_000;

// Nobody is there at all: that is never an item's fault.
const absent: ReadonlySet<FailureType> = new Set<FailureType>([
  'connection_refused',
  'host_unreachable',
  'name_not_resolved',
]);

/** Tells an outage, which cells wait for, from a failure that is a cell's own or a wrong address. */
export interface Outages {
  /**
   * What a cell that used up its tries waits for, or undefined where its failure is its own and final.
   *
   * @throws AssayError POSTGRES_UNREACHABLE where the journal cannot say whether anybody ever answered.
   */
  waitFor(call: PaidCall, failure: HttpFailure): Promise<AssayError | undefined>;
}

/**
 * A rate limit is always a wait. Somebody away is one where they answered this run before, as its journal knows also after
 * a restart: a wrong address must end in errors. An error of the server or a lost connection is one from five different
 * cells in a row on: an item that makes the server fail must end as its own error.
 */
export function createOutages(options: { journal: Journal; governor: Governor }): Outages {
  const { journal, governor } = options;
  const known = new Map<string, { askedAt: number; ago: Promise<number | undefined> }>();
  const lastAnswerAgo = (call: PaidCall): Promise<number | undefined> => {
    const { experimentId, purpose } = call.identity;
    for (const [key, { askedAt }] of known)
      if (performance.now() - askedAt > believedMs) known.delete(key);
    const key = `${purpose} ${experimentId}`;
    const earlier = known.get(key);
    if (earlier !== undefined) return earlier.ago;
    const ago = journal.lastAnswerAgo({ experimentId, purpose });
    known.set(key, { askedAt: performance.now(), ago });
    ago.catch(() => known.delete(key));
    return ago;
  };
  return {
    async waitFor(call, failure) {
      const { governorKey, identity, codes } = call;
      if (failure.type === 'rate_limited') {
        const retryAfterMs = governor.leaveAloneMs(governorKey);
        governor.holdBack(governorKey, retryAfterMs);
        return new AssayError('MODEL_RATE_LIMITED', `${codes.label} refuses more calls.`, {
          retryAfterMs,
        });
      }
      // A conflict is about what was asked, however many ask.
      if (failure.retry === 'final' || failure.type === 'conflict') return undefined;
      const cells = governor.noteFailure(governorKey, identity.cellId);
      if (!absent.has(failure.type) && cells < cellsOfAnOutage) return undefined;
      const ago = await lastAnswerAgo(call);
      if (ago === undefined || ago > longestOutageMs) return undefined;
      const retryAfterMs = governor.leaveAloneMs(governorKey);
      return new AssayError(codes.unreachable, `${codes.label} is away.`, { retryAfterMs });
    },
  };
}
