import type { Json, JsonObject } from '../core/json/json.js';
import type { Anchor } from '../contracts/judge-kinds.js';
import type { EvaluatorIdentity } from '../contracts/manifest.js';
import type { CallRecord, ScoreRecord } from '../contracts/records.js';
import type { ErrorDocument } from '../core/errors/assay-error.js';
import type { HttpCaller } from '../models/http-call.js';
import type { ChatRequest, EmbedRequest, ModelCaller } from '../models/port.js';

/** What an evaluator judges. */
export interface EvaluationInput {
  readonly input: JsonObject;
  /** What the target gave: a text, or the parsed JSON where the target's output is JSON. */
  readonly output: Json;
  /** Absent where the dataset expects nothing of this item. */
  readonly expected: Json | undefined;
  readonly metadata: JsonObject;
  readonly trace: { readonly traceId: string };
  /** What the target took for this output; absent where nobody measured it. */
  readonly target?: TargetFigures;
  /** What the evaluators that it is computed from said of this cell, by name; one that did not apply gave no scores. */
  readonly parts?: ReadonlyMap<string, PartOutcome>;
}

/** What the target took for one output; of one that was taken over or is judged again, as it was recorded. */
export interface TargetFigures {
  /** Of the target alone, milliseconds. */
  readonly latencyMs: number;
  /** Pico-dollars; undefined where it is unknown. */
  readonly costPico: bigint | undefined;
  /** The calls that it made, in their order; undefined where they are not at hand. */
  readonly calls: readonly CallRecord[] | undefined;
}

/** What came of another evaluator of the cell. */
export type PartOutcome =
  { readonly scores: readonly ScoreRecord[] } | { readonly failure: ErrorDocument };

/** An evaluation that is looked at before the output is there. */
export type PlannedEvaluation = Pick<EvaluationInput, 'input' | 'output' | 'expected'>;

/** What an evaluator may use. */
export interface EvaluatorContext {
  /** Aborted on cancel and when the evaluator's time is over. */
  readonly signal: AbortSignal;
  /** Calls go through the journal and into the cell's trace. */
  readonly models: ModelCaller;
  /** The same for requests to HTTP evaluators. */
  readonly http?: HttpCaller;
}

/** One evaluator, ready to run. */
export interface Evaluator {
  readonly name: string;
  /** Whether its failure makes the cell an `evaluator_error`. */
  readonly required: boolean;
  /** The part of the manifest that decides its scores. */
  readonly identity: EvaluatorIdentity;
  /** What a judge asks about an output; undefined for one that it does not judge. Absent where no call is known of. */
  readonly planned?: (evaluation: PlannedEvaluation) => ChatRequest | undefined;
  /** The same for vectors, and the config's model that gives them. */
  readonly plannedVectors?: {
    readonly model: string;
    requestFor(evaluation: PlannedEvaluation): EmbedRequest | undefined;
  };
  /** One request for each output; the price is absent where nobody knows it. */
  readonly plannedHttp?: { readonly costPerRequestUsd?: number };
  /** The evaluators that it is computed from: it judges once these have. */
  readonly parts?: readonly string[];
  /** How many calls like that one it makes for each output. Default 1. */
  readonly callsPerOutput?: number;
  /** Cases with known verdicts that it is asked about in each run. */
  readonly anchors?: readonly Anchor[];
  /** What it asks about them, once in each run: fewer than there are where one needs no call. */
  readonly plannedAnchors?: () => readonly ChatRequest[];
  /**
   * Gives one score or several; an empty list where it does not apply to this item (nothing expected).
   * @throws AssayError EVALUATOR_*, JUDGE_VERDICT_INVALID, REGEX_TIMEOUT, MODEL_*
   */
  evaluate(input: EvaluationInput, context: EvaluatorContext): Promise<readonly ScoreRecord[]>;
}
