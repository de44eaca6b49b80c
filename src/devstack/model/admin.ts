import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';

import { parseBody } from './chat-request.js';
import { parseJson, readBody, send, sendJson } from './http.js';
import type { ModelState } from './model-calls.js';
import { faultSchema, latencySchema, limitsSchema } from './options.js';
import { createRateLimiter } from './rate-limit.js';
import { badRequest, WireError } from './wire-errors.js';

const faultsBody = z.union([faultSchema, z.array(faultSchema).min(1)]);
const latencyBody = z.strictObject({ latencyMs: latencySchema });
const pageLimit = 100_000;

interface Visit {
  readonly state: ModelState;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
}

type Route = (visit: Visit) => void | Promise<void>;

const wholeNumber = (query: URLSearchParams, name: string, otherwise: number): number => {
  const given = query.get(name);
  if (given === null) return otherwise;
  if (!/^\d{1,15}$/.test(given)) throw badRequest(`${name} must be a whole number.`, name);
  return Number(given);
};

/** Pages by `after` (a seq) and `limit`; NDJSON when `format=ndjson` or the Accept header asks for it. */
const listCalls: Route = ({ state, request, response, query }) => {
  const after = wholeNumber(query, 'after', 0);
  const limit = Math.min(pageLimit, Math.max(1, wholeNumber(query, 'limit', 1000)));
  const calls = state.log.page(after, limit);
  const ndjson = 'application/x-ndjson';
  if (query.get('format') === 'ndjson' || request.headers.accept?.includes(ndjson) === true) {
    const body = calls.map((call) => `${JSON.stringify(call)}\n`).join('');
    send(response, 200, { body, type: ndjson });
    return;
  }
  const next = calls.length === limit ? (calls.at(-1)?.seq ?? null) : null;
  sendJson(response, 200, { calls, next });
};

const orderFaults: Route = async ({ state, request, response }) => {
  const body = parseBody(faultsBody, parseJson(await readBody(request)));
  const ordered = (Array.isArray(body) ? body : [body]).map((fault) => state.faults.order(fault));
  sendJson(response, 201, { faults: ordered });
};

const setLimits: Route = async ({ state, request, response }) => {
  const limits = parseBody(limitsSchema, parseJson(await readBody(request)));
  state.limiter = createRateLimiter(limits, () => performance.now());
  sendJson(response, 200, { limits });
};

const setLatency: Route = async ({ state, request, response }) => {
  state.latency = parseBody(latencyBody, parseJson(await readBody(request))).latencyMs;
  sendJson(response, 200, { latencyMs: state.latency });
};

const done = (response: ServerResponse): void => {
  response.writeHead(204).end();
};

const routes: Readonly<Record<string, Route>> = {
  'GET /admin/calls': listCalls,
  'DELETE /admin/calls': ({ state, response }) => {
    state.log.clear();
    done(response);
  },
  'GET /admin/calls/summary': ({ state, response }) => sendJson(response, 200, state.log.summary()),
  'GET /admin/faults': ({ state, response }) =>
    sendJson(response, 200, { faults: state.faults.list() }),
  'POST /admin/faults': orderFaults,
  'DELETE /admin/faults': ({ state, response }) => {
    state.faults.lift();
    done(response);
  },
  'POST /admin/limits': setLimits,
  'DELETE /admin/limits': ({ state, response }) => {
    state.limiter = undefined;
    done(response);
  },
  'POST /admin/latency': setLatency,
};

/** Answers `/admin/*`; the caller has checked the key. @throws WireError 400, 404 */
export const handleAdmin = async (
  state: ModelState,
  path: string,
  exchange: Omit<Visit, 'state'>,
): Promise<void> => {
  const method = exchange.request.method ?? 'GET';
  const fault = /^\/admin\/faults\/([\w-]+)$/.exec(path)?.[1];
  if (method === 'DELETE' && fault !== undefined) {
    if (!state.faults.lift(fault)) throw new WireError(404, 'No such fault is in force.');
    done(exchange.response);
    return;
  }
  const route = routes[`${method} ${path}`];
  if (route === undefined) throw new WireError(404, `Unknown request URL: ${method} ${path}.`);
  await route({ state, ...exchange });
};
