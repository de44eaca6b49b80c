import type { CallRecord, Usage } from '../../../contracts/records.js';
import { attribute } from './attributes.js';
import { metadataKey } from '../../trace/metadata-key.js';
import type { AttributeList } from './attribute-list.js';

/** What a call shows: a generation or an embedding with model, usage and cost, or a plain span for HTTP. */
export function callAttributes(list: AttributeList, call: CallRecord): void {
  list.short(attribute.type, observationType[call.kind]);
  list.field('input', attribute.input, call.input);
  list.field('output', attribute.output, call.output);
  if (call.kind !== 'http') addModel(list, call);
  list.metadata(metadataKey.provider, call.provider);
  if (call.replayed === true) list.metadata(metadataKey.replayed, 'true');
}

const observationType = { chat: 'generation', embedding: 'embedding', http: 'span' } as const;

function addModel(list: AttributeList, call: CallRecord): void {
  list.short(attribute.model, call.model);
  list.json('parameters', attribute.modelParameters, call.parameters);
  if (call.usage !== undefined) {
    list.short(attribute.usage, JSON.stringify(usageDetails(call.usage)));
  }
  if (call.costPico !== undefined) {
    list.short(attribute.cost, JSON.stringify({ total: dollars(call.costPico) }));
  }
  // The SDK writes a JSON date, quotes included, and the server reads it so.
  if (call.firstTokenAt !== undefined) {
    list.short(attribute.completionStart, JSON.stringify(call.firstTokenAt));
  }
  if (call.promptName !== undefined && call.promptVersion !== undefined) {
    list.short(attribute.promptName, call.promptName);
    list.integer(attribute.promptVersion, call.promptVersion);
  }
}

/**
 * Tokens by kind, each counted once: the server adds up all kinds that begin with `input` or `output`, while
 * providers count cached and reasoning tokens in their totals, too.
 */
export function usageDetails(usage: Usage): Readonly<Record<string, number>> {
  const cached = Math.min(usage.cachedInputTokens ?? 0, usage.inputTokens);
  const reasoning = Math.min(usage.reasoningTokens ?? 0, usage.outputTokens);
  return {
    input: usage.inputTokens - cached,
    ...(cached === 0 ? {} : { input_cached_tokens: cached }),
    output: usage.outputTokens - reasoning,
    ...(reasoning === 0 ? {} : { output_reasoning_tokens: reasoning }),
    total: usage.inputTokens + usage.outputTokens,
  };
}

/** Pico-dollars as dollars: the nearest double, which prints every amount below 9,000 $ to the pico exactly. */
function dollars(pico: bigint): number {
  return Number(pico) / 1e12;
}
