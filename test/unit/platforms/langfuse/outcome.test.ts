import { describe, expect, it } from '@jest/globals';

import type { OutboundExport } from '../../../../src/platforms/port.js';
import {
  NetworkFailure,
  toNetworkFailure,
} from '../../../../src/platforms/http/network-failure.js';
import { outcomeOfAnswer, outcomeOfFailure } from '../../../../src/platforms/langfuse/outcome.js';
import { retryAfterMs } from '../../../../src/platforms/http/retry-after.js';
import type { HttpAnswer } from '../../../../src/platforms/http/transport.js';

const now = Date.parse('2026-11-20T10:00:00Z');

function answer(
  status: number,
  text = '',
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return { status, text, header: (name) => headers[name] };
}

function batch(kind: OutboundExport['kind'], count = 1): OutboundExport {
  const records = Array.from({ length: count }, (_, index) => ({
    kind,
    body: '[]',
    traceId: 't',
    ids: [`s${index}a`, `s${index}b`],
    rowId: `row-${index}`,
  }));
  return { exportId: 'e', kind, records };
}

describe('outcomeOfAnswer', () => {
  it.each([200, 201, 202])('accepts spans on %d', (status) => {
    expect(outcomeOfAnswer(batch('spans'), answer(status, '{}'), now)).toEqual({
      outcome: 'accepted',
      refused: [],
    });
  });

  it.each([401, 403])('takes %d for a word on the keys, and not on the records', (status) => {
    expect(outcomeOfAnswer(batch('spans', 2), answer(status), now)).toMatchObject({
      outcome: 'refused',
      code: 'PLATFORM_UNAUTHORIZED',
      splittable: false,
    });
  });

  it.each([
    [400, '{"message":"bad"}'],
    [422, '{"error":"bad"}'],
    [413, '{"message":"too large"}'],
    [413, 'Body exceeded 4.5mb limit'],
  ])('refuses records on %d with %s', (status, text) => {
    expect(outcomeOfAnswer(batch('spans', 2), answer(status, text), now)).toMatchObject({
      outcome: 'refused',
      code: 'PLATFORM_REFUSED',
      splittable: true,
    });
  });

  it('sends halves where a proxy of a smaller limit says so with a page', () => {
    const page = answer(413, '<html>', { 'content-type': 'text/html' });
    expect(outcomeOfAnswer(batch('spans', 2), page, now)).toMatchObject({ splittable: true });
  });

  it.each([
    [200, '<html>Back soon', 'text/html'],
    [200, '<!doctype html>', ''],
    [302, '', ''],
    [308, '<html>', 'text/html'],
    [400, '<html>Bad Request', 'text/html'],
    [400, '', ''],
    [404, '<html>', 'text/html'],
    [404, '{"message":"no such route"}', 'application/json'],
    [405, '', ''],
    [409, '', ''],
    [422, 'oops', 'text/plain'],
  ])('refuses nothing for good on %d "%s" %s: it waits', (status, text, type) => {
    for (const kind of ['spans', 'scores'] as const) {
      expect(
        outcomeOfAnswer(batch(kind, 2), answer(status, text, { 'content-type': type }), now),
      ).toMatchObject({ outcome: 'later', retryAfterMs: 15_000 });
    }
  });

  it("is not sure where a text that is not the server's stands for its answer to spans", () => {
    expect(outcomeOfAnswer(batch('spans'), answer(200, 'Back soon'), now).outcome).toBe(
      'ambiguous',
    );
    expect(outcomeOfAnswer(batch('spans'), answer(200, ''), now).outcome).toBe('accepted');
  });

  it('waits as long as a maintenance page asks', () => {
    const page = answer(404, '<html>', { 'content-type': 'text/html', 'retry-after': '60' });
    expect(outcomeOfAnswer(batch('spans'), page, now)).toMatchObject({ retryAfterMs: 60_000 });
  });

  it('does not ask for halves of a single record', () => {
    expect(outcomeOfAnswer(batch('spans'), answer(413), now)).toMatchObject({ splittable: false });
  });

  it.each([500, 502, 503, 504, 408])('is not sure after %d', (status) => {
    expect(outcomeOfAnswer(batch('spans'), answer(status), now).outcome).toBe('ambiguous');
  });

  it.each([429, 503])('waits as long as %d asks', (status) => {
    expect(
      outcomeOfAnswer(batch('spans'), answer(status, '', { 'retry-after': '7' }), now),
    ).toMatchObject({ outcome: 'later', retryAfterMs: 7_000 });
  });

  it('names the row of each refused score and accepts the others', () => {
    const text = JSON.stringify({
      successes: [
        { id: 's0a', status: 201 },
        { id: 's1a', status: 201 },
        { id: 's1b', status: 201 },
      ],
      errors: [{ id: 's0b', status: 400, message: 'Invalid request data', error: '[zod]' }],
    });
    expect(outcomeOfAnswer(batch('scores', 2), answer(207, text), now)).toEqual({
      outcome: 'accepted',
      refused: [{ rowId: 'row-0', id: 's0b', reason: '400: Invalid request data [zod]' }],
    });
  });

  it('gives an error without an id to those that were not confirmed', () => {
    const text = JSON.stringify({
      successes: [{ id: 's0a' }],
      errors: [{ id: 'unknown', status: 400, message: 'bad' }],
    });
    expect(outcomeOfAnswer(batch('scores'), answer(207, text), now)).toMatchObject({
      refused: [{ rowId: 'row-0', id: 's0b' }],
    });
  });

  it('is not sure where the server failed at single scores', () => {
    const text = JSON.stringify({
      successes: [],
      errors: [{ id: 's0a', status: 500, message: 'x' }],
    });
    expect(outcomeOfAnswer(batch('scores'), answer(207, text), now).outcome).toBe('ambiguous');
  });

  it('tells which scores are there where the server failed at others', () => {
    const text = JSON.stringify({
      successes: [{ id: 's0b' }],
      errors: [{ id: 's0a', status: 500, message: 'x' }],
    });
    expect(outcomeOfAnswer(batch('scores'), answer(207, text), now)).toMatchObject({
      answered: true,
      taken: ['s0b'],
    });
  });

  it('is not sure where the list of errors cannot be read', () => {
    expect(outcomeOfAnswer(batch('scores'), answer(207, 'oops'), now).outcome).toBe('ambiguous');
  });

  it('shows of the server a printable, short message', () => {
    const text = JSON.stringify({ message: `\u001b[31m${'x'.repeat(5_000)}\r\n` });
    const outcome = outcomeOfAnswer(batch('spans'), answer(400, text), now);
    const reason = 'reason' in outcome ? outcome.reason : '';
    expect(reason.length).toBeLessThan(320);
    // eslint-disable-next-line no-control-regex -- the very characters that must be gone
    expect(reason).not.toMatch(/[\u0000-\u001f]/);
  });
});

