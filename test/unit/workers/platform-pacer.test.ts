import { describe, expect, it } from '@jest/globals';

import { createGovernor } from '../../../src/models/governor.js';
import { platformPacer } from '../../../src/workers/platform-pacer.js';

const baseUrl = 'https://langfuse.example/';
const paced = () => {
  const governor = createGovernor();
  return { governor, pacer: platformPacer(governor, { platform: 'langfuse', url: baseUrl }) };
};
const signal = (): AbortSignal => AbortSignal.timeout(10_000);
const key = (kind: string): string => `langfuse/${kind} https://langfuse.example`;

describe('the pace of requests to a platform', () => {
  it('lets requests through while nobody refuses them', async () => {
    const { governor, pacer } = paced();
    for (let request = 0; request < 20; request += 1) {
      const done = await pacer({ kind: 'datasets', signal: signal() });
      done({ status: 200, retryAfterMs: undefined });
    }
    await governor.close();
  });

  it('holds back the kind of endpoint that said Retry-After, and no other', async () => {
    const { governor, pacer } = paced();
    const done = await pacer({ kind: 'general', signal: signal() });
    done({ status: 429, retryAfterMs: 60_000 });
    // Longer than a request may wait: told as data, so that the workflow waits where people see it.
    await expect(pacer({ kind: 'general', signal: signal() })).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
      message: expect.stringContaining('Langfuse at https://langfuse.example'),
      retryAfterMs: expect.any(Number),
    });
    const other = await pacer({ kind: 'datasets', signal: signal() });
    other({ status: 200, retryAfterMs: undefined });
    await governor.close();
  });

  it('waits here for a short Retry-After, and then goes on', async () => {
    const { governor, pacer } = paced();
    const done = await pacer({ kind: 'general', signal: signal() });
    const refusedAt = performance.now();
    done({ status: 429, retryAfterMs: 300 });
    const next = await pacer({ kind: 'general', signal: signal() });
    expect(performance.now() - refusedAt).toBeGreaterThanOrEqual(290);
    next({ status: 200, retryAfterMs: undefined });
    await governor.close();
  });

  it('takes a server that fails, or does not answer, for no word on its limits', async () => {
    const ends: string[] = [];
    const held: string[] = [];
    const pacer = platformPacer(
      {
        enter: ({ key: asked }: { key: string }) => {
          expect(asked).toBe(key('general'));
          return { end: ({ kind }: { kind: string }) => ends.push(kind) };
        },
        holdBack: (asked: string) => held.push(asked),
      } as never,
      { platform: 'langfuse', url: baseUrl },
    );
    for (const answer of [
      undefined,
      { status: 503, retryAfterMs: 1_000 },
      { status: 200, retryAfterMs: undefined },
      { status: 404, retryAfterMs: undefined },
      { status: 429, retryAfterMs: undefined },
      { status: 429, retryAfterMs: 5 },
    ]) {
      const done = await pacer({ kind: 'general', signal: signal() });
      done(answer);
    }
    expect(ends).toEqual(['other', 'other', 'answered', 'answered', 'refused', 'refused']);
    expect(held).toEqual([key('general')]);
  });

  it('stops waiting with whoever asked', async () => {
    const { governor, pacer } = paced();
    const done = await pacer({ kind: 'general', signal: signal() });
    done({ status: 429, retryAfterMs: 20_000 });
    const leaving = new AbortController();
    const waiting = pacer({ kind: 'general', signal: leaving.signal });
    leaving.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
    await governor.close();
  });
});
