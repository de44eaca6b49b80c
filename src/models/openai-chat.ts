import OpenAI from 'openai';

import type { ModelConfig } from '../contracts/config.js';
import { AssayError } from '../core/errors/assay-error.js';
import type { JsonObject } from '../core/json/json.js';
import { withFailure } from '../core/retry/classify.js';
import { withDeadline } from '../outbound/deadline.js';
import { plainFetch } from './plain-fetch.js';
import type { ChatRequest, EmbedRequest } from './port.js';
import { resolveSecret, withoutSecrets, type Environment } from './secrets.js';

/** The bytes of a provider's answer, kept as they came (durability 12). */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly startedAt: string;
  readonly endedAt: string;
}

/** How one model is reached: bound to its config, without retries of its own (retries have one owner). */
export interface ChatTransport {
  /** Where calls go, without what could be a key: limits hold for a model at an address. */
  readonly address: string;
  /** Sends the call; an error status is an answer here, a lost connection is thrown. */
  send(body: JsonObject, options: { callId: string; signal: AbortSignal }): Promise<RawAnswer>;
}

// What of an answer's headers is worth keeping: ids for support, limits for the governor.
const keptHeaders = [
  'content-type',
  'retry-after',
  'retry-after-ms',
  'x-request-id',
  'openai-processing-ms',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-tokens',
];

/** The request's body: what is hashed for the journal is what is sent. */
export function chatBody(model: ModelConfig, request: ChatRequest): JsonObject {
  return {
    ...model.parameters,
    ...request.parameters,
    model: model.model,
    messages: request.messages.map(({ role, content }) => ({ role, content })),
    ...(request.responseSchema === undefined
      ? {}
      : {
          response_format: {
            type: 'json_schema',
            json_schema: {
              name: request.responseSchema.name,
              strict: true,
              schema: request.responseSchema.schema,
            },
          },
        }),
  };
}

/** The body of an embedding request. Numbers as they are: not every server knows OpenAI's base64 form. */
export function embeddingBody(model: ModelConfig, request: EmbedRequest): JsonObject {
  return {
    ...model.parameters,
    ...request.parameters,
    model: model.model,
    input: typeof request.input === 'string' ? request.input : [...request.input],
    encoding_format: 'float',
  };
}

/**
 * A transport over the official client. `create()` with the raw response, never `.parse()`, which throws a paid
 * answer away that does not fit the schema.
 */
export function createChatTransport(
  model: ModelConfig,
  environment: Environment,
  endpoint: '/chat/completions' | '/embeddings' = '/chat/completions',
): ChatTransport {
  let client: OpenAI | undefined;
  const connect = (): OpenAI =>
    (client ??= new OpenAI({
      apiKey: resolveSecret(model.apiKey, environment),
      baseURL: baseUrlOf(model, environment) ?? null,
      maxRetries: 0,
      timeout: model.timeoutMs,
      organization: null,
      project: null,
      // The client logs request details at debug level; nothing of a request belongs in logs.
      logLevel: 'off',
      fetch: plainFetch,
    }));
  return {
    address: addressOf(baseUrlOf(model, environment)),
    send(body, { callId, signal }) {
      const startedAt = new Date().toISOString();
      // The client's own time limit ends with the headers; a body that stalls would hold the call for as long as the cell
      // may take.
      return withDeadline(model.timeoutMs, [signal], async (deadline) => {
        try {
          const response = await connect()
            .post(endpoint, {
              body,
              signal: deadline.signal,
              headers: { 'x-assay-call': callId },
            })
            .asResponse();
          const bytes = Buffer.from(await response.arrayBuffer());
          return {
            status: response.status,
            headers: keep(response.headers),
            body: bytes,
            startedAt,
            endedAt: new Date().toISOString(),
          };
        } catch (error) {
          if (deadline.isOver() && !signal.aborted) throw timedOut(model, error);
          const decision = ownCause(error);
          if (decision !== undefined) throw decision;
          // An error status is an answer for us (it is classified, not paid for); the client throws it.
          if (!(error instanceof OpenAI.APIError) || error.status === undefined) throw error;
          return {
            status: error.status as number,
            headers: keep(error.headers as Headers | undefined),
            body: Buffer.from(
              withoutSecrets(
                JSON.stringify({ error: (error as { error?: unknown }).error ?? null }),
                [resolveSecret(model.apiKey, environment)],
              ),
            ),
            startedAt,
            endedAt: new Date().toISOString(),
          };
        }
      });
    },
  };
}

/** An empty variable counts as not set, here as everywhere: Compose passes on what nobody gave as empty. */
function baseUrlOf(model: ModelConfig, environment: Environment): string | undefined {
  const given = environment['OPENAI_BASE_URL'];
  return model.baseUrl ?? (given === '' ? undefined : given);
}

function addressOf(baseUrl: string | undefined): string {
  const text = baseUrl ?? 'https://api.openai.com/v1';
  if (!URL.canParse(text)) return 'unknown';
  const { origin, pathname } = new URL(text);
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}

/** What our transport has decided of an answer; the client wraps it in errors of its own. */
function ownCause(error: unknown): AssayError | undefined {
  for (let cause = error; cause instanceof Object; cause = (cause as { cause?: unknown }).cause) {
    if (AssayError.is(cause)) return cause;
  }
  return undefined;
}

function timedOut(model: ModelConfig, cause: unknown): AssayError {
  const message = `The model ${model.model} did not answer in full within ${model.timeoutMs} ms.`;
  return withFailure(new AssayError('MODEL_UNREACHABLE', message, { cause }), {
    retry: 'retryable',
    type: 'timeout',
  });
}

const keep = (headers: Headers | undefined): Record<string, string> =>
  Object.fromEntries(
    keptHeaders.flatMap((name) => {
      const value = headers?.get(name) ?? null;
      return value === null ? [] : [[name, value]];
    }),
  );

/** Thrown where a config names a model that is not there. */
export function unknownModel(name: string, known: readonly string[]): AssayError {
  return new AssayError('CONFIG_INVALID', `There is no model "${name}" in the config.`, {
    mend: known.length > 0 ? `Known models: ${known.join(', ')}.` : 'Add it under `models`.',
  });
}
