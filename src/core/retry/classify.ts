/**
 * What a failed HTTP call means for whoever may repeat it. Pure: one classifier for models, HTTP targets and
 * platforms, so that the same failure is never retried in one place and final in another.
 */

/** The stable name of a failure; policies, metrics and reports switch on it, never on a message. */
export type FailureType =
  // After a wait, or with any luck
  | 'rate_limited'
  | 'overloaded'
  | 'server_error'
  | 'request_timeout'
  | 'timeout'
  | 'connection_refused'
  | 'connection_lost'
  | 'host_unreachable'
  | 'name_not_resolved'
  | 'conflict'
  // Final
  | 'quota_exhausted'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'too_large'
  | 'bad_request'
  | 'redirected'
  | 'not_supported'
  | 'tls_failed'
  | 'aborted'
  | 'unknown';

/** Whether and when the same call may be made again. */
export type HttpFailure =
  | { readonly retry: 'retryable'; readonly type: FailureType }
  /** The server said how long to wait, in milliseconds (0 or more). */
  | { readonly retry: 'after'; readonly type: FailureType; readonly retryAfterMs: number }
  | { readonly retry: 'final'; readonly type: FailureType };

/** What is known of the failed call. Either an answer came (`status`) or none did (`cause`). */
export interface FailedCall {
  /** The HTTP status; absent where no answer came. */
  readonly status?: number | undefined;
  /** Lower-case names. Read: `retry-after`, `retry-after-ms`, `x-should-retry`, `x-ratelimit-*-requests`, `…-tokens`. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  /** The parsed body, of which only the error's `code`, `type` and `details` are read (`{error: {code, type, details}}`). */
  readonly body?: unknown;
  /** What was thrown where no answer came; its `code` and the codes of its causes are read. */
  readonly cause?: unknown;
  /** The present, in milliseconds since the epoch: a Retry-After date is relative to it. */
  readonly nowMs: number;
}

/**
 * Classifies a failed HTTP call.
 *
 * - 429 is `after` or `retryable`, except where the provider says that the account's quota or credit is used up:
 *   OpenAI sends `insufficient_quota` as a 429 too, and no wait mends that, unless it names the time of a reset itself (a
 *   Retry-After of a minute or more, or one in the body): a quota of the day comes back. A shorter Retry-After beside it is what
 *   gateways put on every 429.
 * - The wait after a 429 is what `retry-after-ms` or `Retry-After` says, else what OpenAI's `x-ratelimit-reset-*` says of the
 *   limit that has nothing remaining, else Google's `RetryInfo` in the body.
 * - 408, 409, 425, 500, 502, 503, 504, 529 and unknown 5xx are worth a retry; 501 and 505 are not.
 * - Any other 4xx, a redirect, a TLS failure and an abort are final. `x-should-retry` (OpenAI, Anthropic) overrules
 *   the status, but never the quota rule.
 * - A connection that failed is worth a retry, also for a name that does not resolve: a cluster's DNS answers
 *   NXDOMAIN while a service is being replaced.
 */
export function classifyHttpFailure(call: FailedCall): HttpFailure {
  if (call.status === undefined) return classifyConnection(call.cause);
  if (isQuotaExhausted(call.status, call.body)) {
    const resetMs = call.headers?.['x-should-retry'] === 'false' ? undefined : retryAfter(call);
    return resetMs === undefined || resetMs < leastResetMs
      ? { retry: 'final', type: 'quota_exhausted' }
      : { retry: 'after', type: 'rate_limited', retryAfterMs: resetMs };
  }
  const { retryable, type } = classifyStatus(call.status);
  const advice = call.headers?.['x-should-retry'];
  const repeat = advice === 'true' ? true : advice === 'false' ? false : retryable;
  if (!repeat) return { retry: 'final', type };
  const retryAfterMs = retryAfter(call);
  return retryAfterMs === undefined
    ? { retry: 'retryable', type }
    : { retry: 'after', type, retryAfterMs };
}

/**
 * The wait that a `Retry-After` header asks for, in milliseconds; undefined where it cannot be read. Seconds (also
 * fractions, which some providers send) or an HTTP date; a date in the past means now (RFC 9110, 10.2.3).
 */
