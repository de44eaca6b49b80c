import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { quantileOfSorted } from '../../../../src/core/statistics/quantile.js';
import { NumericSample } from '../../../../src/core/statistics/sample.js';
import { distance, vectors } from './vectors.js';

function sampleOf(values: readonly number[], capacity?: number): NumericSample {
  const sample = new NumericSample(capacity);
  for (const value of values) sample.add(value);
  return sample;
}

describe('quantiles', () => {
  it.each(vectors.quantiles)('of "$name" are those of numpy', ({ values, ps, quantiles }) => {
    const found = sampleOf(values).quantiles(ps) ?? [];
    expect(found).toHaveLength(ps.length);
    for (const [i, value] of found.entries()) {
      expect(distance(value, quantiles[i] ?? Number.NaN)).toBeLessThan(1e-12);
    }
  });

  it('of no values are undefined, not NaN', () => {
    expect(quantileOfSorted([], 0.5)).toBeUndefined();
    expect(sampleOf([]).quantiles([0.5])).toBeUndefined();
  });

  it('outside [0, 1] are refused', () => {
    for (const p of [-0.1, 1.1, Number.NaN]) {
      expect(() => quantileOfSorted([1, 2], p)).toThrow(RangeError);
    }
  });

  it('lie between the smallest and the largest value and grow with p', () => {
    // Without -0, which Object.is tells from 0 and sorting does not.
    const value = fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((each) => each + 0);
    const values = fc.array(value, { minLength: 1 });
    fc.assert(
      fc.property(values, (list) => {
        const found = sampleOf(list).quantiles([0, 0.3, 0.5, 0.8, 1]) ?? [];
        expect(found[0]).toBe(Math.min(...list));
        expect(found[4]).toBe(Math.max(...list));
        for (const [i, value] of found.entries()) {
          expect(value).toBeGreaterThanOrEqual((found[i - 1] ?? -Infinity) - 1e-9);
        }
      }),
    );
  });
});

describe('a sample of a long stream', () => {
  it('keeps count, mean and range exact and says that its quantiles are not', () => {
    const sample = new NumericSample(1_000);
    for (let i = 0; i < 50_000; i += 1) sample.add(i);
    expect(sample.exact).toBe(false);
    expect(sample.n).toBe(50_000);
    expect(sample.moments.mean).toBeCloseTo(24_999.5, 6);
    expect(sample.moments.min).toBe(0);
    expect(sample.moments.max).toBe(49_999);
    expect(sample.sorted()).toHaveLength(1_000);
    const [p10 = 0, p50 = 0, p90 = 0] = sample.quantiles([0.1, 0.5, 0.9]) ?? [];
    // Five standard errors of a sample quantile of 1,000 uniform values: 5·√(p(1−p)/1000)·50,000.
    expect(Math.abs(p10 - 5_000)).toBeLessThan(2_400);
    expect(Math.abs(p50 - 25_000)).toBeLessThan(4_000);
    expect(Math.abs(p90 - 45_000)).toBeLessThan(2_400);
  });

  it('gives the same figures for the same stream', () => {
    const stream = Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 5_003);
    const ps = [0.5, 0.9, 0.99];
    expect(sampleOf(stream, 100).quantiles(ps)).toEqual(sampleOf(stream, 100).quantiles(ps));
  });

  it('up to its capacity is exact', () => {
    const sample = sampleOf([3, 1, 2], 3);
    expect(sample.exact).toBe(true);
    expect([...sample.sorted()]).toEqual([1, 2, 3]);
  });
});
