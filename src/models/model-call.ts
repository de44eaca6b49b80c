import type { ModelConfig } from '../contracts/config.js';
import type { RetryPolicy } from '../contracts/experiment-spec.js';
import type { CallRecord, Usage } from '../contracts/records.js';
import { AssayError, toErrorDocument } from '../core/errors/assay-error.js';
import type { Json, JsonObject } from '../core/json/json.js';
import { costPico, mostPico } from '../core/money/pico.js';
import { defaultOutputTokens, mostInputTokens, outputLimit } from '../core/money/token-bound.js';
import type { CallMoney } from './call-money.js';
import type { CellCalls } from './cell-calls.js';
import type { ChatTransport } from './openai-chat.js';
import type { Hold } from './paid-call.js';
import type { PaidCalls } from './paid-calls.js';
import type { PriceBook } from './prices/price-book.js';

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
  /** The span of the caller's own instrumentation that the calls are made in; absent where there is none. */
  readonly parent?: string;
  /** Whether the run has a budget: money is held for each call, and a model without a known price is not called. */
  readonly budgeted?: boolean;
}

/** One call to a model of the config: what is sent, and what its answer says of its tokens. */
interface SentCall {
  readonly kind: 'chat' | 'embedding';
  readonly model: ModelConfig;
  readonly body: JsonObject;
  /** sha256 of what is sent. */
  readonly requestHash: string;
  readonly transport: ChatTransport;
  readonly usageOf: (body: Buffer) => Usage | undefined;
  /** What of the body the trace shows as the input; the rest are parameters. */
  readonly shown: { readonly input: Json; readonly parameters: JsonObject };
  readonly signal: AbortSignal | undefined;
}

/** A call, and how its answer is read. */
export interface ModelCall<Parsed> extends SentCall {
  /** @throws AssayError MODEL_ANSWER_INVALID */
  readonly parse: (body: Buffer) => Parsed;
  readonly outputOf: (parsed: Parsed) => Json;
}

/** About four bytes of English make a token; what answers take beside it the governor learns from them. */
function expectedTokens(body: JsonObject): number {
  return Math.ceil(Buffer.byteLength(JSON.stringify(body)) / 4);
}

/**
 * Makes a call for a cell: through the journal, into the cell's trace, with its cost.
 *
 * @throws AssayError MODEL_*, CALL_CLAIM_REFUSED; of a run with a budget PRICE_UNKNOWN and BUDGET_EXHAUSTED.
 */
