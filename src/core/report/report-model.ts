/**
 * A finished report as plain JSON: what `report.json` holds and what every writer reads. What is not known is
 * `null`, never NaN and never a zero. Money is decimal text in dollars, exact to 1e-12; rates are in [0, 1].
 * A change of meaning raises `version`; readers must accept members that they do not know.
 */
import type { ErrorDocument } from '../errors/assay-error.js';
import type { DatasetSample, EvaluatorIdentity, TargetIdentity } from '../../contracts/manifest.js';
import type { ExperimentStatus, PublicationCounts } from '../../contracts/records.js';
import type { HistogramBin } from '../statistics/histogram.js';
import type { Interval } from '../statistics/interval.js';
import type { ReportPass } from './pass-report.js';
import type { ReportLink, ReportPlatform } from './report-input.js';

export interface ReportModel {
  readonly format: 'assay-report';
  readonly version: 1;
  readonly run: ReportRun;
  readonly cells: ReportCells;
  /** How steady items are over their repetitions; null where no item was graded twice. */
  readonly steadiness: Steadiness | null;
  readonly evaluators: readonly EvaluatorReport[];
  /** Patterns that a reader should see first, strongest first. */
  readonly findings: readonly Finding[];
  readonly failures: FailureReport;
  readonly errors: readonly ErrorGroup[];
  /** Results by the values of metadata fields that have few values. */
  readonly breakdowns: readonly FieldBreakdown[];
  /** Of the target alone, over cells whose target gave an output. */
  readonly latencyMs: Percentiles | null;
  readonly calls: CallReport;
  /** What was taken over from earlier runs; null where the run did not ask for it. */
  readonly reuse: ReuseReport | null;
  readonly publication: readonly PublicationCounts[];
}

/** What was run, when and how. */
export interface ReportRun {
  readonly project: string;
  readonly experiment: string;
  readonly description: string | null;
  readonly runUid: string;
  readonly manifestHash: string;
  readonly status: ExperimentStatus;
  readonly error: ErrorDocument | null;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** At work: without the time between the end and a retry or another pass. */
  readonly durationMs: number;
  readonly dataset: {
    readonly name: string;
    readonly version: string | null;
    readonly items: number;
    readonly itemsHash: string;
    /** The part of the dataset that was run; null where all of it was. */
    readonly sample: DatasetSample | null;
    /** How many items a sample was asked for; null where none was. */
    readonly sampleAsked: number | null;
  };
  readonly target: TargetIdentity;
  readonly evaluators: readonly EvaluatorIdentity[];
  readonly repetitions: number;
  readonly concurrency: number;
  readonly seed: number;
  readonly verify: 'full' | 'sample' | 'off';
  /** What was done to the run after its end, the oldest first; the one that this report was made for is the last. */
  readonly passes: readonly ReportPass[];
  readonly platforms: readonly ReportPlatform[];
  readonly links: readonly ReportLink[];
}

/** Where the planned cells stand: planned = ok + target_error + evaluator_error + skipped + pending. */
export interface ReportCells {
  readonly planned: number;
  readonly ok: number;
  readonly target_error: number;
  readonly evaluator_error: number;
  readonly skipped: number;
  /** Without an outcome when the report was made. */
  readonly pending: number;
  /** Of the ok cells: no score failed and at least one passed. */
  readonly passed: number;
  /** Of the ok cells: at least one score did not pass. */
  readonly notPassed: number;
  /** Of the ok cells: no score has a notion of passing. */
  readonly ungraded: number;
  /** Cells whose target was tried more than once, and the tries beyond the first. */
  readonly retriedCells: number;
  readonly retries: number;
  /** Cells that a user had run again. */
  readonly revised: number;
  /** Cells with text that had to be made well-formed before it could be sent. */
  readonly sanitised: number;
}

/** Items that were graded at least twice, by how often they passed. */
export interface Steadiness {
  readonly items: number;
  readonly alwaysPassed: number;
  readonly neverPassed: number;
  /** Passed in some repetitions and not in others. */
  readonly mixed: number;
}

/** One evaluator: planned = scored + notApplicable + errored + notReached. */
export interface EvaluatorReport {
  readonly name: string;
  readonly kind: string;
  readonly required: boolean;
  readonly planned: number;
  /** Cells with at least one score of it. */
  readonly scored: number;
  /** Cells with an output that it does not apply to, such as items that expect nothing. */
  readonly notApplicable: number;
  /** Cells where it could not give its score. */
  readonly errored: number;
  /** Cells without an output, or without an outcome. */
  readonly notReached: number;
  readonly scores: readonly ScoreReport[];
  /** Expected against given labels, for exact_match over few labels. */
  readonly confusion: ConfusionReport | null;
}

