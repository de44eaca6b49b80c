import { request as send, type Agent, type Dispatcher } from 'undici';

import { AssayError } from '../core/errors/assay-error.js';
import { classifyHttpFailure, withFailure } from '../core/retry/classify.js';
import { compileAllowList, type AllowList } from './allow-list.js';
import { withDeadline } from './deadline.js';
import { checkLiteral, createGuardedAgent, type Resolve } from './guarded-agent.js';
import { readHeaders, readUrl } from './request-rules.js';
import { keepHeaders, readBody, refuseRedirect } from './response.js';

/** One request to an address that a user gave. */
export interface OutboundRequest {
  /** http or https, without credentials. */
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Sent as they are; secrets are resolved by the caller. Those of the connection itself are refused. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** For everything: name, connection, headers, body. Milliseconds. */
  readonly timeoutMs: number;
  /** The most the body may hold, before and after decompression. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/** The answer, whatever its status (but no redirect). */
export interface OutboundResponse {
  readonly status: number;
  /** Only those worth recording, lower-case; never cookies. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decompressed. */
  readonly body: Buffer;
  /** ISO 8601, UTC, milliseconds. */
  readonly startedAt: string;
  readonly endedAt: string;
}

/** The one way out to addresses that a user gave. */
export interface Outbound {
  /**
   * Sends one request and reads the whole answer. Follows no redirect, uses no proxy of the environment, keeps no
   * cookies, retries nothing. Messages name the origin only, never path, query or header values.
   *
   * @throws AssayError
   * - ADDRESS_FORBIDDEN (closed address, other scheme, credentials in the URL), CONFIG_INVALID (headers)
   * - REDIRECT_REFUSED, RESPONSE_TOO_LARGE, TARGET_OUTPUT_INVALID (encoding)
   * - TARGET_TIMEOUT, TARGET_FAILED (no connection, connection lost): `failureOf(error)` says whether to retry
   * @throws the signal's reason where the caller aborted
   */
  request(request: OutboundRequest): Promise<OutboundResponse>;
  /** Refuses new requests, waits for those in flight, then closes all connections. */
  close(): Promise<void>;
}

/**
 * Creates the guarded way out. Loopback, private, unique-local, carrier-grade NAT, multicast, reserved and
 * unspecified addresses are refused unless `allow` names them (host, host:port, address, CIDR range); link-local
 * and cloud metadata addresses always are.
 *
 * @throws AssayError CONFIG_INVALID for entries of `allow` that cannot be read
 */
export function createOutbound(options: {
  readonly allow: readonly string[];
  /** Default: the system's resolver. */
  readonly resolve?: Resolve;
}): Outbound {
  const rules = compileAllowList(options.allow);
  const closing = new AbortController();
  const agent = createGuardedAgent({ rules, resolve: options.resolve, closing: closing.signal });
  const inFlight = new Set<Promise<OutboundResponse>>();
  return {
    request: (request) => {
      const answer = exchange({ request, rules, agent });
      inFlight.add(answer);
      const done = (): void => void inFlight.delete(answer);
      answer.then(done, done);
      return answer;
    },
    close: async () => {
      const closed = agent.close();
      await Promise.allSettled(inFlight);
      // What is left are connections of requests that ran out of time.
      closing.abort();
      await closed;
    },
  };
}

async function exchange(context: {
  request: OutboundRequest;
  rules: AllowList;
  agent: Agent;
}): Promise<OutboundResponse> {
  const { request, rules } = context;
  const url = readUrl(request.url);
  const headers = readHeaders(request.headers ?? {});
  checkLiteral(rules, url);
  request.signal?.throwIfAborted();
  return withDeadline(request.timeoutMs, [request.signal], async ({ signal }) => {
    // undici looks at its signal only once it has a connection.
    const ended = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
    const work = sendAndRead(context, { url, headers, signal });
    try {
      return await Promise.race([work, ended]);
    } catch (error) {
      if (request.signal?.aborted === true) throw request.signal.reason;
      if (signal.aborted) throw timedOut(url, request.timeoutMs);
      throw unreachable(url, error);
    }
  });
}

async function sendAndRead(
  { request, agent }: { request: OutboundRequest; agent: Agent },
  prepared: { url: URL; headers: Record<string, string>; signal: AbortSignal },
): Promise<OutboundResponse> {
  const { url, headers, signal } = prepared;
  const startedAt = new Date().toISOString();
  const answer = await send(url, {
    dispatcher: agent,
    method: request.method,
    headers,
    body: request.body ?? null,
    signal,
  });
  const body = await take(answer, { url, maxBytes: request.maxBytes });
  const endedAt = new Date().toISOString();
  const kept = keepHeaders(answer.headers);
  return { status: answer.statusCode, headers: kept, body, startedAt, endedAt };
}

async function take(
  answer: Dispatcher.ResponseData,
  limits: { url: URL; maxBytes: number },
): Promise<Buffer> {
  try {
    refuseRedirect({
      status: answer.statusCode,
      location: answer.headers['location'],
      url: limits.url,
    });
    const length = answer.headers['content-length'];
    return await readBody(answer.body, {
      encoding: String(answer.headers['content-encoding'] ?? ''),
      length: typeof length === 'string' ? length : undefined,
      maxBytes: limits.maxBytes,
    });
  } catch (error) {
    // What is not read would keep the connection busy; destroying it raises an error nobody waits for.
    answer.body.on('error', () => undefined).destroy();
    throw error;
  }
}

function timedOut(url: URL, timeoutMs: number): AssayError {
  const message = `${url.origin} did not answer in full within ${timeoutMs} ms.`;
  return withFailure(new AssayError('TARGET_TIMEOUT', message), {
    retry: 'retryable',
    type: 'timeout',
  });
}

const reasons: Readonly<Record<string, string>> = {
  connection_refused: 'refuses the connection',
  connection_lost: 'closed the connection before the answer was complete',
  host_unreachable: 'cannot be reached from here',
  name_not_resolved: 'has a host name that does not resolve',
  timeout: 'did not accept the connection in time',
  tls_failed: 'has no valid TLS certificate, or speaks no TLS',
};

function unreachable(url: URL, error: unknown): unknown {
  if (AssayError.is(error)) return error;
  const failure = classifyHttpFailure({ cause: error, nowMs: 0 });
  const reason = reasons[failure.type] ?? 'could not be called';
  // The cause's own text can repeat what was sent (undici names header values); it stays inside.
  return withFailure(
    new AssayError('TARGET_FAILED', `${url.origin} ${reason}.`, { cause: error }),
    failure,
  );
}
