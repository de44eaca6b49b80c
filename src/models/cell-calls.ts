import type { CallRecord } from '../contracts/records.js';

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
  noteDuration(call: {
    readonly purpose: CallRecord['purpose'];
    readonly spentMs: number;
    readonly tookMs: number;
  }): void;
}

/** Makes the notebook of one cell. */
export function createCellCalls(): CellCalls {
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
  return {
    records,
    get targetRetries() {
      return targetRetries;
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
    occurrence: (requestHash) => next(occurrences, requestHash),
    nextPath: (scope) => `${scope}/call/${next(paths, scope)}`,
    add: (record) => {
      records.push(record);
    },
  };
}
