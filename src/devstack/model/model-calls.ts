import type { IncomingMessage, ServerResponse } from 'node:http';

import type { CallLog, CallRecord } from './call-log.js';
import {
  answerChat,
  completionBody,
  completionEvents,
  createPrefixCache,
  promptTokensOf,
} from './chat.js';
import { readChatCall } from './chat-request.js';
import { answerEmbeddings } from './embeddings.js';
import type { FaultBoard } from './faults.js';
import { hostileAnswer, hostileKind } from './hostile.js';
import { parseJson, readBody, send, sendError } from './http.js';
import { drawLatency } from './latency.js';
import type { FaultOrder, Latency } from './options.js';
import type { Random } from './random.js';
import type { RateLimiter } from './rate-limit.js';
import {
  badRequest,
  insufficientQuota,
  invalidKey,
  orderedStatus,
  rateLimited,
  WireError,
} from './wire-errors.js';

/** What the answering of calls depends on; the mutable parts are changed by the admin API. */
export interface ModelState {
  readonly log: CallLog;
  readonly faults: FaultBoard;
  readonly isAllowed: (request: IncomingMessage) => boolean;
  readonly random: Random;
  readonly seed: number;
  readonly contextWindow: number;
  latency: Latency;
  limiter: RateLimiter | undefined;
}

/** An answer that is ready to send: one body, or events. */
interface Ready {
  readonly model: string;
  readonly stream: boolean;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly body: string;
  readonly events?: readonly string[];
}

interface Accepted extends Ready {
  readonly fault: FaultOrder | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

const header = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** Calls that are refused before they are paid: by limits first, then by faults that were ordered. */
const admit = (
  state: ModelState,
  call: { readonly model: string; readonly promptTokens: number },
): Pick<Accepted, 'fault' | 'headers'> => {
  if (call.promptTokens > state.contextWindow)
    throw new WireError(
      400,
      `This model's maximum context length is ${state.contextWindow} tokens. Your messages resulted in ${call.promptTokens} tokens.`,
      { code: 'context_length_exceeded', param: 'messages' },
    );
  const decision = state.limiter?.take(call.promptTokens);
  const headers = decision?.headers ?? {};
  const refusal = decision?.refusal;
  if (refusal !== undefined) throw rateLimited(refusal.retryAfterMs, refusal.what, headers);
  const fault = state.faults.strike(call.model);
  if (fault?.kind === 'status') throw orderedStatus(fault);
  if (fault?.kind === 'insufficient_quota') throw insufficientQuota();
  return { fault, headers };
};

const createChat = (state: ModelState) => {
  const cached = createPrefixCache();
  let hostile = 0;
  return (body: unknown): Accepted => {
    const call = readChatCall(body);
    const tokens = promptTokensOf(call);
    const admitted = admit(state, { model: call.model.id, promptTokens: tokens });
    const { fault } = admitted;
    const change = (text: string): string =>
      fault?.kind === 'content' ? hostileAnswer(text, fault.text ?? hostileKind(hostile++)) : text;
    const prompt = { tokens, cached: cached(call, tokens), serverSeed: state.seed };
    const answer = answerChat(call, prompt, change);
    return {
      ...admitted,
      model: call.model.id,
      stream: call.stream,
      promptTokens: tokens,
      completionTokens: answer.completionTokens,
      body: call.stream ? '' : completionBody(answer),
      ...(call.stream ? { events: completionEvents(answer, call.includeUsage) } : {}),
    };
  };
};

const createEmbeddings =
  (state: ModelState) =>
  (body: unknown): Accepted => {
    const answer = answerEmbeddings(body);
    return { ...admit(state, answer), ...answer, stream: false, completionTokens: 0 };
  };

const modelNameIn = (body: unknown): string | null => {
  const model = typeof body === 'object' && body !== null && 'model' in body ? body.model : null;
  return typeof model === 'string' ? model.slice(0, 200) : null;
};

const latencyOf = (
  state: ModelState,
  request: IncomingMessage,
  fault: FaultOrder | undefined,
): number => {
  const asked = Number(header(request, 'x-demo-latency') ?? Number.NaN);
  const drawn = Number.isFinite(asked)
    ? Math.min(600_000, Math.max(0, asked))
    : drawLatency(state.latency, state.random);
  return drawn + (fault?.kind === 'slow' ? fault.ms : 0);
};

const garbage = '<html><head><title>502 Bad Gateway</title></head><body>upstream</body></html>';

/** Plays a call's answer out over time; `schedule` stops by itself when the connection ends. */
const play = (
  response: ServerResponse,
  answer: Accepted,
  plan: {
    readonly latencyMs: number;
    readonly elapsedMs: number;
    readonly headers: Record<string, string>;
  },
): void => {
  const timers = new Set<NodeJS.Timeout>();
  response.once('close', () => {
    for (const timer of timers) clearTimeout(timer);
  });
  const schedule = (delayMs: number, act: () => void): void => {
    if (delayMs <= 0) {
      act();
      return;
    }
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, delayMs);
    timers.add(timer);
  };
  const { fault, events } = answer;
  const rest = plan.latencyMs - plan.elapsedMs;
  if (fault?.kind === 'hang') return;
  if (fault?.kind === 'drop') {
    schedule(rest, () => response.destroy());
    return;
  }
  if (fault?.kind === 'garbage') {
    schedule(rest, () => send(response, 200, { body: garbage, headers: plan.headers }));
    return;
  }
  if (events === undefined) {
    schedule(rest, () => send(response, 200, { body: answer.body, headers: plan.headers }));
    return;
  }
  // The first token takes two fifths of the time, as it does with real models: the prompt is read first.
  const first = rest * 0.4;
  const step = (rest - first) / Math.max(1, events.length - 1);
  schedule(first, () => {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      ...plan.headers,
    });
    response.write(events[0] ?? '');
    if (plan.latencyMs <= 0) return void response.end(events.slice(1).join(''));
    events.slice(1).forEach((event, index, others) =>
      schedule(step * (index + 1), () => {
        response.write(event);
        if (index === others.length - 1) response.end();
      }),
    );
  });
};

