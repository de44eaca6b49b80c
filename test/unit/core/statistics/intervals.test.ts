import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  ClusteredMean,
  meanInterval,
  proportionInterval,
} from '../../../../src/core/statistics/clustered.js';
import { Moments } from '../../../../src/core/statistics/moments.js';
import { wilsonInterval } from '../../../../src/core/statistics/proportion.js';
import { distance, vectors } from './vectors.js';

function clustered(values: readonly number[], clusters?: readonly number[]): ClusteredMean {
  const mean = new ClusteredMean();
  for (const [i, value] of values.entries()) mean.add(value, String(clusters?.[i] ?? i));
  return mean;
}

describe('moments', () => {
  it.each(vectors.moments)('of "$name" are those of numpy', ({ values, mean, sd }) => {
    const moments = new Moments();
    for (const value of values) moments.add(value);
    expect(distance(moments.mean, mean)).toBeLessThan(1e-14);
    if (sd === null) expect(moments.sampleSd).toBeUndefined();
    // An offset of 1e11 standard deviations costs eleven of sixteen digits; a sum of squares would keep none.
    else expect(Math.abs((moments.sampleSd ?? 0) / sd - 1)).toBeLessThan(mean > 1e8 ? 1e-5 : 1e-13);
  });

  it('of no values are undefined, not NaN', () => {
    const { n, mean, min, max, sampleSd } = new Moments();
    expect({ n, mean, min, max, sampleSd }).toEqual({ n: 0 });
  });

  it('refuse a value that would swallow all others', () => {
    for (const value of [Number.NaN, Infinity, -Infinity]) {
      expect(() => new Moments().add(value)).toThrow(RangeError);
      expect(() => new ClusteredMean().add(value, 'a')).toThrow(RangeError);
    }
  });
});

describe('the Wilson interval', () => {
  it.each(vectors.wilson)('of $successes of $n at $confidence is that of statsmodels', (vector) => {
    const interval = wilsonInterval(vector);
    expect(distance(interval?.low, vector.low)).toBeLessThan(1e-13);
    expect(distance(interval?.high, vector.high)).toBeLessThan(1e-13);
  });

  it('of nothing is undefined, not NaN', () => {
    expect(wilsonInterval({ successes: 0, n: 0 })).toBeUndefined();
  });

  it('holds the proportion and stays inside [0, 1] for any counts', () => {
    const counts = fc
      .tuple(fc.nat(1_000_000), fc.nat(1_000_000))
      .map(([a, b]) => ({ successes: Math.min(a, b), n: Math.max(a, b, 1) }));
    fc.assert(
      fc.property(counts, ({ successes, n }) => {
        const { low, high } = wilsonInterval({ successes, n }) ?? { low: 2, high: -1 };
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(successes / n);
        expect(high).toBeGreaterThanOrEqual(successes / n);
        expect(high - low).toBeGreaterThan(0);
      }),
    );
  });

  it('refuses more successes than tries', () => {
    expect(() => wilsonInterval({ successes: 2, n: 1 })).toThrow(RangeError);
    expect(() => wilsonInterval({ successes: -1, n: 1 })).toThrow(RangeError);
  });
});

