/**
 * What goes into a comparison of two runs and what comes out of it. `d` is head − base with higher better, whatever the
 * direction of the score; an item's score is the mean over its repetitions. All of the outcome is plain JSON.
 */
import type { Interval } from '../statistics/interval.js';
import type { EarlyStop } from './stopped.js';
import type { RunScores } from './run-scores.js';

export type Verdict = 'pass' | 'regress' | 'inconclusive';

/** One score of the runs that is compared. */
export interface GateEvaluator {
  /** The name of the score: the evaluator's, or `evaluator.part`. */
  readonly name: string;
  /** Whether it decides the run's verdict; others are only reported. Default true. */
  readonly required?: boolean | undefined;
  /** Which way of its values is better. Default `higher`; where its passes are compared it is always `higher`. */
  readonly better?: 'higher' | 'lower' | undefined;
  /**
   * What of the scores is compared. `value`: numbers, truths as 1 and 0, labels by the numbers that the builder was given;
   * `passed`: whether they passed, as 1 and 0. Default: the value of numbers and of mapped labels; of truths and of
   * other labels whether they passed where they say so, else the truth.
   */
  readonly measure?: 'value' | 'passed' | undefined;
  /** Between what its values lie. Default 0 to 1 where all of them do; a default margin is a share of it. */
  readonly scale?: { readonly min: number; readonly max: number } | undefined;
  /** Values without a scale, such as milliseconds: that all lie in 0 to 1 puts them on none, and a margin is needed. Default false. */
  readonly unbounded?: boolean | undefined;
  /** The loss that is acceptable, in the units of the score, above 0. Default: the input's `margin` times the scale's width. */
  readonly margin?: number | undefined;
}

/** A guard of cost or latency: how much more than the base is acceptable. */
export interface GrowthGate {
  /** As a share of the base, above 0: 0.1 is ten per cent more. */
  readonly margin: number;
  /** Default true. */
  readonly required?: boolean | undefined;
  /**
   * `mean`: total of head ÷ total of base, what a bill is about (default for cost). `geometric`: the typical item's ratio,
   * which a few slow calls do not move (default for latency); all values must be above 0.
   */
  readonly of?: 'mean' | 'geometric' | undefined;
}

/** A field of the items by whose values the comparison is also made. */
export interface SliceField {
  /** What people call it, such as `/metadata/language`. */
  readonly key: string;
  /** The value of an item; undefined where it has none. */
  readonly valueOf: (itemId: string) => string | undefined;
  /** Whether a slice that gets worse makes the run regress. Default true. */
  readonly guard?: boolean | undefined;
}

export interface ComparisonInput {
  readonly base: RunScores;
  readonly head: RunScores;
  readonly evaluators: readonly GateEvaluator[];
  /** The chance of calling an unchanged head worse, inside (0, 0.5); intervals are of 1 − 2α. Default 0.05. */
  readonly alpha?: number | undefined;
  /** With which the smallest detectable loss and the needed items are told, inside (0.5, 1). Default 0.8. */
  readonly power?: number | undefined;
  /** The acceptable loss as a share of a score's scale, where an evaluator has no margin of its own. Default 0.02. */
  readonly margin?: number | undefined;
  /** The field that tells which items belong together, such as those of one conversation; items without a value stand alone. */
  readonly cluster?:
    { readonly key: string; readonly of: (itemId: string) => string | undefined } | undefined;
  readonly slices?: readonly SliceField[] | undefined;
  readonly cost?: GrowthGate | undefined;
  readonly latency?: GrowthGate | undefined;
  readonly bootstrap?:
    | {
        /** Default 9,999. */
        readonly resamples?: number | undefined;
        /** A whole number. Default 1. */
        readonly seed?: number | undefined;
        /** With more clusters only Student's t is used. Default 5,000. */
        readonly mostClusters?: number | undefined;
      }
    | undefined;
  /**
   * Cells without a score of items that the other side has scored. `worst`: a pass must hold also if each of them had the worst
   * value of the scale in head and the best in the base (without a scale, none may be missing), and of cost and latency if
   * each doubled the item's; `exclude`: they are only listed. Default `worst`.
   */
  readonly missing?: 'worst' | 'exclude' | undefined;
}

/** Why a verdict is what it is; callers may switch on it, `reason` is for people. */
export type ReasonCode =
  | 'within_margin'
  | 'worse'
  | 'not_enough_evidence'
  | 'not_after_holm'
  | 'no_common_items'
  | 'no_scores'
  | 'one_cluster'
  | 'few_clusters'
  | 'no_variance'
  | 'sparse_changes'
  | 'missing_in_head'
  | 'missing_in_base'
  | 'mixed_types'
  | 'not_a_number'
  | 'outside_scale'
  | 'margin_needed'
  | 'not_positive'
  | 'settled'
  | 'ended_early';

/** Ids, sorted; at most the first 1,000 of `n`. */
export interface IdList {
  readonly n: number;
  readonly ids: readonly string[];
}

/** One run's side of a score over the compared items. */
export interface SideSummary {
  /** In the units of the score, not turned round where lower is better. */
  readonly mean: number;
  /** Wilson's for rates (at the effective n where items come in clusters or were repeated), else Student's t; null where there is none. */
  readonly interval: Interval | null;
  /** Scored cells of the compared items. */
  readonly cells: number;
}

