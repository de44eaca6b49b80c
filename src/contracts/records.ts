/**
 * The records that travel between the engine, the store, the platforms and the reports. Plain data; all times
 * are ISO 8601 texts in UTC with milliseconds; money is bigint pico-dollars (1e-12 $).
 */
import type { ErrorDocument } from '../core/errors/assay-error.js';
import type { Json, JsonObject } from '../core/json/json.js';

/** One dataset item as the engine plans it. */
export interface DatasetItem {
  /** The user's own id, unique in the dataset; at most 200 characters. */
  readonly id: string;
  readonly input: JsonObject;
  /** Absent where the dataset expects nothing of this item. */
  readonly expected?: Json;
  readonly metadata: JsonObject;
  readonly description?: string;
}

/** How a cell ended. Every planned cell ends in exactly one of these. */
export type CellStatus = 'ok' | 'target_error' | 'evaluator_error' | 'skipped';

/** The states of a run that users see. */
export type ExperimentStatus =
  | 'planning'
  | 'running'
  | 'paused'
  | 'publishing'
  | 'verifying'
  | 'completed'
  | 'completed_unverified'
  | 'cancelled'
  | 'failed';

/** Tokens of one model call, as the provider counted them. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens?: number;
  readonly reasoningTokens?: number;
}

/** One call to a model (or to an HTTP target) made for a cell: what becomes a generation on the platform. */
export interface CallRecord {
  /** The place in the cell's trace, such as `target/call/1` or `judge:tone/call/1`; decides the span id. */
  readonly path: string;
  readonly kind: 'chat' | 'embedding' | 'http';
  /** What the call was for: the target's own answer, or a judge's verdict. */
  readonly purpose: 'target' | 'judge' | 'embedding';
  readonly provider: string;
  readonly model: string;
  readonly parameters: JsonObject;
  /** The request's messages, or the body of an HTTP target's request. */
  readonly input: Json;
  readonly output?: Json;
  readonly startedAt: string;
  readonly endedAt: string;
  /** When the first token of a streamed answer came. */
  readonly firstTokenAt?: string;
  readonly usage?: Usage;
  /** Pico-dollars; absent where the price of the model is unknown. */
  readonly costPico?: bigint;
  readonly promptName?: string;
  readonly promptVersion?: number;
  readonly error?: ErrorDocument;
  /** True where the answer came from the journal and no new call was made. */
  readonly replayed?: boolean;
  /** The path of the {@link TracedSpan} that it was made in; absent where code without spans of its own made it. */
  readonly parent?: string;
}

/** What a span of a team's own instrumentation stands for: the kinds that platforms tell apart. */
export type TracedSpanKind =
  | 'span'
  | 'generation'
  | 'embedding'
  | 'tool'
  | 'retriever'
  | 'agent'
  | 'chain'
  | 'evaluator'
  | 'guardrail'
  | 'event';

/**
 * One span that a team's own instrumentation (`@langfuse/tracing`, `@langfuse/openai`, OpenTelemetry) made while a target or
 * an evaluator ran. Texts are well-formed and bounded. Its tokens and money are what the instrumentation says: they were not
 * paid through us, and are in no figure of the cell.
 */
export interface TracedSpan {
  /** The place in the cell's trace, such as `target/span/answer#1/retrieve#2`; decides the span id. Unique in the cell. */
  readonly path: string;
  /** The path of the span above it: another traced span, `target`, or `judge:<evaluator>`. Parents stand before children. */
  readonly parent: string;
  readonly name: string;
  readonly kind: TracedSpanKind;
  readonly startedAt: string;
  readonly endedAt: string;
  /** When the first token of a streamed answer came. */
  readonly firstTokenAt?: string;
  readonly input?: Json;
  readonly output?: Json;
  /** Of generations and embeddings. */
  readonly model?: string;
  readonly provider?: string;
  readonly parameters?: JsonObject;
  readonly usage?: Usage;
  /** Tokens by the kinds that the instrumentation counts, where it says more than `usage` holds. */
  readonly usageDetails?: Readonly<Record<string, number>>;
  /** Dollars by kind, `total` among them or not. */
  readonly costDetails?: Readonly<Record<string, number>>;
  readonly promptName?: string;
  readonly promptVersion?: number;
  /** Absent where nothing is wrong. */
  readonly level?: 'DEBUG' | 'WARNING' | 'ERROR';
  readonly statusMessage?: string;
  /** All else that it says of itself: its metadata, and attributes that have no place above. */
  readonly metadata: JsonObject;
  /** True where the target or evaluator had returned and the span had not ended: it was ended then. */
  readonly unfinished?: boolean;
  /** The names of fields whose end is missing. */
  readonly cut?: readonly string[];
}

/** What an evaluator says of one output. */
export type ScoreValue =
  | { readonly type: 'NUMERIC'; readonly value: number }
  | { readonly type: 'BOOLEAN'; readonly value: boolean }
  | { readonly type: 'CATEGORICAL'; readonly value: string };