describe('the interval of a mean', () => {
  it.each(vectors.intervals)('of "$name" is the t interval of scipy', (vector) => {
    const interval = meanInterval(clustered(vector.values).summary(), vector.confidence);
    expect(distance(interval?.low, vector.low)).toBeLessThan(1e-10);
    expect(distance(interval?.high, vector.high)).toBeLessThan(1e-10);
  });

  it.each(vectors.clusters.map((vector, i) => ({ ...vector, i })))(
    'of clustered values is that of statsmodels with cluster-robust errors ($i)',
    (vector) => {
      const summary = clustered(vector.values, vector.clusters).summary();
      const interval = meanInterval(summary);
      expect(distance(summary.mean, vector.mean)).toBeLessThan(1e-12);
      expect(distance(summary.standardError, vector.standardError)).toBeLessThan(1e-12);
      expect(distance(interval?.low, vector.low)).toBeLessThan(1e-10);
      expect(distance(interval?.high, vector.high)).toBeLessThan(1e-10);
    },
  );

  it('is undefined for one value, for one item, and for equal values', () => {
    expect(meanInterval(clustered([]).summary())).toBeUndefined();
    expect(meanInterval(clustered([0.5]).summary())).toBeUndefined();
    expect(meanInterval(clustered([0.2, 0.4, 0.9], [1, 1, 1]).summary())).toBeUndefined();
    expect(meanInterval(clustered([0.1, 0.1, 0.1, 0.1]).summary())).toBeUndefined();
  });

  it('is the same when the stream is taken in parts', () => {
    const [vector] = vectors.clusters.slice(2, 3);
    if (vector === undefined) throw new Error('no vector');
    const whole = clustered(vector.values, vector.clusters).summary();
    const part = (from: number, to: number): ClusteredMean => {
      const mean = new ClusteredMean();
      for (const [i, value] of vector.values.entries()) {
        const cluster = vector.clusters[i] ?? -1;
        if (cluster >= from && cluster < to) mean.add(value, String(cluster));
      }
      return mean;
    };
    const parts = ClusteredMean.summaryOf([part(0, 4), part(4, 4), part(4, 9), part(9, 99)]);
    expect(parts.n).toBe(whole.n);
    expect(parts.clusters).toBe(whole.clusters);
    expect(distance(parts.mean, whole.mean ?? 0)).toBeLessThan(1e-14);
    expect(distance(parts.standardError, whole.standardError ?? 0)).toBeLessThan(1e-14);
  });
});

describe('the interval of a pass rate', () => {
  it.each(vectors.clusters.map((vector, i) => ({ ...vector, i })))(
    'with repetitions is Wilson at the effective n ($i)',
    (vector) => {
      const interval = proportionInterval(clustered(vector.truths, vector.clusters).summary());
      expect(distance(interval?.low, vector.rateLow)).toBeLessThan(1e-12);
      expect(distance(interval?.high, vector.rateHigh)).toBeLessThan(1e-12);
    },
  );

  it('without repetitions is the plain Wilson interval', () => {
    const truths = [1, 0, 1, 1, 0, 1, 1, 1];
    expect(proportionInterval(clustered(truths).summary())).toEqual(
      wilsonInterval({ successes: 6, n: 8 }),
    );
  });

  it('is not made narrower by repetitions that always agree', () => {
    const items = [1, 0, 1, 1, 0, 1, 1, 1];
    const repeated = items.flatMap((truth) => [truth, truth, truth, truth]);
    const clusters = repeated.map((_, i) => Math.floor(i / 4));
    const once = proportionInterval(clustered(items).summary());
    const fourTimes = proportionInterval(clustered(repeated, clusters).summary());
    const width = (interval: typeof once): number => (interval?.high ?? 0) - (interval?.low ?? 0);
    expect(width(fourTimes) / width(once)).toBeGreaterThan(0.97);
    const allPass = clustered(
      Array.from({ length: 12 }, () => 1),
      clusters.slice(0, 12),
    );
    expect(proportionInterval(allPass.summary())).toEqual(wilsonInterval({ successes: 3, n: 3 }));
  });

  it('covers the true rate about as often as it says, with three repetitions of 30 items', () => {
    let state = 5;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    let covered = 0;
    for (let run = 0; run < 400; run += 1) {
      const mean = new ClusteredMean();
      for (let item = 0; item < 30; item += 1) {
        // Items are easy (0.95) or hard (0.45): the true rate is 0.7.
        const skill = random() < 0.5 ? 0.95 : 0.45;
        for (let repetition = 0; repetition < 3; repetition += 1) {
          mean.add(random() < skill ? 1 : 0, String(item));
        }
      }
      const interval = proportionInterval(mean.summary());
      if (interval !== undefined && interval.low <= 0.7 && interval.high >= 0.7) covered += 1;
    }
    // 95 % of 400 with four binomial standard errors of room below.
    expect(covered).toBeGreaterThan(362);
  });
});
