import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { costPico, mostPico } from '../../../../src/core/money/pico.js';
import {
  defaultOutputTokens,
  mostInputTokens,
  outputLimit,
} from '../../../../src/core/money/token-bound.js';

const dollars = fc.integer({ min: 0, max: 1_000_000_000 }).map((micro) => micro / 1e6);
const price = fc.record(
  { input: dollars, output: dollars, cachedInput: dollars, reasoning: dollars },
  { requiredKeys: ['input', 'output'] },
);
const tokens = fc.integer({ min: 0, max: 2_000_000 });

describe('what is held for a call', () => {
  it('is never less than what any usage within it costs', () => {
    fc.assert(
      fc.property(price, fc.tuple(tokens, tokens, tokens, tokens), (rates, counts) => {
        const [input, output, cached, reasoning] = counts;
        const usage = {
          inputTokens: input,
          outputTokens: output,
          cachedInputTokens: Math.min(cached, input),
          reasoningTokens: reasoning,
        };
        const most = mostPico({ inputTokens: input, outputTokens: output }, rates);
        expect(most).toBeGreaterThanOrEqual(costPico(usage, rates));
      }),
    );
  });

  it('bills reasoning tokens once: at their own price as a part of the output', () => {
    const usage = { inputTokens: 0, outputTokens: 100, reasoningTokens: 80 };
    // 20 × $1/M + 80 × $3/M
    expect(costPico(usage, { input: 0, output: 1, reasoning: 3 })).toBe(260_000_000n);
  });

  it('takes a token for each byte, which no tokenizer passes', () => {
    expect(mostInputTokens({ bytes: 1_000, messages: 2 })).toBe(1_048);
  });

  it('takes the limit of the request for each of its choices, and none where there is none', () => {
    expect(outputLimit({ max_completion_tokens: 50, max_tokens: 9 })).toBe(50);
    expect(outputLimit({ max_tokens: 20, n: 3 })).toBe(60);
    expect(outputLimit({ max_tokens: 'many' })).toBeUndefined();
    expect(defaultOutputTokens).toBe(4_096);
  });
});
