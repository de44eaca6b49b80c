import type { Json, JsonObject } from '../core/json/json.js';
import type { CallRecord } from '../contracts/records.js';

/** One message of a conversation. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** One chat completion that is asked for. */
export interface ChatRequest {
  /** The name of a model in the config's `models`. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  /** Sent as they are: temperature, max_tokens, seed, … */
  readonly parameters?: JsonObject;
  /** A JSON schema that the answer must fit (OpenAI's structured output). */
  readonly responseSchema?: { readonly name: string; readonly schema: JsonObject };
  readonly signal?: AbortSignal;
}

/** A chat completion that was answered, now or earlier (see `record.replayed`). */
export interface ChatAnswer {
  readonly text: string;
  /** The text parsed as JSON, where a schema was asked for; undefined where it is no JSON. */
  readonly json: Json | undefined;
  /** The calls of tools that it asks for, in the provider's form; absent or empty where it asks for none. */
  readonly toolCalls?: readonly Json[];
  readonly finishReason: string;
  readonly record: CallRecord;
}

/** Texts whose vectors are asked for. */
export interface EmbedRequest {
  /** The name of a model in the config's `models`. */
  readonly model: string;
  readonly input: string | readonly string[];
  /** Sent as they are: dimensions, user, … */
  readonly parameters?: JsonObject;
  readonly signal?: AbortSignal;
}

/** Vectors that were answered, now or earlier. */
export interface EmbedAnswer {
  /** One for each text, in their order. */
  readonly vectors: readonly (readonly number[])[];
  readonly record: CallRecord;
}

/**
 * The model as target code, evaluators and judges see it: each call goes through the call journal, is paid
 * once, and stands in the cell's trace.
 */
export interface ModelCaller {
  /** @throws AssayError MODEL_*, CALL_CLAIM_REFUSED */
  chat(request: ChatRequest): Promise<ChatAnswer>;
  /** @throws AssayError MODEL_*, CALL_CLAIM_REFUSED */
  embed(request: EmbedRequest): Promise<EmbedAnswer>;
}
