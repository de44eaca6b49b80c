import { describe, expect, it } from '@jest/globals';

import { NetworkFailure } from '../../../../src/platforms/http/network-failure.js';
import type { HttpAnswer } from '../../../../src/platforms/http/transport.js';
import { outcomeOfAnswer, outcomeOfFailure } from '../../../../src/platforms/langsmith/outcome.js';

const answer = (
  status: number,
  text = '{"error":"why"}',
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer => ({ status, text, header: (name) => headers[name] });

const page = '<html>maintenance</html>';

describe('what an answer means for what was sent', () => {
  it.each([
    [202, '{"message":"Runs batch ingested"}', { outcome: 'accepted' }],
    [202, '', { outcome: 'accepted' }],
    [200, page, { outcome: 'later', retryAfterMs: 15_000 }],
    [200, 'ok?', { outcome: 'ambiguous' }],
    [409, '{"error":"Conflict: payload already received"}', { outcome: 'known' }],
    [409, page, { outcome: 'later' }],
    [400, '{"error":"bad"}', { outcome: 'refused', code: 'PLATFORM_REFUSED' }],
    [422, '{"detail":[{"msg":"bad"}]}', { outcome: 'refused', code: 'PLATFORM_REFUSED' }],
    [413, 'too large', { outcome: 'refused', code: 'PLATFORM_REFUSED' }],
    [401, '{}', { outcome: 'refused', code: 'PLATFORM_UNAUTHORIZED' }],
    [403, page, { outcome: 'refused', code: 'PLATFORM_UNAUTHORIZED' }],
    [404, page, { outcome: 'later' }],
    [404, 'not found', { outcome: 'later' }],
    [302, '', { outcome: 'later' }],
    [500, '{}', { outcome: 'ambiguous' }],
    [503, '{}', { outcome: 'ambiguous' }],
    [408, '', { outcome: 'ambiguous' }],
  ])('%i %s', (status, text, wanted) => {
    expect(outcomeOfAnswer(answer(status, text), 0)).toMatchObject(wanted);
  });

  it('waits as long as a 429 or a 503 asks', () => {
    const headers = { 'retry-after': '9' };
    for (const status of [429, 503]) {
      expect(outcomeOfAnswer(answer(status, '', headers), 0)).toMatchObject({
        outcome: 'later',
        retryAfterMs: 9_000,
      });
    }
    expect(outcomeOfAnswer(answer(429), 0)).toMatchObject({
      outcome: 'later',
      retryAfterMs: 5_000,
    });
  });

  it('says what the server said, on one line without control characters', () => {
    const said = JSON.stringify({ detail: `a\u001B[31m\n${'b'.repeat(500)}` });
    const outcome = outcomeOfAnswer(answer(400, said), 0);
    if (!('reason' in outcome)) throw new Error('no reason');
    // eslint-disable-next-line no-control-regex -- these are what must not be there
    expect(outcome.reason).not.toMatch(/[\u0000-\u001F]/);
    expect(outcome.reason.length).toBeLessThan(320);
  });

  it('tells what may have arrived from what did not', () => {
    const failure = (mayHaveArrived: boolean, status?: number) =>
      new NetworkFailure('why', {
        cause: undefined,
        mayHaveArrived,
        ...(status === undefined ? {} : { status }),
      });
    expect(outcomeOfFailure(failure(false))).toMatchObject({ outcome: 'unreachable' });
    expect(outcomeOfFailure(failure(true))).toMatchObject({ outcome: 'ambiguous' });
    expect(outcomeOfFailure(failure(true, 202))).toMatchObject({ outcome: 'ambiguous' });
    expect(outcomeOfFailure(failure(true, 409))).toMatchObject({ outcome: 'ambiguous' });
  });
});