/** The structured comment of a score, stored as JSON text on the platform. */
export interface ScoreComment {
  readonly passed_items: readonly string[];
  readonly failed_items: readonly string[];
  readonly reasoning: string;
  readonly suggestions: readonly string[];
  /** Of a judge: its score, 0 to 1; absent where it abstained. */
  readonly score?: number;
  /** Criteria that a judge could not decide; absent where there are none. */
  readonly undecided_items?: readonly string[];
  /** Which judge this is of. */
  readonly judge?: JudgeMark;
}

/** Which judge gave a score. */
export interface JudgeMark {
  /** `provider/model`. */
  readonly model: string;
  /** sha256 of all that it is told beside the case: instructions, rubric, form of the answer. */
  readonly prompt: string;
  /** Of a pairwise judge: what it preferred with the output in first place, and in second. */
  readonly orders?: readonly PairPreference[];
}

export type PairPreference = 'output' | 'other' | 'tie' | 'cannot_tell';

/** One score of one cell. */
export interface ScoreRecord {
  /** Unique in the cell; the evaluator's name, or `evaluator.part` where one evaluator gives several. */
  readonly name: string;
  /** The evaluator that gave it. */
  readonly evaluator: string;
  readonly value: ScoreValue;
  /** Whether the evaluator counts this as a pass; absent where it has no notion of passing. */
  readonly passed?: boolean;
  readonly comment?: ScoreComment;
}

/** An evaluator that could not give its score. */
export interface EvaluatorFailure {
  readonly evaluator: string;
  readonly required: boolean;
  readonly error: ErrorDocument;
}

/** Where something of a reused cell was made: the run that made the calls, however often it was taken over since. */
export interface CellSource {
  readonly experiment: string;
  readonly runUid: string;
  readonly traceId: string;
  /** What it cost there, as decimal text in dollars; absent where that is unknown. */
  readonly costDollars?: string;
}

/** What of a cell was taken over from earlier runs. Nothing of it was called or paid again. */
export interface ReusedFrom {
  readonly output: CellSource;
  /** The evaluators whose scores were taken over; the others judged the stored output now. */
  readonly scores: readonly (CellSource & { readonly evaluator: string })[];
}

/** A cell as it ended: what is written in one transaction with its scores and its outbox rows. */
export interface CellResult {
  readonly cellId: string;
  readonly itemId: string;
  readonly repetition: number;
  readonly revision: number;
  readonly status: CellStatus;
  /** Absent where the target gave none. */
  readonly output?: Json;
  /** Why the status is not `ok`. */
  readonly error?: ErrorDocument;
  readonly evaluatorFailures: readonly EvaluatorFailure[];
  readonly scores: readonly ScoreRecord[];
  readonly calls: readonly CallRecord[];
  /** Of the team's own instrumentation; absent where there are none. */
  readonly spans?: readonly TracedSpan[];
  /** Spans of the team's instrumentation beyond what is kept of one cell, and those that began too late. Absent where none. */
  readonly spansLeftOut?: number;
  readonly startedAt: string;
  readonly endedAt: string;
  /** Of the target alone, without evaluators and without waiting for a slot; milliseconds. */
  readonly latencyMs: number;
  readonly targetCostPico: bigint | undefined;
  readonly judgeCostPico: bigint | undefined;
  /** Of vectors that the target or evaluators asked for. */
  readonly embeddingCostPico?: bigint | undefined;
  readonly usage: Usage;
  /** True where text had to be made well-formed (NUL, half surrogate pairs) before it could be sent. */
  readonly sanitised: boolean;
  /** How often the target was tried, retries of transient errors included; 0 where its output was taken over. */
  readonly attempts: number;
  /** Absent where the cell was run. Then latency is the one that was measured when the output was made. */
  readonly reusedFrom?: ReusedFrom;
  /** The trace of the revision before this one, which takes its place. */
  readonly supersedes?: string;
}

/** How many cells stand where. `planned` is the sum of all others. */
export interface CellCounts {
  readonly planned: number;
  readonly pending: number;
  readonly ok: number;
  readonly target_error: number;
  readonly evaluator_error: number;
  readonly skipped: number;
}

/** What one platform holds of a run, against what was expected of it. */
export interface PublicationCounts {
  readonly platform: string;
  readonly expectedTraces: number;
  readonly sentTraces: number;
  readonly verifiedTraces: number;
  readonly expectedScores: number;
  readonly sentScores: number;
  readonly verifiedScores: number;
  /** Scores of the run as a whole (one per score name and repetition); they are not in the counts of scores above. */
  readonly expectedRunScores: number;
  readonly verifiedRunScores: number;
  /** Rows of the platform beyond one per (trace id, span id), as seen while verifying. */
  readonly duplicateSpans: number;
  /** Span exports sent again after an unclear answer and a fruitless search for them (durability 16). */
  readonly ambiguousResends: number;
  /** Publishers that were silent for too long and were ended by a successor. */
  readonly takeovers: number;
  /** Records the platform refused for good, with the reason; they are in no other count. */
  readonly refused: number;
}
