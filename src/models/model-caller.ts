import type { Config, ModelConfig } from '../contracts/config.js';
import type { RetryPolicy } from '../contracts/experiment-spec.js';
import type { CallRecord } from '../contracts/records.js';
import { AssayError, toErrorDocument } from '../core/errors/assay-error.js';
import { contentHash } from '../core/ids/hash.js';
import type { JsonObject } from '../core/json/json.js';
import { costPico, type ModelPrice } from '../core/money/pico.js';
import type { CellCalls } from './cell-calls.js';
import { parseCompletion, usageOf } from './chat-answer.js';
import { chatBody, createChatTransport, unknownModel, type ChatTransport } from './openai-chat.js';
import type { Hold, PaidCalls } from './paid-calls.js';
import type { ChatAnswer, ChatRequest, ModelCaller } from './port.js';
import type { Environment } from './secrets.js';

/** The cell that calls are made for, and where they stand in its trace. */
export interface CallScope {
  readonly experimentId: string;
  readonly cellId: string;
  readonly calls: CellCalls;
  /** `target`, or `judge:<evaluator>`. */
  readonly path: string;
  readonly purpose: 'target' | 'judge';
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal;
  /** Of the time limit that the calls are made within. */
  readonly hold?: Hold;
  readonly prompt?: { readonly name: string; readonly version: number };
}

/** Gives each cell its callers; holds one connection pool per model. */
export interface ModelCallers {
  forScope(scope: CallScope): ModelCaller;
}

/** Makes the callers of this process from the config's models. */
export function createModelCallers(options: {
  models: Config['models'];
  paidCalls: PaidCalls;
  environment: Environment;
}): ModelCallers {
  const { models, paidCalls, environment } = options;
  const transports = new Map<string, ChatTransport>();
  const transportOf = (name: string, model: ModelConfig): ChatTransport => {
    const known = transports.get(name);
    if (known !== undefined) return known;
    const made = createChatTransport(model, environment);
    transports.set(name, made);
    return made;
  };
  return {
    forScope: (scope) => ({
      async chat(request) {
        // Own members only: the name comes from user code, and `constructor` is in every object.
        const model = Object.hasOwn(models, request.model) ? models[request.model] : undefined;
        if (model === undefined) throw unknownModel(request.model, Object.keys(models));
        return chat(
          { model, transport: transportOf(request.model, model), paidCalls },
          {
            scope,
            request,
          },
        );
      },
    }),
  };
}

async function chat(
  means: { model: ModelConfig; transport: ChatTransport; paidCalls: PaidCalls },
  { scope, request }: { scope: CallScope; request: ChatRequest },
): Promise<ChatAnswer> {
  const { model, transport, paidCalls } = means;
  const body = chatBody(model, request);
  const requestHash = contentHash({ provider: model.provider, body });
  const identity = {
    experimentId: scope.experimentId,
    cellId: scope.cellId,
    requestHash,
    occurrence: scope.calls.occurrence(requestHash),
    purpose: scope.purpose,
  };
  const path = scope.calls.nextPath(scope.path);
  const startedAt = new Date().toISOString();
  const asked = performance.now();
  const base = recordBase({ scope, model, body, path });
  const signal = AbortSignal.any(
    [scope.signal, request.signal].filter((each) => each !== undefined),
  );
  try {
    const { answer, replayed, attempts } = await paidCalls.call(
      {
        identity,
        governorKey: `${model.provider}/${model.model}`,
        signal,
        ...(scope.hold === undefined ? {} : { hold: scope.hold }),
        usageOf,
        send: (callId, each) => transport.send(body, { callId, signal: each }),
        codes: {
          unreachable: 'MODEL_UNREACHABLE',
          unauthorized: 'MODEL_UNAUTHORIZED',
          refused: 'MODEL_REFUSED',
          label: `The model ${model.model}`,
        },
      },
      scope.policy,
    );
    scope.calls.noteAttempts(scope.purpose, attempts);
    scope.calls.noteDuration({
      purpose: scope.purpose,
      spentMs: performance.now() - asked,
      tookMs: Date.parse(answer.endedAt) - Date.parse(answer.startedAt),
    });
    const times = { startedAt: answer.startedAt, endedAt: answer.endedAt };
    const completion = readOrRecord(answer.body, (error) =>
      scope.calls.add({ ...base, ...times, error: toErrorDocument(error) }),
    );
    const cost =
      completion.usage === undefined || model.price === undefined
        ? undefined
        : costPico(completion.usage, priceOf(model.price));
    const record: CallRecord = {
      ...base,
      ...times,
      output: completion.text,
      ...(completion.usage === undefined ? {} : { usage: completion.usage }),
      ...(cost === undefined ? {} : { costPico: cost }),
      ...(replayed ? { replayed: true } : {}),
    };
    scope.calls.add(record);
    return { ...completion, record };
  } catch (error) {
    // A refused claim or a wait is no event of the cell: it will be tried again from the start.
    if (
      AssayError.is(error) &&
      error.retryAfterMs === undefined &&
      error.code !== 'MODEL_ANSWER_INVALID'
    ) {
      const endedAt = new Date().toISOString();
      scope.calls.add({ ...base, startedAt, endedAt, error: error.toJSON() });
    }
    throw error;
  }
}

function readOrRecord(
  body: Buffer,
  record: (error: unknown) => void,
): ReturnType<typeof parseCompletion> {
  try {
    return parseCompletion(body);
  } catch (error) {
    record(error);
    throw error;
  }
}

function recordBase(call: {
  scope: CallScope;
  model: ModelConfig;
  body: JsonObject;
  path: string;
}): Omit<CallRecord, 'startedAt' | 'endedAt'> {
  const { scope, model, body, path } = call;
  const { model: _model, messages, response_format: _format, ...parameters } = body;
  return {
    path,
    kind: 'chat',
    purpose: scope.purpose,
    provider: model.provider,
    model: model.model,
    parameters,
    input: messages ?? [],
    ...(scope.prompt === undefined
      ? {}
      : { promptName: scope.prompt.name, promptVersion: scope.prompt.version }),
  };
}

// A schema's optional field may be present and undefined; the price's type says absent.
function priceOf(price: NonNullable<ModelConfig['price']>): ModelPrice {
  const { input, output, cachedInput } = price;
  return cachedInput === undefined ? { input, output } : { input, output, cachedInput };
}