/** The scores of one name. */
export interface ScoreReport {
  readonly name: string;
  readonly n: number;
  /** Of the scores that say whether they passed. */
  readonly passRate: RateReport | null;
  /** Of the numeric values. */
  readonly numeric: NumericReport | null;
  /** Of boolean and categorical values, most frequent first. */
  readonly categories: CategoryReport | null;
  /** Numeric values that are no number, infinite or beyond ±1e150; they are in no other figure but n. */
  readonly unusable: number;
}

/** A share of n, with its Wilson interval. */
export interface RateReport {
  readonly passed: number;
  readonly n: number;
  readonly rate: number;
  /** Repetitions of one item count as one cluster. */
  readonly interval: Interval;
}

export interface NumericReport {
  readonly n: number;
  readonly mean: number;
  /** Student's t; null for fewer than two items and where all values are equal. */
  readonly interval: Interval | null;
  /** The sample's; null for n = 1. */
  readonly sd: number | null;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  /** Each value with its count where there are at most 12 different ones (ratings, shares of criteria). */
  readonly values: readonly { readonly value: number; readonly n: number }[] | null;
  /** The counts in bars; also there where `values` is. */
  readonly histogram: readonly HistogramBin[];
}

export interface CategoryReport {
  readonly n: number;
  readonly labels: readonly { readonly label: string; readonly n: number }[];
  /** Scores whose label came after the 100 labels that are counted one by one. */
  readonly otherN: number;
}

/** Expected against given labels; rows are what was expected. */
export interface ConfusionReport {
  /** Where the label stands, as a JSON pointer; empty for the whole value. */
  readonly path: string;
  readonly n: number;
  readonly correct: number;
  /** Expected labels, then labels that were only given; most frequent first. */
  readonly labels: readonly string[];
  /** counts[i][j]: expected labels[i], given labels[j]. */
  readonly counts: readonly (readonly number[])[];
  readonly classes: readonly ClassReport[];
  /** The mean F1 of the expected labels, each with the same weight. */
  readonly macroF1: number;
}

/** One expected label. Precision is null where it was never given. */
export interface ClassReport {
  readonly label: string;
  readonly expected: number;
  readonly given: number;
  readonly correct: number;
  readonly precision: number | null;
  readonly recall: number;
  readonly f1: number;
}