export async function callModel<Parsed>(
  means: { readonly paidCalls: PaidCalls; readonly prices: PriceBook },
  { scope, call }: { readonly scope: CallScope; readonly call: ModelCall<Parsed> },
): Promise<{ readonly parsed: Parsed; readonly record: CallRecord }> {
  const { model, kind, requestHash, transport, usageOf, body } = call;
  const costOf = costReader(means.prices, call);
  const money = scope.budgeted === true ? moneyOf(means.prices, call, costOf) : undefined;
  const purpose = kind === 'embedding' ? 'embedding' : scope.purpose;
  const base = recordBase(scope, call);
  const startedAt = new Date().toISOString();
  const asked = performance.now();
  const signal = AbortSignal.any([scope.signal, call.signal].filter((each) => each !== undefined));
  try {
    const { answer, replayed, attempts } = await means.paidCalls.call(
      {
        identity: {
          experimentId: scope.experimentId,
          cellId: scope.cellId,
          requestHash,
          occurrence: scope.calls.occurrence(requestHash),
          purpose,
        },
        governorKey: `${model.provider}/${model.model} ${transport.address}`,
        limits: model.limits,
        tokens: () => expectedTokens(body),
        signal,
        ...(scope.hold === undefined ? {} : { hold: scope.hold }),
        ...(money === undefined ? {} : { money }),
        usageOf,
        send: (callId, each) => transport.send(body, { callId, signal: each }),
        codes: {
          unreachable: 'MODEL_UNREACHABLE',
          unauthorized: 'MODEL_UNAUTHORIZED',
          refused: 'MODEL_REFUSED',
          rateLimited: 'MODEL_RATE_LIMITED',
          quotaExhausted: 'MODEL_QUOTA_EXHAUSTED',
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
    const usage = usageOf(answer.body);
    const cost = costOf(answer);
    const paid = {
      ...base,
      startedAt: answer.startedAt,
      endedAt: answer.endedAt,
      ...(usage === undefined ? {} : { usage }),
      ...(cost === undefined ? {} : { costPico: cost }),
      ...(replayed ? { replayed: true } : {}),
    };
    const parsed = readOrRecord(answer.body, call, (error) =>
      scope.calls.add({ ...paid, error: toErrorDocument(error) }),
    );
    const record: CallRecord = { ...paid, output: call.outputOf(parsed) };
    scope.calls.add(record);
    return { parsed, record };
  } catch (error) {
    if (AssayError.is(error) && error.code === 'BUDGET_EXHAUSTED')
      scope.calls.noteOutOfBudget(error);
    if (isEvent(error)) {
      const endedAt = new Date().toISOString();
      scope.calls.add({ ...base, startedAt, endedAt, error: error.toJSON() });
    }
    throw error;
  }
}

// A refused claim, a wait or a lack of money is no event of the cell: it will be tried again from the start.
function isEvent(error: unknown): error is AssayError {
  return (
    AssayError.is(error) &&
    error.retryAfterMs === undefined &&
    error.code !== 'BUDGET_EXHAUSTED' &&
    // Recorded where it was read, with what it cost.
    error.code !== 'MODEL_ANSWER_INVALID'
  );
}

function readOrRecord<Parsed>(
  body: Buffer,
  { parse }: ModelCall<Parsed>,
  record: (error: unknown) => void,
): Parsed {
  try {
    return parse(body);
  } catch (error) {
    record(error);
    throw error;
  }
}

function recordBase(
  scope: CallScope,
  { kind, model, shown }: SentCall,
): Omit<CallRecord, 'startedAt' | 'endedAt'> {
  return {
    path: scope.calls.nextPath(scope.path),
    kind,
    purpose: kind === 'embedding' ? 'embedding' : scope.purpose,
    provider: model.provider,
    model: model.model,
    parameters: shown.parameters,
    input: shown.input,
    ...(scope.prompt === undefined || kind === 'embedding'
      ? {}
      : { promptName: scope.prompt.name, promptVersion: scope.prompt.version }),
    ...(scope.parent === undefined ? {} : { parent: scope.parent }),
  };
}

type CostReader = CallMoney['costOf'];

/** Reads what an answer cost, by the price of the day on which it was made. */
function costReader(prices: PriceBook, { model, kind, usageOf }: SentCall): CostReader {
  return ({ body, startedAt }) => {
    const usage = usageOf(body);
    if (usage === undefined) return undefined;
    const { inputTokens } = usage;
    const price = prices.priceOf(model, { at: new Date(startedAt), kind, inputTokens });
    try {
      return price === undefined ? undefined : costPico(usage, price);
    } catch (error) {
      // Counts that are none (fractions, negatives) make a paid answer's cost unknown, and nothing worse.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  };
}

/**
 * What must be held for a call.
 *
 * @throws AssayError PRICE_UNKNOWN
 */
function moneyOf(
  prices: PriceBook,
  { model, kind, body }: SentCall,
  costOf: CostReader,
): CallMoney {
  const most = mostTokens(kind, body);
  const price = prices.priceOf(model, { at: new Date(), kind, inputTokens: most.inputTokens });
  if (price === undefined) throw priceUnknown(model);
  return { mostPico: mostPico(most, price), costOf, errorsCost: false };
}

/** The most tokens that a request takes: what is held of a budget for it. */
export function mostTokens(
  kind: 'chat' | 'embedding',
  body: JsonObject,
): { readonly inputTokens: number; readonly outputTokens: number } {
  const { messages } = body;
  return {
    inputTokens: mostInputTokens({
      bytes: Buffer.byteLength(JSON.stringify(body)),
      messages: Array.isArray(messages) ? messages.length : 0,
    }),
    outputTokens: kind === 'embedding' ? 0 : (outputLimit(body) ?? defaultOutputTokens),
  };
}

/** Thrown where a run with a budget would call a model whose price nobody knows. */
export function priceUnknown(model: ModelConfig): AssayError {
  return new AssayError(
    'PRICE_UNKNOWN',
    `The price of ${model.provider}/${model.model} is not known, and the run has a budget.`,
    { mend: 'Give the model a `price` in assay.config.ts, or run without --budget.' },
  );
}
