import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import type { FaultEngine } from '../faults.js';
import { page, pageHeaders } from '../html/page.js';
import type { FaultRule } from '../options.js';
import type { RequestLog } from '../request-log.js';
import type { Keys } from './auth.js';
import { authorize } from './auth.js';
import { parseBody, readBody } from './body.js';
import { methodNotAllowed, Refusal } from './errors.js';
import type { Call, Handler, MethodName, Reply, Route } from './exchange.js';
import type { Match, Router } from './router.js';
import { preflight, send } from './send.js';

export interface ListenerParts {
  readonly router: Router;
  readonly keys: Keys;
  readonly faults: FaultEngine;
  readonly log: RequestLog;
  readonly reportError: (error: unknown) => void;
}

interface Target {
  readonly method: string;
  readonly path: string;
  readonly url: URL;
  readonly match: Match | undefined;
}

/** One request from its faults to its answer. */
export function createListener(parts: ListenerParts): RequestListener {
  return (request, response) => {
    serve(parts, request, response).catch((error: unknown) => {
      parts.reportError(error);
      response.destroy();
    });
  };
}

async function serve(
  parts: ListenerParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const started = performance.now();
  const target = locate(parts.router, request);
  // The admin API must stay reachable, or an ordered outage could not be lifted.
  const struck = target.path.startsWith('/dev/')
    ? []
    : parts.faults.strike(target.method, target.path);
  const reply = await answer(parts, request, { target, struck });
  parts.log.add(
    {
      at: new Date().toISOString(),
      method: target.method,
      path: target.path,
      status: reply === 'drop' ? 0 : reply.status,
      durationMs: Math.round((performance.now() - started) * 10) / 10,
      ...(struck.length > 0 ? { faults: struck.map((rule) => rule.kind) } : {}),
    },
    target.match?.route.path ?? '(unknown)',
  );
  if (reply === 'drop') request.socket.destroy();
  else send(request, response, reply);
}

function locate(router: Router, request: IncomingMessage): Target {
  const url = new URL(request.url ?? '/', 'http://localhost');
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    url,
    match: router.match(url.pathname),
  };
}

async function answer(
  parts: ListenerParts,
  request: IncomingMessage,
  { target, struck }: { target: Target; struck: readonly FaultRule[] },
): Promise<Reply | 'drop'> {
  const has = (kind: FaultRule['kind']) => struck.find((rule) => rule.kind === kind);
  if (has('down') !== undefined) return 'drop';
  try {
    const body = await readBody(request);
    const slow = has('slow');
    if (slow !== undefined) await sleep(slow.delayMs ?? 0);
    const refused = refusalOf(has('rate_limit'), has('server_error'));
    if (refused !== undefined) return refused;
    const reply = await dispatch(parts, request, { target, body });
    return has('commit_then_drop') === undefined ? reply : 'drop';
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    if (request.destroyed && !request.complete) return 'drop';
    parts.reportError(error);
    return { status: 500, json: { message: 'Internal Server Error' } };
  }
}

function refusalOf(limit?: FaultRule, failure?: FaultRule): Reply | undefined {
  if (limit !== undefined) {
    const wait = String(limit.retryAfterSeconds ?? 1);
    return {
      status: 429,
      json: { message: 'Rate limit exceeded' },
      headers: { 'retry-after': wait, 'x-ratelimit-remaining': '0' },
    };
  }
  return failure && { status: failure.status ?? 500, json: { message: 'Internal Server Error' } };
}

async function dispatch(
  parts: ListenerParts,
  request: IncomingMessage,
  { target, body }: { target: Target; body: Buffer },
): Promise<Reply> {
  const { match, method, path, url } = target;
  if (match === undefined) return unknownRoute();
  if (method === 'OPTIONS') return preflight(request);
  const { route, params } = match;
  const { headers } = request;
  // The real web app parses bodies before its handlers run, so a broken body beats missing credentials.
  const parsed = route.raw === true ? undefined : parseBody(body, headers['content-type']);
  const outcome = authorize(headers.authorization, route.access ?? 'secret', parts.keys);
  if (!outcome.ok)
    return (
      route.unauthorized?.(outcome.message) ?? {
        status: outcome.status,
        json: { message: outcome.message },
      }
    );
  const handler = handlerFor(route, method);
  const call: Call = {
    method,
    path,
    params,
    query: url.searchParams,
    headers,
    fromLoopback: isLoopback(request),
    body: parsed,
    rawBody: body,
  };
  return handler(call);
}

/** The Host counts, too: a page that rebinds its own name to 127.0.0.1 must not read along. */
function isLoopback(request: IncomingMessage): boolean {
  const peer = request.socket.remoteAddress ?? '';
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  return (
    /^(?:127\.|::1$|::ffff:127\.)/.test(peer) && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(host)
  );
}

function handlerFor(route: Route, method: string): Handler {
  const handler = route.methods[method as MethodName] ?? route.methods.ALL;
  if (handler === undefined) throw methodNotAllowed();
  return handler;
}

function unknownRoute(): Reply {
  return {
    status: 404,
    html: page('404: not found', '<h1>404</h1><p>This page could not be found.</p>'),
    headers: pageHeaders,
  };
}
