import { describe, expect, it } from '@jest/globals';

import type { Guess } from '../../../../src/contracts/estimate.js';
import { exactly } from '../../../../src/core/estimate/guess.js';
import { limitedTime, type LimitedCalls } from '../../../../src/core/estimate/limited-time.js';

const own: Guess = { low: 40, likely: 50, high: 90, basis: 'earlier runs' };
const calls = (change: Partial<LimitedCalls>): LimitedCalls => ({
  model: 'openai/small',
  calls: exactly(600, 'one call a cell'),
  tokens: { low: 60_000, likely: 90_000, high: 120_000, basis: 'prompts' },
  requestsPerMinute: undefined,
  tokensPerMinute: undefined,
  ...change,
});

describe('the time of a run under rate limits', () => {
  it('is its own where nobody told a limit, or none that it reaches', () => {
    expect(limitedTime(own, [])).toEqual(own);
    expect(limitedTime(own, [calls({})])).toEqual(own);
    expect(limitedTime(own, [calls({ requestsPerMinute: 10_000 })])).toEqual(own);
  });

  it('is no shorter than the calls take that the provider allows', () => {
    // 600 calls at 300 a minute are two minutes.
    expect(limitedTime(own, [calls({ requestsPerMinute: 300 })])).toEqual({
      low: 120,
      likely: 120,
      high: 120,
      basis: 'earlier runs; no faster than the limit of openai/small (300 calls a minute) allows',
    });
  });

  it('is that of the tightest limit, of tokens as well', () => {
    const tight = calls({ requestsPerMinute: 300, tokensPerMinute: 30_000 });
    expect(limitedTime(own, [tight])).toMatchObject({ low: 120, likely: 180, high: 240 });
  });

  it('stays unknown where nobody knows how long a cell takes, and says the least', () => {
    const unknown = { unknown: 'the target never ran' };
    expect(limitedTime(unknown, [calls({ requestsPerMinute: 300 })])).toEqual({
      unknown:
        'the target never ran; the limit of openai/small (300 calls a minute) leaves it no less than 120 s',
    });
  });

  it('makes nothing of calls that are not known', () => {
    const unknown = calls({ calls: { unknown: 'code' }, requestsPerMinute: 1 });
    expect(limitedTime(own, [unknown])).toEqual(own);
  });
});
