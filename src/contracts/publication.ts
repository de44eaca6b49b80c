/** What is made for the platforms and kept until they have it: the records of the outbox and where they go. */
import type { JsonObject } from '../core/json/json.js';
import type { ScoreComment } from './records.js';

/** Where the run stands on a platform: found or made while planning, stored with the run. */
export interface PlatformRun {
  readonly platform: string;
  readonly projectId: string;
  readonly datasetId: string;
  readonly datasetName: string;
  /** Names and ids per repetition (index 0 is repetition 1): one run there shows one trace per item. */
  readonly runs: readonly { readonly name: string; readonly id: string }[];
  /** The prompt as it stands there, where the target has one. */
  readonly prompt?: {
    readonly name: string;
    readonly version: number;
    /** The version as a platform names it that has no numbers: LangSmith's commit. */
    readonly commit?: string;
    /** Of what the version says. Absent in runs of before it was recorded. */
    readonly contentHash?: string;
    /** Where it was fetched from, where the target's prompt is kept on a platform: as `last-known-good`. */
    readonly source?: string;
  };
  /**
   * The ids there of items that have other ones than theirs give: LangSmith's, which were taken out of the dataset and came back, or
   * which others made.
   */
  readonly itemIds?: Readonly<Record<string, string>>;
  /**
   * Where a platform has servers of two kinds: of which kind it was when the run was planned. What is sent is made for that one,
   * whoever sends it and when; how to send and to read it back is decided by the server that is there then.
   */
  readonly generation?: 'v4' | 'v3';
}

/** What of a run every record repeats. */
export interface RunContext {
  readonly project: string;
  readonly experiment: string;
  readonly runUid: string;
  readonly target: string;
  readonly description?: string;
  /** Shown as the experiment's metadata; the same on every root (an arbitrary row decides it there). */
  readonly metadata: JsonObject;
}

/** One record of the outbox: bytes as they are sent, and what of it must be found again. */
export interface OutboxRecord {
  readonly kind: 'spans' | 'scores';
  /** The record's body, before the export id is put in: for spans a JSON array of OTLP spans. */
  readonly body: string;
  /** Empty for the scores of a run as a whole. */
  readonly traceId: string;
  /** Span ids, or score ids, that must stand on the platform exactly once. */
  readonly ids: readonly string[];
}

/** What the cells of one repetition say under one score name, in their last revision. */
export interface ScoreFigures {
  /** 1-based. */
  readonly repetition: number;
  readonly name: string;
  readonly evaluator: string;
  /** Cells of the repetition, whatever became of them. */
  readonly planned: number;
  /** Scores that say whether they passed, and those that did. */
  readonly graded: number;
  readonly passed: number;
  /** Usable numeric values, and their sum. */
  readonly numbers: number;
  readonly sum: number;
}

/** How many cells of one repetition have one pair of labels, as a classification evaluator read them. */
export interface LabelPairFigures {
  /** 1-based. */
  readonly repetition: number;
  readonly evaluator: string;
  readonly expected: string;
  readonly given: string;
  readonly n: number;
}

/** A score of one of the platform's runs as a whole. */
export interface RunScore {
  /** 1-based; each repetition is a run of its own on the platform. */
  readonly repetition: number;
  /** The name of the cells' scores that it sums up, or the evaluator's with what it is: `category.macro_f1`. */
  readonly name: string;
  readonly evaluator: string;
  /** A text is a category, such as a verdict. */
  readonly value: number | string;
  /** Says what the value is, with its denominators. */
  readonly comment: Pick<
    ScoreComment,
    'passed_items' | 'failed_items' | 'reasoning' | 'suggestions'
  >;
}

/** The scores of a run as a whole, as they are sent. */
export interface RunScoresRecord {
  /** The platform's run that they belong to. */
  readonly runId: string;
  readonly body: string;
  readonly ids: readonly string[];
}

/** A stored record on its way out. */
export interface OutboundRecord extends OutboxRecord {
  /** The row in the outbox. */
  readonly rowId: string;
}

/** A part of a record that the platform refused for good. */
export interface RefusedRecord {
  readonly rowId: string;
  /** The span's or the score's. */
  readonly id: string;
  readonly reason: string;
}
