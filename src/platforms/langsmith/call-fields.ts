import type { CallRecord, Usage } from '../../contracts/records.js';
import type { Json, JsonObject } from '../../core/json/json.js';
import { metadataKey } from '../trace/metadata-key.js';
import { isObject } from '../../core/json/json.js';
import type { RunFields } from './run-fields.js';

/** How LangSmith names what a call is. */
export const callType = { chat: 'llm', embedding: 'embedding', http: 'tool' } as const;

/** What of a call stands beside name and times. */
export interface CallFields {
  readonly inputs: JsonObject;
  readonly outputs?: JsonObject;
  readonly invocation?: JsonObject;
  readonly events?: readonly JsonObject[];
}

/** What a call shows: an `llm` or `embedding` run with model, usage and cost, or a `tool` run for HTTP. */
export function callFields(fields: RunFields, call: CallRecord): CallFields {
  fields.mark(metadataKey.provider, call.provider);
  if (call.replayed === true) {
    fields.mark(metadataKey.replayed, true);
    // It can be older than the cell; see planTrace.
    fields.mark('assay.called_at', call.startedAt);
  }
  const shown = {
    inputs: fields.object('input', call.input, call.kind === 'chat' ? 'messages' : 'input'),
    ...(call.output === undefined
      ? {}
      : { outputs: fields.object('output', outputOf(call, call.output), 'output') }),
  };
  if (call.kind === 'http') return shown;
  addModel(fields, call);
  return {
    ...shown,
    invocation: fields.object('parameters', { model: call.model, ...call.parameters }, 'value'),
    ...(call.firstTokenAt === undefined
      ? {}
      : { events: [{ name: 'new_token', time: call.firstTokenAt }] }),
  };
}

// A bare text is shown as a message, which is what it was.
function outputOf({ kind }: CallRecord, output: Json): Json {
  if (kind !== 'chat') return output;
  if (typeof output === 'string') return { role: 'assistant', content: output };
  return isObject(output) && 'role' in output ? { messages: [output] } : output;
}

/** By the names that LangSmith reads: `ls_…` for the model, `usage_metadata` for tokens and cost in dollars. */
function addModel(fields: RunFields, call: CallRecord): void {
  fields.mark('ls_provider', call.provider);
  fields.mark('ls_model_name', call.model);
  fields.mark('ls_model_type', call.kind === 'chat' ? 'chat' : 'embedding');
  const usage = {
    ...(call.usage === undefined ? {} : usageOf(call.usage)),
    ...(call.costPico === undefined ? {} : { total_cost: Number(call.costPico) / 1e12 }),
  };
  if (Object.keys(usage).length > 0) fields.metadata['usage_metadata'] = usage;
  if (call.promptName !== undefined && call.promptVersion !== undefined) {
    fields.mark('assay.prompt', call.promptName);
    fields.mark('assay.prompt_version', call.promptVersion);
  }
}

/** Cached and reasoning tokens are parts of the totals there, as providers count them. */
export function usageOf(usage: Usage): JsonObject {
  return {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    ...(usage.cachedInputTokens === undefined
      ? {}
      : { input_token_details: { cache_read: usage.cachedInputTokens } }),
    ...(usage.reasoningTokens === undefined
      ? {}
      : { output_token_details: { reasoning: usage.reasoningTokens } }),
  };
}
