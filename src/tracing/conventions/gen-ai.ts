import type { ReadableSpan } from '@opentelemetry/sdk-trace';

import type { TracedSpanKind, Usage } from '../../contracts/records.js';
import type { Json, JsonObject } from '../../core/json/json.js';
import { createReader, type AttributeReader } from '../attribute-reader.js';
import { present, type SpanFields } from './fields.js';

/**
 * What OpenTelemetry's semantic conventions for generative AI say of a span, the names of earlier versions too.
 * Source: opentelemetry.io/docs/specs/semconv/gen-ai, 1.27 to 1.40.
 */
export function genAiFields(
  reader: AttributeReader,
  { events }: Pick<ReadableSpan, 'events'>,
): SpanFields {
  if (!reader.keys.some((key) => key.startsWith('gen_ai.'))) return {};
  const operation = reader.text('gen_ai.operation.name');
  const asked = reader.text('gen_ai.request.model');
  const model = reader.text('gen_ai.response.model') ?? asked;
  const earlier = reader.text('gen_ai.system');
  const bodies = bodiesOf(reader, events);
  const parameters = parametersOf(reader);
  return present({
    kind: kindOf(operation, model),
    model,
    provider: reader.text('gen_ai.provider.name') ?? earlier,
    parameters: Object.keys(parameters).length === 0 ? undefined : parameters,
    usage: usageOf(reader),
    ...bodies,
    metadata: present({
      'gen_ai.operation.name': operation,
      'gen_ai.request.model': asked === model ? undefined : asked,
    }),
  });
}

const kindsOfOperations: Readonly<Record<string, TracedSpanKind>> = {
  chat: 'generation',
  text_completion: 'generation',
  generate_content: 'generation',
  embeddings: 'embedding',
  execute_tool: 'tool',
  invoke_agent: 'agent',
  create_agent: 'agent',
  invoke_workflow: 'chain',
  retrieval: 'retriever',
};

function kindOf(operation: string | undefined, model: string | undefined): TracedSpanKind {
  const known =
    operation !== undefined && Object.hasOwn(kindsOfOperations, operation)
      ? kindsOfOperations[operation]
      : undefined;
  return known ?? (model === undefined ? 'span' : 'generation');
}

const requestPrefix = 'gen_ai.request.';

function parametersOf(reader: AttributeReader): JsonObject {
  const keys = reader.keys.filter((key) => key.startsWith(requestPrefix));
  return Object.fromEntries(
    keys.flatMap((key): [string, Json][] => {
      const value = reader.value(key);
      return value === undefined || key === 'gen_ai.request.model'
        ? []
        : [[key.slice(requestPrefix.length), value]];
    }),
  );
}

function usageOf(reader: AttributeReader): Usage | undefined {
  const count = (...keys: readonly string[]): number | undefined =>
    keys.map((key) => reader.number(`gen_ai.usage.${key}`)).find((value) => value !== undefined);
  const input = count('input_tokens', 'prompt_tokens');
  const output = count('output_tokens', 'completion_tokens');
  const cached = count('cache_read.input_tokens', 'input_tokens.cached');
  const reasoning = count('reasoning.output_tokens', 'output_tokens.reasoning');
  if (input === undefined && output === undefined) return undefined;
  return {
    inputTokens: input ?? 0,
    outputTokens: output ?? 0,
    ...(cached === undefined ? {} : { cachedInputTokens: cached }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
  };
}

/** On the span, or on the event that libraries write where contents may not stand on spans. */
function bodiesOf(
  reader: AttributeReader,
  events: ReadableSpan['events'],
): Pick<SpanFields, 'input' | 'output'> {
  const onSpan = messagesOf(reader);
  if (onSpan.input !== undefined || onSpan.output !== undefined) return onSpan;
  const event = events.findLast(({ name }) => name === 'gen_ai.client.inference.operation.details');
  return event?.attributes === undefined
    ? {}
    : messagesOf(createReader(event.attributes, { bare: false }));
}

function messagesOf(reader: AttributeReader): Pick<SpanFields, 'input' | 'output'> {
  const json = (field: string, ...keys: readonly string[]): Json | undefined =>
    keys.map((key) => reader.json(field, key)).find((value) => value !== undefined);
  const messages = json('input', 'gen_ai.input.messages', 'gen_ai.prompt');
  const system = reader.json('input', 'gen_ai.system_instructions');
  const called = json('input', 'gen_ai.tool.call.arguments', 'gen_ai.retrieval.query.text');
  const output = json(
    'output',
    'gen_ai.output.messages',
    'gen_ai.completion',
    'gen_ai.tool.call.result',
    'gen_ai.retrieval.documents',
  );
  const input =
    system === undefined
      ? (messages ?? called)
      : { system_instructions: system, messages: messages ?? [] };
  return {
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
  };
}