/** Answers the paid endpoints: everything is decided, and logged, in the moment the request is fully received. */
export const createModelCalls = (state: ModelState) => {
  const endpoints: Readonly<Record<string, (body: unknown) => Accepted>> = {
    '/v1/chat/completions': createChat(state),
    '/v1/embeddings': createEmbeddings(state),
  };

  const follow = (record: CallRecord, response: ServerResponse): void => {
    response.once('close', () => {
      const answered = response.writableFinished;
      state.log.ended(record.seq, {
        answeredAt: answered ? Date.now() : null,
        status: answered ? response.statusCode : null,
        aborted: !answered,
      });
    });
  };

  const decide = (path: string, request: IncomingMessage, raw: Buffer) => {
    let body: unknown;
    try {
      if (!state.isAllowed(request)) throw invalidKey();
      body = parseJson(raw);
      const answer = endpoints[path];
      if (answer === undefined) throw badRequest(`Unknown request URL: POST ${path}.`);
      return { answer: answer(body), model: modelNameIn(body) };
    } catch (error) {
      const refusal =
        error instanceof WireError
          ? error
          : new WireError(500, 'The demo model failed.', {
              type: 'server_error',
              code: 'internal_error',
            });
      if (!(error instanceof WireError)) console.error(error);
      return { refusal, model: modelNameIn(body) };
    }
  };

  return {
    serves: (path: string): boolean => Object.hasOwn(endpoints, path),
    handle: async (
      path: string,
      request: IncomingMessage,
      response: ServerResponse,
    ): Promise<void> => {
      const raw = await readBody(request);
      const receivedAt = Date.now();
      const started = performance.now();
      const decided = decide(path, request, raw);
      const { answer, refusal } = decided;
      const latencyMs = answer === undefined ? 0 : latencyOf(state, request, answer.fault);
      const record = state.log.received({
        call: header(request, 'x-assay-call')?.slice(0, 500) ?? null,
        path,
        model: decided.model,
        receivedAt,
        paid: answer !== undefined,
        fault: answer?.fault?.kind ?? null,
        stream: answer?.stream ?? false,
        latencyMs: Math.round(latencyMs * 100) / 100,
        promptTokens: answer?.promptTokens ?? 0,
        completionTokens: answer?.completionTokens ?? 0,
      });
      follow(record, response);
      if (refusal !== undefined) {
        sendError(response, refusal);
        return;
      }
      const headers = {
        'x-request-id': `req_${record.seq.toString(36)}`,
        'openai-processing-ms': String(Math.round(latencyMs)),
        'openai-version': '2020-10-01',
        ...answer.headers,
      };
      play(response, answer, { latencyMs, elapsedMs: performance.now() - started, headers });
    },
  };
};
