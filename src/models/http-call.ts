import type { RetryPolicy } from '../contracts/experiment-spec.js';
import { AssayError } from '../core/errors/assay-error.js';
import { contentHash } from '../core/ids/hash.js';
import type { Json } from '../core/json/json.js';
import { picoFromDollars } from '../core/money/pico.js';
import type { Outbound } from '../outbound/outbound.js';
import type { CallMoney } from './call-money.js';
import type { CellCalls } from './cell-calls.js';
import type { RawAnswer } from './openai-chat.js';
import type { FailureCodes, Hold } from './paid-call.js';
import type { PaidCalls } from './paid-calls.js';
import { resolveSecret, withoutSecrets, type Environment } from './secrets.js';

/** A request to an HTTP target. */
export interface HttpCallRequest {
  /** The target's name, shown in the trace. */
  readonly name: string;
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Values may be `env:NAME`; they are read at the call and never recorded. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** What a request that is answered costs; absent where nobody knows. */
  readonly costPerRequestUsd?: number;
}

/** Calls HTTP targets and HTTP evaluators: journalled like model calls, since what is behind them costs money as well. */
export interface HttpCaller {
  /**
   * @returns the body of the answer as text.
   * @throws AssayError TARGET_HTTP_STATUS (EVALUATOR_HTTP_STATUS of an evaluator), ADDRESS_FORBIDDEN, …
   */
  request(request: HttpCallRequest): Promise<string>;
}

/** Makes the caller of one cell. */
export function createHttpCaller(means: {
  outbound: Outbound;
  paidCalls: PaidCalls;
  environment: Environment;
  scope: {
    readonly experimentId: string;
    readonly cellId: string;
    readonly calls: CellCalls;
    readonly policy: RetryPolicy;
    /** Of the time limit that the calls are made within. */
    readonly hold?: Hold;
    /** Whether the run has a budget. */
    readonly budgeted?: boolean;
    /** The place of the evaluator that asks in the cell's trace; absent for the target. */
    readonly judgePath?: string;
  };
}): HttpCaller {
  const { outbound, paidCalls, environment, scope } = means;
  const purpose = scope.judgePath === undefined ? ('target' as const) : ('judge' as const);
  return {
    async request(request) {
      const { url, method, body, timeoutMs, maxBytes } = request;
      const requestHash = contentHash({ http: { url, method, body } });
      const path = scope.calls.nextPath(scope.judgePath ?? 'target');
      const base = {
        path,
        kind: 'http' as const,
        purpose,
        provider: 'http',
        model: request.name,
        parameters: { method, url: withoutQuery(url) },
        input: body,
      };
      const cost = request.costPerRequestUsd;
      const costPico = cost === undefined ? undefined : picoFromDollars(cost);
      const money = scope.budgeted === true ? moneyOf(request.name, costPico) : undefined;
      const startedAt = new Date().toISOString();
      const asked = performance.now();
      try {
        const { answer, replayed, attempts } = await paidCalls.call(
          {
            identity: {
              experimentId: scope.experimentId,
              cellId: scope.cellId,
              requestHash,
              occurrence: scope.calls.occurrence(requestHash),
              purpose,
            },
            governorKey: `http ${new URL(url).origin}`,
            signal: request.signal,
            ...(scope.hold === undefined ? {} : { hold: scope.hold }),
            ...(money === undefined ? {} : { money }),
            usageOf: () => undefined,
            send: async (callId, signal) => {
              const headers = resolved(request.headers, environment);
              const answer = await outbound.request({
                url,
                method,
                headers: {
                  ...headers,
                  'x-assay-call': callId,
                  ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
                },
                ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
                timeoutMs,
                maxBytes,
                signal,
              });
              return answer.status < 300 ? answer : withoutEcho(answer, request.headers, headers);
            },
            codes: failureCodes[purpose],
          },
          scope.policy,
        );
        scope.calls.noteAttempts(purpose, attempts);
        scope.calls.noteDuration({
          purpose,
          spentMs: performance.now() - asked,
          tookMs: Date.parse(answer.endedAt) - Date.parse(answer.startedAt),
        });
        const output = answer.body.toString('utf8');
        const { startedAt: from, endedAt } = answer;
        scope.calls.add({
          ...base,
          startedAt: from,
          endedAt,
          output,
          ...(costPico === undefined ? {} : { costPico }),
          ...(replayed ? { replayed: true } : {}),
        });
        return output;
      } catch (error) {
        if (AssayError.is(error) && error.code === 'BUDGET_EXHAUSTED') {
          scope.calls.noteOutOfBudget(error);
        } else if (AssayError.is(error) && error.retryAfterMs === undefined) {
          const endedAt = new Date().toISOString();
          scope.calls.add({ ...base, startedAt, endedAt, error: error.toJSON() });
        }
        throw error;
      }
    },
  };
}

const failureCodes = {
  target: {
    unreachable: 'TARGET_HTTP_STATUS',
    unauthorized: 'TARGET_HTTP_STATUS',
    refused: 'TARGET_HTTP_STATUS',
    rateLimited: 'TARGET_RATE_LIMITED',
    quotaExhausted: 'TARGET_QUOTA_EXHAUSTED',
    label: 'The HTTP target',
  },
  judge: {
    unreachable: 'EVALUATOR_HTTP_STATUS',
    unauthorized: 'EVALUATOR_HTTP_STATUS',
    refused: 'EVALUATOR_HTTP_STATUS',
    rateLimited: 'EVALUATOR_RATE_LIMITED',
    quotaExhausted: 'EVALUATOR_QUOTA_EXHAUSTED',
    label: 'The HTTP evaluator',
  },
} as const satisfies Record<string, FailureCodes>;

function moneyOf(name: string, costPico: bigint | undefined): CallMoney {
  if (costPico === undefined) throw requestPriceUnknown(name);
  // A server that fails may have called its model before.
  return { mostPico: costPico, costOf: () => costPico, errorsCost: true };
}

/** Thrown where a run with a budget would call an endpoint whose price nobody knows. */
export function requestPriceUnknown(name: string): AssayError {
  return new AssayError(
    'PRICE_UNKNOWN',
    `What a request to the HTTP endpoint "${name}" costs is not known, and the run has a budget.`,
    { mend: 'Give it `costPerRequestUsd` in assay.config.ts, or run without --budget.' },
  );
}

const resolved = (
  headers: Readonly<Record<string, string>>,
  environment: Environment,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, resolveSecret(value, environment)]),
  );

// What is behind `env:NAME` must not come back in the sentence of a refusal, which is recorded.
function withoutEcho(
  answer: RawAnswer,
  given: Readonly<Record<string, string>>,
  sent: Readonly<Record<string, string>>,
): RawAnswer {
  const secrets = Object.keys(given).flatMap((name) =>
    given[name]?.startsWith('env:') === true ? [sent[name] ?? ''] : [],
  );
  if (secrets.length === 0) return answer;
  return { ...answer, body: Buffer.from(withoutSecrets(answer.body.toString('utf8'), secrets)) };
}

// A query can hold a key; the path is enough to know the endpoint by.
function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
