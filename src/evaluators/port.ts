import type { Json, JsonObject } from '../core/json/json.js';
import type { Anchor } from '../contracts/config.js';
import type { EvaluatorIdentity } from '../contracts/manifest.js';
import type { ScoreRecord } from '../contracts/records.js';
import type { ChatRequest, ModelCaller } from '../models/port.js';

/** What an evaluator judges. */
export interface EvaluationInput {
  readonly input: JsonObject;
  /** What the target gave: a text, or the parsed JSON where the target's output is JSON. */
  readonly output: Json;
  /** Absent where the dataset expects nothing of this item. */
  readonly expected: Json | undefined;
  readonly metadata: JsonObject;
  readonly trace: { readonly traceId: string };
}

/** An evaluation that is looked at before the output is there. */
export type PlannedEvaluation = Pick<EvaluationInput, 'input' | 'output' | 'expected'>;

/** What an evaluator may use. */
export interface EvaluatorContext {
  /** Aborted on cancel and when the evaluator's time is over. */
  readonly signal: AbortSignal;
  /** Calls go through the journal and into the cell's trace. */
  readonly models: ModelCaller;
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
  /** How many calls like that one it makes for each output. Default 1. */
  readonly callsPerOutput?: number;
  /** Cases with known verdicts that it is asked about in each run. */
  readonly anchors?: readonly Anchor[];
  /**
   * Gives one score or several; an empty list where it does not apply to this item (nothing expected).
   * @throws AssayError EVALUATOR_*, JUDGE_VERDICT_INVALID, REGEX_TIMEOUT, MODEL_*
   */
  evaluate(input: EvaluationInput, context: EvaluatorContext): Promise<readonly ScoreRecord[]>;
}
