import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

import type { FaultEngine } from '../../../../src/devstack/langfuse/faults.js';
import type { RequestLog } from '../../../../src/devstack/langfuse/request-log.js';
import type { FaultRule } from '../options.js';
import type { Keyring } from './auth.js';
import { workspaceOf } from './auth.js';
import { refusal, Refusal, unprocessable } from './errors.js';
import type { MethodName, Reply } from './exchange.js';
import { parseMultipart } from './multipart.js';
import type { Match, Router } from './router.js';
import { canonicalPath } from './router.js';

export interface ListenerParts {
  readonly router: Router;
  readonly keyring: Keyring;
  readonly faults: FaultEngine;
  readonly log: RequestLog;
  readonly maxBodyBytes: number;
  readonly reportError: (error: unknown) => void;
}

interface Target {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
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
  const url = new URL(request.url ?? '/', 'http://localhost');
  const method = request.method ?? 'GET';
  const path = canonicalPath(url.pathname);
  const target = { method, path, query: url.searchParams, match: parts.router.match(path) };
  const struck = parts.faults.strike(method, path);
  const reply = await answer(parts, request, { target, struck });
  parts.log.add(
    {
      at: new Date().toISOString(),
      method,
      path,
      status: reply === 'drop' ? 0 : reply.status,
      durationMs: Math.round((performance.now() - started) * 10) / 10,
      ...(struck.length > 0 ? { faults: struck.map((rule) => rule.kind) } : {}),
    },
    target.match?.route.path ?? '(unknown)',
  );
  if (reply === 'drop') request.socket.destroy();
  else send(response, reply);
}

async function answer(
  parts: ListenerParts,
  request: IncomingMessage,
  { target, struck }: { target: Target; struck: readonly FaultRule[] },
): Promise<Reply | 'drop'> {
  const has = (kind: FaultRule['kind']) => struck.find((rule) => rule.kind === kind);
  if (has('down') !== undefined) return 'drop';
  try {
    const body = await readBody(request, parts.maxBodyBytes);
    const slow = has('slow');
    if (slow !== undefined) await sleep(slow.delayMs ?? 0);
    const limit = has('rate_limit');
    if (limit !== undefined) return rateLimited(limit);
    const failure = has('server_error');
    if (failure !== undefined)
      return { status: failure.status ?? 500, json: { detail: 'Internal server error' } };
    const reply = dispatch(parts, request, { target, body });
    return has('commit_then_drop') === undefined ? reply : 'drop';
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    if (request.destroyed && !request.complete) return 'drop';
    parts.reportError(error);
    return { status: 500, json: { detail: 'Internal server error' } };
  }
}

function rateLimited(rule: FaultRule): Reply {
  return {
    status: 429,
    json: { detail: 'Too many requests' },
    headers: { 'retry-after': String(rule.retryAfterSeconds ?? 1) },
  };
}

/** Past the limit it reads on and forgets: an answer while the client still writes looks like a reset to many of them. */
async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
  }
  if (size > limit) throw refusal(413, 'Request entity too large', 'ingest');
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? unzip(body, limit) : body;
}

function unzip(body: Buffer, limit: number): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: limit });
  } catch {
    throw refusal(400, 'Bad request: body is no gzip, or too large', 'ingest');
  }
}

function dispatch(
  parts: ListenerParts,
  request: IncomingMessage,
  { target, body }: { target: Target; body: Buffer },
): Reply {
  const { match, method, path, query } = target;
  if (match === undefined) return { status: 404, json: { detail: 'Not Found' } };
  const { route, params } = match;
  const { headers } = request;
  const handler = route.methods[method as MethodName];
  if (handler === undefined) return { status: 405, json: { detail: 'Method Not Allowed' } };
  const openWorkspace = () => parts.keyring.values().next().value;
  const workspace =
    (route.open === true ? openWorkspace() : undefined) ??
    workspaceOf(parts.keyring, headers, route.half ?? 'api');
  return handler({
    method,
    path,
    params,
    query,
    headers,
    workspace,
    json: () => parseJson(body),
    parts: () => {
      const found = parseMultipart(body, headers['content-type']);
      if (found === undefined) throw unprocessable('Expected a multipart/form-data body', 'ingest');
      return found;
    },
  });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw unprocessable('JSON decode error');
  }
}

/** Every answer says what this server is not. */
function send(response: ServerResponse, reply: Reply): void {
  response.statusCode = reply.status;
  response.setHeader('x-dev-server', 'assay-langsmith-test-server; tests only');
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  if (reply.status === 413) response.setHeader('connection', 'close');
  if (reply.json === undefined) {
    response.end();
    return;
  }
  const payload = Buffer.from(JSON.stringify(reply.json));
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', payload.length);
  response.end(payload);
}
