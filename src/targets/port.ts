import type { Json, JsonObject } from '../core/json/json.js';
import type { TargetIdentity } from '../contracts/manifest.js';
import type { PromptContent } from '../contracts/prompt.js';
import type { ChatRequest, ModelCaller } from '../models/port.js';
import type { HttpCaller } from '../models/http-call.js';

/** What a target may use while it answers one cell. */
export interface TargetRunContext {
  /** Aborted on cancel and when the target's time is over. */
  readonly signal: AbortSignal;
  readonly models: ModelCaller;
  readonly http: HttpCaller;
  readonly item: { readonly id: string; readonly metadata: JsonObject };
  /** 1-based. */
  readonly repetition: number;
}

/** One target, ready to run. */
export interface Target {
  readonly name: string;
  readonly identity: TargetIdentity;
  /** The evaluators that the config names for it. */
  readonly evaluators: readonly string[] | undefined;
  /** The prompt that must stand on the platform before the first cell runs. */
  readonly prompt: TargetPrompt | undefined;
  /** The inputs that the prompt or the request's body names and this input lacks; of a replay what the metadata lacks. */
  missing(input: JsonObject, metadata: JsonObject): readonly string[];
  /** What it asks for each item, where that is known before it runs; code does not tell. */
  readonly planned?: PlannedCall;
  /** @throws AssayError TARGET_*, MODEL_*, or whatever a function target throws. */
  run(input: JsonObject, context: TargetRunContext): Promise<Json>;
}

/** The one call that a target makes for an item. */
export type PlannedCall =
  | { readonly kind: 'chat'; requestFor(input: JsonObject): ChatRequest }
  | {
      readonly kind: 'http';
      /** Absent where nobody knows. */
      readonly costPerRequestUsd?: number;
    };

/** A prompt as it is kept on the platforms: what its files say, whatever model the config gives to the target. */
export interface TargetPrompt extends PromptContent {
  readonly name: string;
  readonly contentHash: string;
  /** Where it was fetched from, where it is kept on a platform. */
  readonly fetched?: FetchedFrom;
}

/** Where a prompt that is kept on a platform came from. */
export interface FetchedFrom {
  readonly platform: string;
  /** `file` where it came from files. */
  readonly version: string;
  /** Who served it: the platform, or what stood in for it. */
  readonly source: string;
}