/** The test of "head is not worse than base" against "it is worse". */
export interface ComparisonTest {
  readonly name: 'mcnemar' | 't' | 't+bca' | 'ties';
  readonly statistic: number | null;
  /** Degrees of freedom of t. */
  readonly df: number | null;
  /** One-sided: small where head is worse. */
  readonly p: number;
  readonly pTwoSided: number;
  /** After Holm over all that decides the run; null for what does not decide. */
  readonly pAdjusted: number | null;
}

/** The part that evaluators and slices have in common. */
export interface ComparisonFigures {
  /** Items with a score on both sides. */
  readonly items: number;
  readonly clusters: number;
  /** As how many clusters of equal size they count (Kish 1965): one that holds most of the items hides the others. */
  readonly effectiveClusters: number;
  /** Clusters whose mean d is not 0. */
  readonly changedClusters: number;
  /** Of these items, by the sign of d. */
  readonly changes: { readonly better: number; readonly worse: number; readonly same: number };
  readonly base: SideSummary | null;
  readonly head: SideSummary | null;
  /** The mean of d over items; null without items. */
  readonly estimate: number | null;
  /** Of d at 1 − 2α, by which it is decided; with `t` and `bca` the wider end of both on each side. */
  readonly interval: Interval | null;
  readonly method: 'tango' | 't' | 't+bca' | 'ties' | 'sequence' | null;
  /** What `interval` is made of. */
  readonly intervals: { readonly t: Interval | null; readonly bca: Interval | null };
  readonly test: ComparisonTest | null;
  /** The smallest true loss that would be called a regression with the asked power; null where the spread is unknown or no loss would be found. */
  readonly mde: number | null;
  /** Items with which a head that is as good as the base would pass with the asked power; null where the spread is unknown. */
  readonly itemsNeeded: number | null;
}

export interface EvaluatorComparison extends ComparisonFigures {
  readonly name: string;
  readonly required: boolean;
  readonly better: 'higher' | 'lower';
  /** `rate`: only 0 and 1. Null where nothing could be read. */
  readonly kind: 'rate' | 'number' | null;
  readonly measure: 'value' | 'passed' | null;
  readonly scale: { readonly min: number; readonly max: number } | null;
  /** In the units of the score; null where none could be told. */
  readonly margin: number | null;
  readonly verdict: Verdict;
  readonly code: ReasonCode;
  readonly reason: string;
  /** Common items that lack a score on one side or on both. */
  readonly unscored: { readonly base: IdList; readonly head: IdList; readonly both: number };
  /** Cells that head was planned with and did not score, of items that the base has scored. */
  readonly headCellsMissing: number;
  /** Cells that the base was planned with and did not score, of items that head has scored. */
  readonly baseCellsMissing: number;
  readonly slices: readonly SliceComparison[];
}

/** One evaluator in the items that have one value of a field. */
export interface SliceComparison extends ComparisonFigures {
  readonly key: string;
  readonly value: string;
  readonly guard: boolean;
  readonly verdict: Verdict;
  readonly code: ReasonCode;
  readonly reason: string;
}

/** How the slices of a field came about. */
export interface SliceFieldSummary {
  readonly key: string;
  readonly guard: boolean;
  /** No common item has a value: the field is misspelt, or belongs to another dataset. */
  readonly unknown: boolean;
  readonly values: number;
  /** Values that were compared: those with the most items, at most 50. */
  readonly compared: number;
  readonly itemsWithoutValue: number;
}

/** Cost or latency: `ratio` is head ÷ base. */
export interface GrowthComparison {
  readonly what: 'cost' | 'latency';
  readonly required: boolean;
  readonly of: 'mean' | 'geometric';
  readonly margin: number;
  readonly items: number;
  readonly clusters: number;
  /** Common items without any measured cell on that side. */
  readonly unmeasured: { readonly base: number; readonly head: number };
  /** Cells that were planned and not measured, of items that the other side has measured. */
  readonly cellsMissing: { readonly base: number; readonly head: number };
  /** Dollars or milliseconds per cell: the mean, or the geometric mean. */
  readonly base: number | null;
  readonly head: number | null;
  readonly ratio: number | null;
  /** Of the ratio at 1 − 2α; null where there is none. Where all clusters have one ratio, what others could still be. */
  readonly interval: Interval | null;
  readonly test: ComparisonTest | null;
  readonly verdict: Verdict;
  readonly code: ReasonCode;
  readonly reason: string;
}

/** The outcome of a comparison. */
export interface Comparison {
  readonly format: 'assay-comparison';
  readonly version: 1;
  readonly verdict: Verdict;
  /** Sentences, the decisive ones first. */
  readonly reasons: readonly string[];
  readonly alpha: number;
  readonly power: number;
  /** Of all intervals of differences and ratios: 1 − 2α; of a run that ended early that of the confidence sequence. */
  readonly confidence: number;
  readonly bootstrap: { readonly resamples: number; readonly seed: number };
  readonly items: {
    readonly base: number;
    readonly head: number;
    readonly common: number;
    /** In head only. */
    readonly new: IdList;
    /** In the base only. */
    readonly missing: IdList;
  };
  /** Null where items are not clustered by a field. */
  readonly cluster: {
    readonly key: string;
    /** No common item has a value. */
    readonly unknown: boolean;
    readonly itemsWithoutValue: number;
  } | null;
  readonly evaluators: readonly EvaluatorComparison[];
  readonly growth: readonly GrowthComparison[];
  readonly slices: readonly SliceFieldSummary[];
  /** Where the run ended before all of its cells were run, since its verdict was settled. */
  readonly earlyStop?: EarlyStop;
}