export function parseRetryAfter(value: string, nowMs: number): number | undefined {
  const text = value.trim();
  if (/^\d{1,9}(?:\.\d{1,9})?$/.test(text)) return Math.ceil(Number(text) * 1000);
  // Date.parse takes nearly anything ("-5" is a year), so only the shapes of HTTP dates reach it.
  if (!/^[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}/.test(text)) return undefined;
  const at = Date.parse(/GMT$|UTC$/.test(text) ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

function retryAfter(call: FailedCall): number | undefined {
  // Finer than Retry-After, and sent beside it by OpenAI and Azure.
  const ms = call.headers?.['retry-after-ms'];
  if (ms !== undefined && /^\d{1,12}(?:\.\d{1,9})?$/.test(ms.trim())) return Math.ceil(Number(ms));
  const header = call.headers?.['retry-after'];
  const asked = header === undefined ? undefined : parseRetryAfter(header, call.nowMs);
  if (asked !== undefined || call.status !== 429) return asked;
  return resetOf(call.headers ?? {}) ?? retryInfo(call.body);
}

/** A quota that names its reset comes back; below this it is a gateway's habit. */
const leastResetMs = 60_000;

// The limit that is used up says when it is not: the later one where both are.
function resetOf(headers: Readonly<Record<string, string | undefined>>): number | undefined {
  const resets = ['requests', 'tokens'].flatMap((what) =>
    headers[`x-ratelimit-remaining-${what}`]?.trim() === '0'
      ? (parseDuration(headers[`x-ratelimit-reset-${what}`] ?? '') ?? [])
      : [],
  );
  return resets.length === 0 ? undefined : Math.max(...resets);
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A duration as OpenAI and Google write it (`20ms`, `1.5s`, `6m0s`, `1d2h`), in milliseconds; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  const parts = [...text.trim().matchAll(/(\d{1,9}(?:\.\d{1,9})?)(ms|[smhd])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text.trim()) return undefined;
  return Math.ceil(
    parts.reduce((sum, [, number, unit]) => sum + Number(number) * (unitMs[unit ?? ''] ?? 0), 0),
  );
}

// google.rpc.RetryInfo, as Gemini's OpenAI-compatible endpoint sends it; some gateways wrap errors in a list.
function retryInfo(body: unknown): number | undefined {
  const first: unknown = Array.isArray(body) ? body[0] : body;
  const details = property(property(first, 'error'), 'details');
  if (!Array.isArray(details)) return undefined;
  for (const detail of details.slice(0, 16) as unknown[]) {
    const delay = property(detail, 'retryDelay');
    const parsed = typeof delay === 'string' ? parseDuration(delay) : undefined;
    if (parsed !== undefined) return parsed;
  }
  return undefined;
}

interface StatusClass {
  readonly retryable: boolean;
  readonly type: FailureType;
}

const statusClasses: Readonly<Record<number, StatusClass>> = {
  401: { retryable: false, type: 'unauthorized' },
  402: { retryable: false, type: 'quota_exhausted' },
  403: { retryable: false, type: 'forbidden' },
  404: { retryable: false, type: 'not_found' },
  408: { retryable: true, type: 'request_timeout' },
  409: { retryable: true, type: 'conflict' },
  410: { retryable: false, type: 'not_found' },
  413: { retryable: false, type: 'too_large' },
  425: { retryable: true, type: 'overloaded' },
  429: { retryable: true, type: 'rate_limited' },
  501: { retryable: false, type: 'not_supported' },
  503: { retryable: true, type: 'overloaded' },
  504: { retryable: true, type: 'timeout' },
  505: { retryable: false, type: 'not_supported' },
  // Anthropic's and some gateways' "overloaded".
  529: { retryable: true, type: 'overloaded' },
};

function classifyStatus(status: number): StatusClass {
  const known = statusClasses[status];
  if (known !== undefined) return known;
  if (status >= 500) return { retryable: true, type: 'server_error' };
  if (status >= 400) return { retryable: false, type: 'bad_request' };
  if (status >= 300) return { retryable: false, type: 'redirected' };
  return { retryable: false, type: 'unknown' };
}

// OpenAI and compatible servers; seen as `code` or as `type`.
const quotaCodes: ReadonlySet<string> = new Set([
  'insufficient_quota',
  'billing_hard_limit_reached',
  'billing_not_active',
  'insufficient_balance',
  'credit_balance_too_low',
]);

function isQuotaExhausted(status: number, body: unknown): boolean {
  if (status !== 429 && status !== 403 && status !== 400) return false;
  const error = property(body, 'error') ?? body;
  return ['code', 'type'].some((name) => {
    const value = property(error, name);
    return typeof value === 'string' && quotaCodes.has(value);
  });
}

const connectionTypes: Readonly<Record<string, FailureType>> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_lost',
  ECONNABORTED: 'connection_lost',
  EPIPE: 'connection_lost',
  UND_ERR_SOCKET: 'connection_lost',
  UND_ERR_CLOSED: 'connection_lost',
  UND_ERR_DESTROYED: 'connection_lost',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'connection_lost',
  HPE_INVALID_EOF_STATE: 'connection_lost',
  ERR_STREAM_PREMATURE_CLOSE: 'connection_lost',
  // A compressed body that ends in its middle.
  Z_BUF_ERROR: 'connection_lost',
  ETIMEDOUT: 'timeout',
  ESOCKETTIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  EHOSTUNREACH: 'host_unreachable',
  EHOSTDOWN: 'host_unreachable',
  ENETUNREACH: 'host_unreachable',
  ENETDOWN: 'host_unreachable',
  EADDRNOTAVAIL: 'host_unreachable',
  ENOTFOUND: 'name_not_resolved',
  EAI_AGAIN: 'name_not_resolved',
  EAI_FAIL: 'name_not_resolved',
  ENODATA: 'name_not_resolved',
};

function classifyConnection(cause: unknown): HttpFailure {
  // undici and fetch wrap the system's error, Node gathers the tries of several addresses in `errors`.
  const errors = withCauses(cause);
  for (const error of errors) {
    const type = connectionType(error);
    if (type === 'tls_failed' || type === 'aborted') return { retry: 'final', type };
    if (type !== undefined) return { retry: 'retryable', type };
  }
  // OpenAI's client and fetch wrap failures whose code is not known here; the call did not get through.
  const lost = errors.some((error) => className(error) === 'APIConnectionError');
  return lost
    ? { retry: 'retryable', type: 'connection_lost' }
    : { retry: 'final', type: 'unknown' };
}

function connectionType(error: unknown): FailureType | undefined {
  const code = property(error, 'code');
  if (typeof code === 'string') {
    if (
      /^(?:EPROTO$|ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_)/.test(
        code,
      )
    ) {
      return 'tls_failed';
    }
    if (Object.hasOwn(connectionTypes, code)) return connectionTypes[code];
    if (code === 'UND_ERR_ABORTED') return 'aborted';
  }
  // The classes of OpenAI's client leave `name` at "Error".
  switch (className(error)) {
    case 'TimeoutError':
    case 'APIConnectionTimeoutError':
      return 'timeout';
    case 'AbortError':
    case 'APIUserAbortError':
      return 'aborted';
    default:
      return undefined;
  }
}

function className(error: unknown): unknown {
  const name = property(error, 'name');
  return name === 'Error' ? property(property(error, 'constructor'), 'name') : name;
}

function withCauses(error: unknown): readonly unknown[] {
  const seen: unknown[] = [];
  const queue: unknown[] = [error];
  // Bounded: causes can form a ring.
  while (queue.length > 0 && seen.length < 16) {
    const next = queue.shift();
    if (typeof next !== 'object' || next === null || seen.includes(next)) continue;
    seen.push(next);
    const errors = property(next, 'errors');
    queue.push(property(next, 'cause'), ...(Array.isArray(errors) ? (errors as unknown[]) : []));
  }
  return seen;
}

function property(value: unknown, name: string): unknown {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

const failureKey = Symbol.for('assay.http-failure');

/** Notes on an error what its failure means, for {@link failureOf}; gives the error back. */
export function withFailure<E extends Error>(error: E, failure: HttpFailure): E {
  Object.defineProperty(error, failureKey, { value: failure, configurable: true });
  return error;
}

/** What {@link withFailure} noted on an error, also across realms; undefined where nothing was noted. */
export function failureOf(error: unknown): HttpFailure | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  return (error as Readonly<Record<symbol, HttpFailure | undefined>>)[failureKey];
}
