import type { Interval } from '../statistics/interval.js';

/** A verdict that the rest of the run would not change. */
export interface Settled {
  readonly verdict: 'pass' | 'regress';
  /** Bounds of the mean difference over the whole run, and of the half width that its interval will have at most. */
  readonly low: number;
  readonly high: number;
  readonly halfWidth: number;
  readonly cells: number;
  readonly planned: number;
}

/** How a run ended early, and what that saved. */
export interface EarlyStop {
  readonly verdict: 'pass' | 'regress';
  /** Cells that were run when the verdict was settled, of those that were planned. */
  readonly cells: number;
  readonly planned: number;
  readonly saved: number;
  readonly reason: string;
  /** The scores that are settled: in a regression one of them is enough. */
  readonly parts: readonly (Settled & { readonly name: string })[];
  /** Of every required score that could be settled: where its mean difference over the whole run lies, valid at every look at once. */
  readonly bounds: readonly { readonly name: string; readonly interval: Interval }[];
  /** What the run came to, once it had ended. */
  readonly run?: StoppedRun;
}

/** What a run that was ended early came to: cells in flight had finished. */
export interface StoppedRun {
  readonly planned: number;
  readonly ran: number;
  readonly skipped: number;
  /** What the skipped cells would have taken, at the mean of those that were run; null where that is not known. */
  readonly callsSaved: number | null;
  readonly usdSaved: number | null;
}