export interface Percentiles {
  readonly n: number;
  /** False where there were too many values to keep: then of a uniform sample of them. */
  readonly exact: boolean;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Calls made for cells. Costs are sums over calls whose price is known; the others are counted, not guessed. */
export interface CallReport {
  readonly target: CallTotals;
  readonly judge: CallTotals;
  readonly embedding: CallTotals;
  readonly total: CallTotals;
  readonly models: readonly (CallTotals & {
    readonly provider: string;
    readonly model: string;
    readonly purpose: string;
  })[];
}

export interface CallTotals {
  readonly calls: number;
  /** Calls that ended in an error. */
  readonly failed: number;
  /** Answers taken from the journal: paid once, not called again. */
  readonly replayed: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  /** Calls whose provider said no usage; their tokens are in no sum. */
  readonly withoutUsage: number;
  /** Decimal text. */
  readonly costDollars: string;
  readonly costKnown: number;
  /** Calls that were answered and have no known price. */
  readonly costUnknown: number;
}

/** What was taken over from earlier runs. None of it was called or paid in this one. */
export interface ReuseReport {
  /** Cells whose output was taken over; the others were run. */
  readonly cells: number;
  /** Of these: every score was taken over as well. */
  readonly whole: number;
  /** The runs that made the outputs, those with the most cells first. */
  readonly sources: readonly { readonly experiment: string; readonly cells: number }[];
  /** Cells of runs beyond the 20 that are named. */
  readonly otherSources: number;
  /** Of the cells whose output was taken over: scores that were too, and outputs that the evaluator judged now. */
  readonly evaluators: readonly {
    readonly name: string;
    readonly reused: number;
    readonly judged: number;
  }[];
  /** What it cost when it was made, as decimal text; in no cost of this run. */
  readonly targetDollars: string;
  readonly judgeDollars: string;
  /** Outputs and scores of an unknown cost; they are in no sum. */
  readonly costUnknown: number;
}

/** Text of an item or an answer, cut for the report. */
export interface Excerpt {
  readonly text: string;
  /** Of the whole text, in UTF-16 units. */
  readonly length: number;
}

/** Errors of one kind. */
export interface ErrorGroup {
  readonly phase: 'target' | 'evaluator' | 'skipped';
  /** The evaluator that erred; null for the target. */
  readonly evaluator: string | null;
  readonly code: string;
  readonly title: string;
  readonly n: number;
  /** The most frequent messages, with their varying numbers and quotes taken as equal. */
  readonly messages: readonly { readonly text: string; readonly n: number }[];
  readonly examples: readonly ErrorExample[];
}

export interface ErrorExample {
  readonly itemId: string;
  readonly repetition: number;
  readonly message: string;
  readonly traceId: string;
  readonly traceUrl: string | null;
}

/** Cells with a score that did not pass, whether or not another evaluator erred. */
export interface FailureReport {
  readonly cells: number;
  /** Cells that had at least one score which can pass or fail. */
  readonly graded: number;
  /** Groups of cells that failed alike, largest first. */
  readonly patterns: readonly FailurePattern[];
  /** Failed cells in groups that came after the number of groups that is kept. */
  readonly otherCells: number;
  /** What judges and checks named most often, per evaluator. */
  readonly criteria: readonly {
    readonly evaluator: string;
    readonly text: string;
    readonly n: number;
  }[];
  readonly suggestions: readonly {
    readonly evaluator: string;
    readonly text: string;
    readonly n: number;
  }[];
}

export interface FailurePattern {
  /** The scores that did not pass, sorted. */
  readonly scores: readonly string[];
  /** Where labels are compared: what was expected and what came. */
  readonly pair: { readonly expected: string; readonly got: string } | null;
  readonly n: number;
  /** The worst few: most failed scores first, then the lowest values. Of the 50 largest patterns only. */
  readonly examples: readonly FailureExample[];
}

export interface FailureExample {
  readonly itemId: string;
  readonly repetition: number;
  readonly description: string | null;
  readonly traceId: string;
  readonly traceUrl: string | null;
  readonly input: Excerpt;
  readonly output: Excerpt | null;
  readonly expected: Excerpt | null;
  readonly metadata: Excerpt | null;
  readonly scores: readonly FailedScore[];
  readonly latencyMs: number;
}

export interface FailedScore {
  readonly name: string;
  readonly value: string;
  readonly reasoning: Excerpt | null;
  readonly failedItems: readonly string[];
  readonly suggestions: readonly string[];
}

export interface FieldBreakdown {
  /** A member of the items' metadata. */
  readonly field: string;
  readonly values: readonly FieldValue[];
  /** Cells without the field, or whose value is no short text, number or truth. */
  readonly withoutValue: number;
}

export interface FieldValue {
  readonly value: string;
  readonly cells: number;
  /** Cells of it that ended in an error. */
  readonly errors: number;
  /** Of its ok cells that can pass or fail: those with no failed score. */
  readonly overall: RateReport | null;
  readonly scores: readonly {
    readonly name: string;
    readonly passRate: RateReport | null;
    /** Of numeric values, where the score has no notion of passing. */
    readonly mean: number | null;
    readonly n: number;
  }[];
}

/** A pattern worth a sentence. */
export type Finding =
  | {
      readonly kind: 'publication';
      readonly platform: string;
      readonly what: 'traces' | 'scores' | 'scores of the whole run';
      readonly verified: number;
      readonly expected: number;
    }
  | {
      readonly kind: 'field';
      readonly field: string;
      readonly value: string;
      readonly score: string;
      readonly here: RateReport;
      readonly elsewhere: RateReport;
    }
  | {
      readonly kind: 'pair';
      readonly score: string;
      readonly expected: string;
      readonly got: string;
      readonly n: number;
      readonly of: number;
    }
  | {
      readonly kind: 'criterion';
      readonly evaluator: string;
      readonly text: string;
      readonly n: number;
      readonly of: number;
    }
  | {
      readonly kind: 'error';
      readonly phase: ErrorGroup['phase'];
      readonly evaluator: string | null;
      readonly code: string;
      readonly n: number;
      readonly of: number;
    };
