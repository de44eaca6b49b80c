import { describe, expect, it } from '@jest/globals';

import { createRateLimiter } from '../../../../src/devstack/model/rate-limit.js';

describe('the rate limiter', () => {
  it('lets through the burst, then exactly the rate, and refused calls cost nothing', () => {
    let now = 0;
    const limiter = createRateLimiter({ requestsPerMinute: 600, burst: 5 }, () => now);
    let passed = 0;
    for (; now < 10_000; now += 10) if (limiter.take(1).refusal === undefined) passed += 1;
    // 5 at once and 10 a second for 10 seconds; the last is due at the very end.
    expect(passed).toBeGreaterThanOrEqual(104);
    expect(passed).toBeLessThanOrEqual(105);
  });

  it('says how long to wait, and that wait suffices', () => {
    let now = 0;
    const limiter = createRateLimiter({ requestsPerMinute: 60, burst: 1 }, () => now);
    expect(limiter.take(1).refusal).toBeUndefined();
    now = 250;
    const wait = limiter.take(1).refusal?.retryAfterMs ?? 0;
    expect(wait).toBeCloseTo(750);
    now += wait;
    expect(limiter.take(1).refusal).toBeUndefined();
  });

  it('counts tokens beside requests, and lets a prompt pass that is larger than the bucket', () => {
    const limiter = createRateLimiter(
      { requestsPerMinute: 6000, burst: 100, tokensPerMinute: 1000 },
      () => 0,
    );
    expect(limiter.take(600).refusal).toBeUndefined();
    expect(limiter.take(600).refusal?.what).toBe('tokens');
    expect(limiter.take(400).refusal).toBeUndefined();
    const fresh = createRateLimiter({ requestsPerMinute: 60, tokensPerMinute: 1000 }, () => 0);
    expect(fresh.take(5000).refusal).toBeUndefined();
  });

  it('tell of themselves in headers, unless they are to be found out', () => {
    const headersOf = (told?: boolean) =>
      createRateLimiter(
        { requestsPerMinute: 60, ...(told === undefined ? {} : { told }) },
        () => 0,
      ).take(1).headers;
    expect(headersOf()).toMatchObject({ 'x-ratelimit-limit-requests': '60' });
    expect(headersOf(false)).toEqual({});
  });
});
