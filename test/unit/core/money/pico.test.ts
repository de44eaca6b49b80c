import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  costPico,
  dollarsFromPico,
  formatPico,
  picoFromDollars,
  sumPico,
} from '../../../../src/core/money/pico.js';

describe('the cost of a call', () => {
  it('is tokens times price per million, to the pico-dollar', () => {
    const price = { input: 0.15, output: 0.6, cachedInput: 0.075 };
    const usage = { inputTokens: 1_000, cachedInputTokens: 400, outputTokens: 200 };
    // 600 × $0.15/M + 400 × $0.075/M + 200 × $0.60/M = $0.00009 + $0.00003 + $0.00012
    expect(costPico(usage, price)).toBe(240_000_000n);
  });

  it('charges cached tokens as input where no price is given for them', () => {
    const usage = { inputTokens: 10, cachedInputTokens: 4, outputTokens: 0 };
    expect(costPico(usage, { input: 1, output: 1 })).toBe(10_000_000n);
  });

  it('does not count reasoning tokens twice', () => {
    const usage = { inputTokens: 0, outputTokens: 100, reasoningTokens: 80 };
    expect(costPico(usage, { input: 1, output: 1 })).toBe(100_000_000n);
  });

  it('is not negative where a gateway counts cached tokens beside the input', () => {
    const usage = { inputTokens: 10, cachedInputTokens: 30, outputTokens: 0 };
    expect(costPico(usage, { input: 1, output: 1, cachedInput: 0.5 })).toBe(15_000_000n);
  });

  it('rounds once, at the end', () => {
    // A third of a pico-dollar per token: 3 tokens are 1 pico-dollar, not 0.
    const price = { input: 0.000_000_333_333, output: 0 };
    expect(costPico({ inputTokens: 3, outputTokens: 0 }, price)).toBe(1n);
  });

  it('refuses counts and prices that are none', () => {
    const price = { input: 1, output: 1 };
    for (const inputTokens of [-1, 0.5, Number.NaN, Infinity]) {
      expect(() => costPico({ inputTokens, outputTokens: 0 }, price)).toThrow(RangeError);
    }
    for (const input of [-1, Number.NaN, Infinity]) {
      expect(() => costPico({ inputTokens: 1, outputTokens: 0 }, { input, output: 1 })).toThrow(
        RangeError,
      );
    }
  });

  it('adds up to the same sum in any order', () => {
    const usages = fc.array(
      fc.record({ inputTokens: fc.nat(1_000_000), outputTokens: fc.nat(100_000) }),
    );
    fc.assert(
      fc.property(usages, (list) => {
        const costs = list.map((usage) => costPico(usage, { input: 0.15, output: 0.6 }));
        expect(sumPico(costs).pico).toBe(sumPico([...costs].reverse()).pico);
      }),
    );
  });
});

describe('an amount in dollars', () => {
  it('is read as the decimal that it prints as', () => {
    expect(picoFromDollars(0.1) + picoFromDollars(0.2)).toBe(picoFromDollars(0.3));
    expect(picoFromDollars('0.000000000001')).toBe(1n);
    expect(picoFromDollars(1e-7)).toBe(100_000n);
    expect(picoFromDollars(1e21)).toBe(10n ** 33n);
    expect(picoFromDollars('-12.5')).toBe(-12_500_000_000_000n);
    expect(picoFromDollars('0.0000000000005')).toBe(1n);
    expect(picoFromDollars('.5')).toBe(500_000_000_000n);
  });

  it('that is no number is refused', () => {
    for (const text of ['', '.', '-', '1,5', '1e', 'NaN', 'Infinity', '0x10', ' 1', '1e9999']) {
      expect(() => picoFromDollars(text)).toThrow(RangeError);
    }
  });

  it('written as text reads back as the same amount', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (pico) => {
        const text = dollarsFromPico(pico);
        expect(picoFromDollars(text)).toBe(pico);
        expect(text).toMatch(/^-?\d+(?:\.\d*[1-9])?$/);
      }),
    );
  });
});

describe('a sum of costs', () => {
  it('counts what is unknown instead of taking it for nothing', () => {
    expect(sumPico([1n, undefined, 3n, undefined])).toEqual({ pico: 4n, known: 2, unknown: 2 });
    expect(sumPico([])).toEqual({ pico: 0n, known: 0, unknown: 0 });
  });
});

describe('an amount for people', () => {
  it.each([
    ['0', '$0.00'],
    ['0.0123', '$0.0123'],
    ['0.01234567', '$0.0123'],
    ['0.5', '$0.50'],
    ['0.123456', '$0.123'],
    ['0.00000123', '$0.00000123'],
    ['0.000000000001', '$0.000000000001'],
    ['0.9999', '$1.00'],
    ['0.09996', '$0.10'],
    ['1', '$1.00'],
    ['1.005', '$1.01'],
    ['1234.5', '$1,234.50'],
    ['1234567.891', '$1,234,567.89'],
    ['-0.0123', '-$0.0123'],
  ])('%s dollars reads %s', (dollars, text) => {
    expect(formatPico(picoFromDollars(dollars))).toBe(text);
  });
});
