import type { Limits } from './options.js';

interface Bucket {
  readonly size: number;
  readonly perMs: number;
  level: number;
}

/** What the limiter says of one call: the headers to send, and how long to wait when it is refused. */
interface LimitDecision {
  readonly headers: Readonly<Record<string, string>>;
  readonly refusal?: { readonly retryAfterMs: number; readonly what: 'requests' | 'tokens' };
}

export interface RateLimiter {
  take(tokens: number): LimitDecision;
}

/** As OpenAI writes durations in `x-ratelimit-reset-*`: 20ms, 1.5s, 2m3s. */
const duration = (ms: number): string => {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 10) / 100;
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${Math.ceil(seconds % 60)}s`;
};

const createBucket = (perMinute: number, size: number): Bucket => ({
  size,
  perMs: perMinute / 60_000,
  level: size,
});

const describe = (name: string, bucket: Bucket): Record<string, string> => ({
  [`x-ratelimit-limit-${name}`]: String(Math.round(bucket.perMs * 60_000)),
  [`x-ratelimit-remaining-${name}`]: String(Math.max(0, Math.floor(bucket.level))),
  [`x-ratelimit-reset-${name}`]: duration((bucket.size - bucket.level) / bucket.perMs),
});

/**
 * Token buckets over requests and prompt tokens. A refused call takes nothing, as with OpenAI's limits.
 * @param now a monotonic clock in milliseconds
 */
export const createRateLimiter = (limits: Limits, now: () => number): RateLimiter => {
  const perMinute = limits.requestsPerMinute;
  const requests = createBucket(perMinute, limits.burst ?? Math.max(1, Math.floor(perMinute / 60)));
  const tokensPerMinute = limits.tokensPerMinute;
  const tokens =
    tokensPerMinute === undefined ? undefined : createBucket(tokensPerMinute, tokensPerMinute);
  let filledAt = now();

  const refill = (): void => {
    const at = now();
    for (const bucket of tokens === undefined ? [requests] : [requests, tokens])
      bucket.level = Math.min(bucket.size, bucket.level + (at - filledAt) * bucket.perMs);
    filledAt = at;
  };
  const headers = (): Record<string, string> =>
    limits.told === false
      ? {}
      : {
          ...describe('requests', requests),
          ...(tokens === undefined ? {} : describe('tokens', tokens)),
        };

  return {
    take: (count) => {
      refill();
      if (requests.level < 1) {
        const retryAfterMs = (1 - requests.level) / requests.perMs;
        return { headers: headers(), refusal: { retryAfterMs, what: 'requests' } };
      }
      // A prompt larger than a minute's worth would wait for ever: it may pass when the bucket is full.
      const needed = Math.min(count, tokens?.size ?? 0);
      if (tokens !== undefined && tokens.level < needed) {
        const retryAfterMs = (needed - tokens.level) / tokens.perMs;
        return { headers: headers(), refusal: { retryAfterMs, what: 'tokens' } };
      }
      requests.level -= 1;
      if (tokens !== undefined) tokens.level -= needed;
      return { headers: headers() };
    },
  };
};
