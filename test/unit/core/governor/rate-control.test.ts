import { describe, expect, it } from '@jest/globals';

import { createGovernor } from '../../../../src/models/governor.js';
import {
  createVirtualTime,
  meetIn,
  simulate,
  type ProviderOptions,
} from '../../../support/simulated-provider.js';

/** Workers that meet over a store which takes 2 ms for each statement, and a provider, in virtual time. */
const fleet = async (
  provider: ProviderOptions,
  load: { workers: number; requests: number; concurrency?: number },
) => {
  const time = createVirtualTime();
  const place = meetIn(time);
  // Named, since who comes first in the fleet is decided by their names: an unnamed one's are random.
  const governors = Array.from({ length: load.workers }, (_, index) =>
    createGovernor({ place, clock: time.clock, worker: `worker-${index}` }),
  );
  const { requests, concurrency = 100 } = load;
  const outcome = await simulate({
    provider,
    requests,
    concurrency,
    governors,
    time,
    untilMs: 3_600_000,
  });
  const byLimit = ((requests - provider.burst) / provider.perMinute) * 60_000 + provider.latencyMs;
  const byLatency = (requests * provider.latencyMs) / concurrency;
  return { ...outcome, ratio: outcome.wallMs / Math.max(byLimit, byLatency) };
};

const waits = ['exact', 'seconds', undefined] as const;

describe('a limit that nobody told', () => {
  it.each(
    waits.flatMap((retryAfter) =>
      [1, 4].flatMap((workers) =>
        [10, 200, 1_000].map((latencyMs) => ({ retryAfter, workers, latencyMs })),
      ),
    ),
  )(
    'of 3,000 a minute is used to nine tenths with few refusals ($workers workers, $latencyMs ms, Retry-After $retryAfter)',
    async ({ retryAfter, workers, latencyMs }) => {
      const provider = { perMinute: 3_000, burst: 50, latencyMs, retryAfter };
      const { ratio, refused, finished } = await fleet(provider, { workers, requests: 1_000 });
      expect(finished).toBe(true);
      expect(ratio).toBeLessThan(1.1);
      expect(refused).toBeLessThanOrEqual(50);
    },
  );

  it.each([
    { perMinute: 60, burst: 1, requests: 200, most: 1.6 },
    { perMinute: 60, burst: 60, requests: 200, most: 1.2 },
    { perMinute: 600, burst: 10, requests: 600, most: 1.2 },
    { perMinute: 10_000, burst: 100, requests: 4_000, most: 1.4 },
    { perMinute: 10_000, burst: 10_000, requests: 4_000, most: 4 },
  ])(
    'of $perMinute a minute with a burst of $burst is found, by one worker and by four',
    async ({ perMinute, burst, requests, most }) => {
      for (const workers of [1, 4]) {
        for (const latencyMs of [1_000, 5_000]) {
          const provider = { perMinute, burst, latencyMs, retryAfter: 'seconds' as const };
          const { ratio, refused, finished } = await fleet(provider, { workers, requests });
          expect(finished).toBe(true);
          expect(ratio).toBeLessThan(most);
          expect(refused).toBeLessThan(0.45 * requests);
        }
      }
    },
  );

  it.each([1, 4])('is followed down and up by %i workers', async (workers) => {
    const common = { burst: 50, latencyMs: 200, retryAfter: 'seconds' as const };
    const down = await fleet(
      { ...common, perMinute: 3_000, change: { atMs: 20_000, perMinute: 1_000 } },
      { workers, requests: 2_000 },
    );
    // 1,050 until the change, 950 at 1,000 a minute after it.
    expect(down.wallMs).toBeLessThan(1.15 * 77_000);
    expect(down.refused).toBeLessThan(150);
    const up = await fleet(
      { ...common, perMinute: 1_000, change: { atMs: 20_000, perMinute: 4_000 } },
      { workers, requests: 3_000 },
    );
    // 383 until the change, 2,617 at 4,000 a minute after it.
    expect(up.wallMs).toBeLessThan(1.4 * 59_300);
    expect(up.refused).toBeLessThan(100);
  });

  it.each([1_000, undefined].flatMap((asks) => [1, 2, 4].map((workers) => ({ workers, asks }))))(
    'is not read into refusals of everything ($workers workers, asked to wait $asks ms)',
    async ({ workers, asks: retryAfterMs }) => {
      const storms = [6_000, 12_000, 18_000].map((fromMs) => ({
        fromMs,
        forMs: 3_500,
        retryAfterMs,
      }));
      const { wallMs, refused } = await fleet(
        { perMinute: 1e9, burst: 1e6, latencyMs: 550, storms },
        { workers, requests: 2_000, concurrency: 48 },
      );
      // 22.9 s without the storms, which take 10.5 s and the second that was asked for last.
      expect(wallMs).toBeLessThan(50_000);
      expect(refused).toBeLessThan(250);
    },
  );

  it.each([1, 4])(
    'is known again after them, and before anything was taken, by %i workers',
    async (workers) => {
      const storm = { forMs: 3_500, retryAfterMs: 1_000 };
      const limited = await fleet(
        {
          ...{ perMinute: 3_000, burst: 50, latencyMs: 200, retryAfter: 'seconds' },
          storms: [
            { ...storm, fromMs: 6_000 },
            { ...storm, fromMs: 12_000 },
          ],
        },
        { workers, requests: 1_500 },
      );
      // 29.2 s without the storms, which take 7 s, and two and a half seconds each to end and to grow back.
      expect(limited.wallMs).toBeLessThan(46_000);
      expect(limited.refused).toBeLessThan(100);
      const first = await fleet(
        { perMinute: 1e9, burst: 1e6, latencyMs: 550, storms: [{ ...storm, fromMs: 0 }] },
        { workers, requests: 1_000, concurrency: 48 },
      );
      // 11.5 s without the storm.
      expect(first.wallMs).toBeLessThan(20_000);
    },
  );

  it.each([1, 4])(
    'that is low behind a large burst is not taken for them, by %i workers',
    async (workers) => {
      const { ratio, refused } = await fleet(
        { perMinute: 30, burst: 500, latencyMs: 550, retryAfter: 'seconds' },
        { workers, requests: 560, concurrency: 48 },
      );
      expect(ratio).toBeLessThan(1.15);
      expect(refused).toBeLessThan(150);
    },
  );

  it('costs a fast start little where there is none', async () => {
    const free = { perMinute: 1e9, burst: 1e6 };
    const slow = await fleet({ ...free, latencyMs: 500 }, { workers: 1, requests: 2_000 });
    expect(slow.refused).toBe(0);
    expect(slow.ratio).toBeLessThan(1.1);
    const fast = await fleet({ ...free, latencyMs: 1 }, { workers: 1, requests: 5_000 });
    expect(fast.wallMs).toBeLessThan(3_500);
  });

  it('needs no refusal where headers tell it', async () => {
    for (const workers of [1, 4]) {
      const provider = { perMinute: 3_000, burst: 50, latencyMs: 200, told: true };
      const { ratio, refused } = await fleet(provider, { workers, requests: 1_000 });
      expect(refused).toBe(0);
      expect(ratio).toBeLessThan(1.1);
    }
  });
});
