/**
 * A verdict with all that it rests on, as plain JSON: what `gate.json` holds and what every writer reads. A change of meaning
 * raises `version`; readers must accept members that they do not know.
 */
import type { StaleReason } from '../../contracts/baseline.js';
import type { GatePolicy } from '../../contracts/gate.js';
import type { JudgeShare } from '../../contracts/report/anchors.js';
import type { Verdict } from '../../contracts/gate-protocol.js';
import type { Comparison } from '../regression/types.js';

/** One side of a gate, as it is told. */
export interface GateReportSide {
  readonly kind: 'run' | 'baseline';
  /** Of the run, or of the baseline. */
  readonly name: string;
  /** The run whose cells were compared. */
  readonly run: string;
  readonly runUid: string;
  readonly target: string;
  readonly manifestHash: string;
  readonly items: number;
  readonly repetitions: number;
  readonly cells: number;
}

export interface GateReport {
  readonly format: 'assay-gate';
  readonly version: 1;
  readonly project: string;
  readonly name: string;
  readonly dataset: string;
  readonly verdict: Verdict;
  readonly head: GateReportSide;
  readonly base: GateReportSide;
  readonly policy: GatePolicy;
  /** Why the base is stale, where it was compared all the same. */
  readonly stale: readonly StaleReason[];
  /** Items whose content is another on the two sides: they were left out. */
  readonly changedItems: { readonly n: number; readonly ids: readonly string[] };
  /** What was left out or does not decide, and why. */
  readonly notes: readonly string[];
  /** How much of a change is the judge, of judges that were asked the same anchors in both runs. */
  readonly judges: readonly JudgeShare[];
  readonly comparison: Comparison;
}