describe('outcomeOfFailure', () => {
  const failed = (code: string) =>
    outcomeOfFailure(toNetworkFailure(Object.assign(new Error(code), { code }))).outcome;

  it.each(['ECONNREFUSED', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED'])(
    'knows that nothing was sent after %s',
    (code) => {
      expect(failed(code)).toBe('unreachable');
    },
  );

  it.each(['ECONNRESET', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'EPIPE'])(
    'is not sure after %s',
    (code) => {
      expect(failed(code)).toBe('ambiguous');
    },
  );

  it('sees the refusal of a name with several addresses', () => {
    const one = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    expect(outcomeOfFailure(toNetworkFailure(new AggregateError([one, one]))).outcome).toBe(
      'unreachable',
    );
  });

  it('is not sure where the answer had begun', () => {
    const error = Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    expect(toNetworkFailure(error, 200)).toMatchObject({ mayHaveArrived: true, status: 200 });
    expect(toNetworkFailure(error)).toBeInstanceOf(NetworkFailure);
  });
});

describe('retryAfterMs', () => {
  it.each([
    ['3', 3_000],
    ['0', 100],
    ['Fri, 20 Nov 2026 10:00:09 GMT', 9_000],
    ['Fri, 20 Nov 2026 09:00:00 GMT', 100],
    ['99999999999', 86_400_000],
    ['soon', 5_000],
    [undefined, 5_000],
  ])('reads %p as %d ms', (header, expected) => {
    expect(retryAfterMs(header, now)).toBe(expected);
  });
});
