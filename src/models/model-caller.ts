import type { Config, ModelConfig } from '../contracts/config.js';
import { contentHash } from '../core/ids/hash.js';
import { parseCompletion, usageOf } from './chat-answer.js';
import { embeddingUsageOf, parseEmbeddings } from './embedding-answer.js';
import { callModel, type CallScope, type ModelCall } from './model-call.js';
import {
  chatBody,
  createChatTransport,
  embeddingBody,
  unknownModel,
  type ChatTransport,
} from './openai-chat.js';
import type { PaidCalls } from './paid-calls.js';
import type { ChatRequest, EmbedRequest, ModelCaller } from './port.js';
import { createPriceBook, type PriceBook } from './prices/price-book.js';
import type { Environment } from './secrets.js';

export type { CallScope } from './model-call.js';

/** Gives each cell its callers; holds one connection pool per model. */
export interface ModelCallers {
  forScope(scope: CallScope): ModelCaller;
}

/** Makes the callers of this process from the config's models. */
export function createModelCallers(options: {
  models: Config['models'];
  paidCalls: PaidCalls;
  environment: Environment;
  /** Default: the config's prices, else the providers' lists. */
  prices?: PriceBook;
}): ModelCallers {
  const { models, paidCalls, environment } = options;
  const means = { paidCalls, prices: options.prices ?? createPriceBook(environment) };
  const transports = new Map<string, ChatTransport>();
  const reach = (name: string, endpoint: Endpoint): Reached => {
    // Own members only: the name comes from user code, and `constructor` is in every object.
    const model = Object.hasOwn(models, name) ? models[name] : undefined;
    if (model === undefined) throw unknownModel(name, Object.keys(models));
    const key = `${endpoint} ${name}`;
    const transport = transports.get(key) ?? createChatTransport(model, environment, endpoint);
    transports.set(key, transport);
    return { model, transport };
  };
  return {
    forScope: (scope) => ({
      async chat(request) {
        const call = chatCall(reach(request.model, '/chat/completions'), request);
        const { parsed, record } = await callModel(means, { scope, call });
        return { ...parsed, record };
      },
      async embed(request) {
        const call = embeddingCall(reach(request.model, '/embeddings'), request);
        const { parsed, record } = await callModel(means, { scope, call });
        return { vectors: parsed.vectors, record };
      },
    }),
  };
}

type Endpoint = '/chat/completions' | '/embeddings';

interface Reached {
  readonly model: ModelConfig;
  readonly transport: ChatTransport;
}

function chatCall(
  reached: Reached,
  request: ChatRequest,
): ModelCall<ReturnType<typeof parseCompletion>> {
  const body = chatBody(reached.model, request);
  const { model: _model, messages, response_format: _format, ...parameters } = body;
  return {
    ...reached,
    kind: 'chat',
    body,
    requestHash: contentHash({ provider: reached.model.provider, body }),
    usageOf,
    parse: parseCompletion,
    shown: { input: messages ?? [], parameters },
    outputOf: ({ text, toolCalls }) =>
      toolCalls.length === 0 ? text : { content: text, tool_calls: toolCalls },
    signal: request.signal,
  };
}

function embeddingCall(
  reached: Reached,
  request: EmbedRequest,
): ModelCall<ReturnType<typeof parseEmbeddings>> {
  const body = embeddingBody(reached.model, request);
  const { model: _model, input, encoding_format: _format, ...parameters } = body;
  const texts = typeof request.input === 'string' ? 1 : request.input.length;
  return {
    ...reached,
    kind: 'embedding',
    body,
    requestHash: contentHash({ provider: reached.model.provider, embeddings: body }),
    usageOf: embeddingUsageOf,
    parse: (bytes) => parseEmbeddings(bytes, texts),
    shown: { input: input ?? [], parameters },
    // The numbers stand in the journal; in a trace they would only be weight.
    outputOf: ({ vectors }) => ({
      vectors: vectors.length,
      dimensions: vectors[0]?.length ?? 0,
    }),
    signal: request.signal,
  };
}
