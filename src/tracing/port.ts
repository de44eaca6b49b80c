import type { TracedSpan } from '../contracts/records.js';
import type { CellIdentity } from '../core/ids/platform-ids.js';

/** Collects the spans that a team's own instrumentation makes while its code runs for a cell. */
export interface CellTracing {
  /** Begins to collect for one attempt at a cell. Close it, whatever becomes of the attempt. */
  begin(of: AttemptOf): AttemptTrace;
}

/** Whose trace the spans stand in. */
export interface AttemptOf extends CellIdentity {
  readonly traceId: string;
  /** Of a later judgement: its spans' ids are none of those that stand there. */
  readonly pass?: number;
}

/** What is collected of one attempt. Only the attempt that is committed counts; the others' spans are dropped with them. */
export interface AttemptTrace {
  /** A place where code runs: `target`, or `judge:<evaluator>`. Its spans stand below. */
  place(path: string): TracedPlace;
  /** What was collected, in the order in which the spans began. */
  spans(): TracedSpans;
  close(): void;
}

/** Fields of a cell's record. */
export interface TracedSpans {
  readonly spans?: readonly TracedSpan[];
  readonly spansLeftOut?: number;
}

/** Code of users that runs at one place of a cell's trace. */
export interface TracedPlace {
  run<Result>(work: () => Result): Result;
  /** The path of the span that the caller is in; undefined where it is in none of its own. */
  current(): string | undefined;
  /** Runs what is not the users': spans of libraries that we use are none of theirs. */
  outside<Result>(work: () => Result): Result;
  /** Spans that have not ended are ended and say so; what begins from now on comes too late. */
  readonly end: () => void;
}

const noPlace: TracedPlace = {
  run: (work) => work(),
  current: () => undefined,
  outside: (work) => work(),
  end: () => undefined,
};

/** Where nothing is collected: no code of users runs, or nothing of the run is published. */
export const noTrace: AttemptTrace = {
  place: () => noPlace,
  spans: () => ({}),
  close: () => undefined,
};
