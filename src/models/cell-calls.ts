import type { CallRecord } from '../contracts/records.js';
import type { AssayError } from '../core/errors/assay-error.js';

/** The calls made for one cell, in the order in which they began, and the names they get in the trace. */
export interface CellCalls {
  readonly records: readonly CallRecord[];
  /** The how-manieth call of this content in the cell, from 1. */
  occurrence(requestHash: string): number;
  /** A place in the trace under this scope, such as `target/call/1`. */
  nextPath(scope: string): string;
  add(record: CallRecord): void;
  /** Requests of the target that were sent again after a transient failure. */
  readonly targetRetries: number;
  noteAttempts(purpose: CallRecord['purpose'], attempts: number): void;
  /**
   * What to add to the target's measured time, in milliseconds: a call that came from the journal took no time now, and
   * claims, commits, retries and waits for a provider are ours, not the target's.
   */
  readonly targetCorrectionMs: number;
  /** The budget held no further call: the cell has no outcome, whatever user code made of the error that it got. */
  noteOutOfBudget(error: AssayError): void;
  readonly outOfBudget: AssayError | undefined;
  noteDuration(call: {
    readonly purpose: CallRecord['purpose'];
    readonly spentMs: number;
    readonly tookMs: number;
  }): void;
}

/**
 * Makes the notebook of one cell.
 *
 * @param options.before occurrences begin after this number. Default 0.
 */
export function createCellCalls({ before = 0 }: { readonly before?: number } = {}): CellCalls {
  const records: CallRecord[] = [];
  const occurrences = new Map<string, number>();
  const paths = new Map<string, number>();
  const next = (counts: Map<string, number>, key: string): number => {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count;
  };
  let targetRetries = 0;
  let targetCorrectionMs = 0;
  let outOfBudget: AssayError | undefined;
  return {
    records,
    get targetRetries() {
      return targetRetries;
    },
    get outOfBudget() {
      return outOfBudget;
    },
    noteOutOfBudget(error) {
      outOfBudget ??= error;
    },
    get targetCorrectionMs() {
      return targetCorrectionMs;
    },
    noteDuration({ purpose, spentMs, tookMs }) {
      if (purpose === 'target') targetCorrectionMs += tookMs - spentMs;
    },
    noteAttempts(purpose, attempts) {
      if (purpose === 'target') targetRetries += Math.max(0, attempts - 1);
    },
    occurrence: (requestHash) => before + next(occurrences, requestHash),
    nextPath: (scope) => `${scope}/call/${next(paths, scope)}`,
    add: (record) => {
      records.push(record);
    },
  };
}
