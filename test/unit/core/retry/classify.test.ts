import { describe, expect, it } from '@jest/globals';

import {
  classifyHttpFailure,
  failureOf,
  parseRetryAfter,
  withFailure,
} from '../../../../src/core/retry/classify.js';

const nowMs = Date.UTC(2026, 0, 1, 12, 0, 0);
const failed = (code: string, cause?: Error): Error =>
  Object.assign(new Error('x', cause === undefined ? undefined : { cause }), { code });

describe('classifyHttpFailure', () => {
  it.each([
    [400, 'final', 'bad_request'],
    [401, 'final', 'unauthorized'],
    [402, 'final', 'quota_exhausted'],
    [403, 'final', 'forbidden'],
    [404, 'final', 'not_found'],
    [413, 'final', 'too_large'],
    [422, 'final', 'bad_request'],
    [501, 'final', 'not_supported'],
    [302, 'final', 'redirected'],
    [408, 'retryable', 'request_timeout'],
    [409, 'retryable', 'conflict'],
    [425, 'retryable', 'overloaded'],
    [429, 'retryable', 'rate_limited'],
    [500, 'retryable', 'server_error'],
    [502, 'retryable', 'server_error'],
    [503, 'retryable', 'overloaded'],
    [504, 'retryable', 'timeout'],
    [529, 'retryable', 'overloaded'],
    [599, 'retryable', 'server_error'],
  ])('status %i is %s: %s', (status, retry, type) => {
    expect(classifyHttpFailure({ status, nowMs })).toEqual({ retry, type });
  });

  it('obeys Retry-After wherever a retry makes sense, and nowhere else', () => {
    const headers = { 'retry-after': '7' };
    const after = { retry: 'after', retryAfterMs: 7000 };
    expect(classifyHttpFailure({ status: 429, headers, nowMs })).toMatchObject(after);
    expect(classifyHttpFailure({ status: 503, headers, nowMs })).toMatchObject(after);
    expect(classifyHttpFailure({ status: 400, headers, nowMs })).toMatchObject({ retry: 'final' });
  });

  it('prefers the finer retry-after-ms, unless it cannot be read', () => {
    const of = (ms: string) =>
      classifyHttpFailure({
        status: 429,
        headers: { 'retry-after': '7', 'retry-after-ms': ms },
        nowMs,
      });
    expect(of('1250.5')).toMatchObject({ retryAfterMs: 1251 });
    expect(of('soon')).toMatchObject({ retryAfterMs: 7000 });
  });

  it('calls an exhausted quota final, though it comes as a 429 with a Retry-After', () => {
    const headers = { 'retry-after': '1', 'x-should-retry': 'true' };
    for (const body of [
      { error: { code: 'insufficient_quota', message: 'x' } },
      { error: { type: 'insufficient_quota' } },
      { code: 'billing_hard_limit_reached' },
    ]) {
      expect(classifyHttpFailure({ status: 429, headers, body, nowMs })).toEqual({
        retry: 'final',
        type: 'quota_exhausted',
      });
    }
  });

  it('waits for a quota that names its reset: a quota of the day comes back', () => {
    const quota = { error: { code: 'insufficient_quota' } };
    const tomorrow = { retry: 'after', type: 'rate_limited', retryAfterMs: 36_000_000 };
    const of = (headers: Record<string, string>, body: unknown = quota) =>
      classifyHttpFailure({ status: 429, headers, body, nowMs });
    expect(of({ 'retry-after': '36000' })).toEqual(tomorrow);
    expect(of({ 'retry-after': 'Thu, 01 Jan 2026 22:00:00 GMT' })).toEqual(tomorrow);
    expect(of({}, { error: { ...quota.error, details: [{ retryDelay: '36000s' }] } })).toEqual(
      tomorrow,
    );
    expect(of({ 'retry-after': '36000', 'x-should-retry': 'false' })).toMatchObject({
      retry: 'final',
    });
  });

  it('reads the reset of the limit that is used up, where no Retry-After says it', () => {
    const of = (headers: Record<string, string>, body?: unknown) =>
      classifyHttpFailure({ status: 429, headers, body, nowMs });
    const used = { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '8h20m' };
    expect(of(used)).toMatchObject({ retry: 'after', retryAfterMs: 30_000_000 });
    const both = {
      ...used,
      'x-ratelimit-remaining-tokens': '17',
      'x-ratelimit-reset-tokens': '2d',
    };
    expect(of(both)).toMatchObject({ retryAfterMs: 30_000_000 });
    expect(of({ ...used, 'retry-after': '2' })).toMatchObject({ retryAfterMs: 2_000 });
    expect(of({}, [{ error: { details: [{}, { retryDelay: '34.07s' }] } }])).toMatchObject({
      retryAfterMs: 34_070,
    });
    expect(of({ ...used, 'x-ratelimit-reset-requests': 'soon' })).toMatchObject({
      retry: 'retryable',
    });
  });

  it('does not take a message that speaks of quota for an exhausted one', () => {
    const body = { error: { code: 'rate_limit_exceeded', message: 'insufficient_quota' } };
    expect(classifyHttpFailure({ status: 429, body, nowMs })).toMatchObject({
      type: 'rate_limited',
    });
  });

  it('follows the server’s x-should-retry', () => {
    const of = (status: number, advice: string) =>
      classifyHttpFailure({ status, headers: { 'x-should-retry': advice }, nowMs }).retry;
    expect(of(500, 'false')).toBe('final');
    expect(of(400, 'true')).toBe('retryable');
    expect(of(500, 'perhaps')).toBe('retryable');
  });

  it.each([
    [failed('ECONNREFUSED'), 'retryable', 'connection_refused'],
    [failed('ECONNRESET'), 'retryable', 'connection_lost'],
    [failed('UND_ERR_SOCKET'), 'retryable', 'connection_lost'],
    [failed('UND_ERR_CONNECT_TIMEOUT'), 'retryable', 'timeout'],
    [failed('ENOTFOUND'), 'retryable', 'name_not_resolved'],
    [failed('EAI_AGAIN'), 'retryable', 'name_not_resolved'],
    [failed('EHOSTUNREACH'), 'retryable', 'host_unreachable'],
    [
      new TypeError('fetch failed', { cause: failed('ECONNRESET') }),
      'retryable',
      'connection_lost',
    ],
    [new AggregateError([failed('ECONNREFUSED')]), 'retryable', 'connection_refused'],
    [new DOMException('x', 'TimeoutError'), 'retryable', 'timeout'],
    [failed('CERT_HAS_EXPIRED'), 'final', 'tls_failed'],
    [failed('ERR_TLS_CERT_ALTNAME_INVALID'), 'final', 'tls_failed'],
    [failed('DEPTH_ZERO_SELF_SIGNED_CERT'), 'final', 'tls_failed'],
    [new DOMException('x', 'AbortError'), 'final', 'aborted'],
    [new Error('a defect'), 'final', 'unknown'],
    ['a text', 'final', 'unknown'],
    [undefined, 'final', 'unknown'],
  ])('no answer and %s: %s', (cause, retry, type) => {
    expect(classifyHttpFailure({ cause, nowMs })).toEqual({ retry, type });
  });

  it('ends on causes that form a ring', () => {
    const ring = new Error('a');
    ring.cause = new Error('b', { cause: ring });
    expect(classifyHttpFailure({ cause: ring, nowMs }).type).toBe('unknown');
  });

  it('knows the errors of the OpenAI client, which leave their name at Error', () => {
    class APIConnectionError extends Error {}
    class APIUserAbortError extends Error {}
    expect(classifyHttpFailure({ cause: new APIConnectionError('x'), nowMs })).toEqual({
      retry: 'retryable',
      type: 'connection_lost',
    });
    expect(classifyHttpFailure({ cause: new APIUserAbortError('x'), nowMs }).type).toBe('aborted');
  });
});

describe('parseRetryAfter', () => {
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['0.25', 250],
    ['Thu, 01 Jan 2026 12:00:30 GMT', 30_000],
    ['Thursday, 01-Jan-26 12:00:30 GMT', 30_000],
    ['Thu Jan  1 12:00:30 2026', 30_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
  ])('reads %j', (text, wanted) => {
    expect(parseRetryAfter(text, nowMs)).toBe(wanted);
  });

  it.each(['', '-5', '1e9', 'soon', 'Infinity', '99999999999', 'Thu, 99 Foo 2026 12:00:00 GMT'])(
    'does not guess at %j',
    (text) => {
      expect(parseRetryAfter(text, nowMs)).toBeUndefined();
    },
  );
});

describe('withFailure', () => {
  it('notes the class on an error without showing it in its text or JSON', () => {
    const error = withFailure(new Error('x'), { retry: 'final', type: 'aborted' });
    expect(failureOf(error)).toEqual({ retry: 'final', type: 'aborted' });
    expect(JSON.stringify(error)).toBe('{}');
    expect(failureOf(new Error('x'))).toBeUndefined();
    expect(failureOf('text')).toBeUndefined();
  });
});
