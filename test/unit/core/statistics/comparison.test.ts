import { describe, expect, it } from '@jest/globals';

import { bcaInterval, bcaP, bootstrapMeans } from '../../../../src/core/statistics/bca.js';
import { mcnemarExact } from '../../../../src/core/statistics/binomial.js';
import {
  clusteredEstimate,
  clusteredInterval,
} from '../../../../src/core/statistics/clustered-t.js';
import { fiellerRatio } from '../../../../src/core/statistics/fieller.js';
import { holmAdjusted } from '../../../../src/core/statistics/holm.js';
import {
  ExactTests,
  mcnemarDetectableLoss,
  mcnemarPower,
} from '../../../../src/core/statistics/mcnemar-power.js';
import { noncentralTCdf, shiftForPower } from '../../../../src/core/statistics/noncentral-t.js';
import { normalCdf } from '../../../../src/core/statistics/normal.js';
import { tangoInterval } from '../../../../src/core/statistics/paired-proportions.js';
import { detectableLoss, itemsForMargin } from '../../../../src/core/statistics/power.js';
import { studentTCdf } from '../../../../src/core/statistics/student-t.js';
import { tiesInterval, tiesP } from '../../../../src/core/statistics/ties.js';
import { comparisonVectors as vectors } from './comparison-vectors.js';
import { distance } from './vectors.js';

const exact = 1e-9;
const numbered = <Vector>(list: readonly Vector[]): readonly (Vector & { readonly i: number })[] =>
  list.map((vector, i) => ({ ...vector, i }));

/** Relative, also for probabilities far below 1. */
function relative(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual / expected - 1);
}

describe('distributions', () => {
  it.each(vectors.normalCdf)('the normal probability of $z is that of scipy', ({ z, p }) => {
    expect(relative(normalCdf(z), p)).toBeLessThan(1e-12);
  });

  it.each(vectors.tCdf)('the t probability of $t with df = $df is that of scipy', (vector) => {
    expect(relative(studentTCdf(vector.t, vector.df), vector.p)).toBeLessThan(exact);
  });

  it.each(vectors.noncentralT)(
    'the noncentral t at $t with df = $df, shift = $shift is that of scipy',
    (vector) => {
      expect(distance(noncentralTCdf(vector), vector.p)).toBeLessThan(exact);
    },
  );

  it.each(vectors.shifts)(
    'the shift with power $power at alpha $alpha, df = $df is that of scipy',
    (vector) => {
      expect(distance(shiftForPower(vector), vector.shift)).toBeLessThan(exact);
    },
  );

  it('refuses what is no number instead of answering NaN', () => {
    expect(() => normalCdf(Number.NaN)).toThrow(RangeError);
    expect(() => studentTCdf(Number.NaN, 3)).toThrow(RangeError);
    expect(() => studentTCdf(1, 0.5)).toThrow(RangeError);
    expect(() => noncentralTCdf({ t: -1, df: 3, shift: 0 })).toThrow(RangeError);
  });
});

describe('pass/fail scores', () => {
  it.each(vectors.mcnemar)(
    'McNemar of $worse worse and $better better is that of statsmodels',
    (vector) => {
      const { p, pTwoSided } = mcnemarExact(vector);
      expect(distance(p, vector.p)).toBeLessThan(exact);
      expect(distance(pTwoSided, vector.pTwoSided)).toBeLessThan(exact);
    },
  );

  it.each(vectors.tango)(
    'the interval of $worse worse, $better better of $n at $confidence inverts the score test',
    (vector) => {
      const interval = tangoInterval(vector);
      expect(distance(interval?.low, vector.low)).toBeLessThan(exact);
      expect(distance(interval?.high, vector.high)).toBeLessThan(exact);
    },
  );

  it('an interval holds its estimate and stays inside [-1, 1] at every corner', () => {
    for (const [worse, better, n] of [
      [0, 0, 1],
      [1, 0, 1],
      [0, 1, 1],
      [5, 0, 5],
      [0, 5, 5],
      [3, 2, 5],
    ] as const) {
      const found = tangoInterval({ worse, better, n, confidence: 0.9 });
      const estimate = (better - worse) / n;
      expect(found?.low).toBeGreaterThanOrEqual(-1);
      expect(found?.high).toBeLessThanOrEqual(1);
      expect(found?.low).toBeLessThanOrEqual(estimate);
      expect(found?.high).toBeGreaterThanOrEqual(estimate);
    }
    expect(() => tangoInterval({ worse: 3, better: 3, n: 5, confidence: 0.9 })).toThrow(RangeError);
  });

  it.each(vectors.mcnemarPower)(
    'the power with $worse worse and $better better of $n is the sum over all outcomes',
    (vector) => {
      const power = mcnemarPower({ ...vector, tests: new ExactTests(0.05) });
      // Five standard deviations of the number of changes are summed over.
      expect(Math.abs(power - vector.power)).toBeLessThan(1e-4);
    },
  );

  it('the detectable loss is the one with that power, and none where no loss would be found', () => {
    const asked = { n: 100, changing: 0.1, alpha: 0.05, power: 0.8 };
    const loss = mcnemarDetectableLoss(asked) ?? 0;
    const power = mcnemarPower({
      n: 100,
      worse: 0.05 + loss,
      better: 0.05,
      tests: new ExactTests(0.05),
    });
    expect(Math.abs(power - 0.8)).toBeLessThan(0.001);
    expect(mcnemarDetectableLoss({ ...asked, n: 3 })).toBeUndefined();
  });

  it('for many items the exact and the normal form of the detectable loss agree', () => {
    const at = (n: number): number =>
      mcnemarDetectableLoss({ n, changing: 0.1, alpha: 0.05, power: 0.8 }) ?? 0;
    expect(Math.abs(at(9_900) / at(10_100) - 1)).toBeLessThan(0.03);
  });
});

describe('means', () => {
  it.each(numbered(vectors.clustered))(
    'of clusters have the CR2 error and Satterthwaite df of whole matrices ($i)',
    (vector) => {
      const found = clusteredEstimate(sumsOf(vector.values, vector.clusters));
      expect(distance(found.estimate, vector.estimate)).toBeLessThan(exact);
      expect(distance(found.standardError, vector.standardError)).toBeLessThan(exact);
      expect(distance(found.df, vector.df)).toBeLessThan(1e-7);
      const interval = clusteredInterval(found, 0.9);
      expect(distance(interval?.low, vector.low)).toBeLessThan(1e-7);
      expect(distance(interval?.high, vector.high)).toBeLessThan(1e-7);
    },
  );

  it.each(numbered(vectors.pairedT))(
    'without clusters are the paired t test of scipy ($i)',
    (vector) => {
      const d = vector.head.map((head, i) => head - (vector.base[i] ?? 0));
      const found = clusteredEstimate(sumsOf(d));
      const interval = clusteredInterval(found, 0.9);
      const t = found.estimate / (found.standardError ?? 0);
      expect(distance(interval?.low, vector.low)).toBeLessThan(exact);
      expect(distance(interval?.high, vector.high)).toBeLessThan(exact);
      expect(distance(studentTCdf(t, found.df), vector.p)).toBeLessThan(exact);
    },
  );

  it.each(numbered(vectors.fieller))(
    'have a ratio whose interval inverts the paired t test ($i)',
    (vector) => {
      const sizes = Float64Array.from(vector.base, () => 1);
      const found = fiellerRatio(
        { base: Float64Array.from(vector.base), head: Float64Array.from(vector.head), sizes },
        0.9,
      );
      expect(distance(found?.ratio, vector.ratio)).toBeLessThan(exact);
      expect(distance(found?.interval?.low, vector.low)).toBeLessThan(exact);
      expect(distance(found?.interval?.high, vector.high)).toBeLessThan(exact);
      expect(distance(found?.test?.p, vector.p)).toBeLessThan(exact);
    },
  );

  it('of a base that may be 0 have no ratio that ends anywhere', () => {
    const of = (base: readonly number[]) =>
      fiellerRatio(
        {
          base: Float64Array.from(base),
          head: Float64Array.from(base, (_, i) => 1 + i),
          sizes: Float64Array.from(base, () => 1),
        },
        0.9,
      );
    expect(of([0, 0, 0])).toBeUndefined();
    expect(of([9, 0, 0, 0.1])?.interval).toBeUndefined();
  });

  it.each(vectors.sampleSizes)(
    'of effect $effect need as many pairs for power $power as statsmodels says',
    ({ effect, power, n }) => {
      const asked = {
        standardError: 1 / Math.sqrt(50),
        df: 49,
        alpha: 0.05,
        power,
        margin: effect,
        items: 50,
      };
      expect(itemsForMargin(asked)).toBe(Math.ceil(n));
    },
  );

  it('a detectable loss is found with its power and not taken for a pass', () => {
    const asked = { standardError: 0.01, df: 99, alpha: 0.05, power: 0.8 };
    const shift = shiftForPower({ alpha: 0.05, power: 0.8, df: 99 });
    expect(detectableLoss({ ...asked, margin: 0.001 })).toBeCloseTo(shift * 0.01, 12);
    // With a margin of 20 standard errors a loss of 2.5 passes: only one beyond the margin is called a regression.
    expect(detectableLoss({ ...asked, margin: 0.2 })).toBeGreaterThan(0.19);
  });
});

describe('the bootstrap', () => {
  it.each(vectors.bootstrap)('of "$name" has the BCa ends of scipy, but for chance', (vector) => {
    const sums = Float64Array.from(vector.sums);
    const means = bootstrapMeans(
      { sums, sizes: Float64Array.from(vector.sizes) },
      { resamples: 9_999, seed: 7 },
    );
    const found = means === undefined ? undefined : bcaInterval(means, 0.9);
    // scipy's ends are means of thirty; ours is one draw. Ties make the ends jump by one step of the values.
    const step = vector.name === 'ties' ? 0.0042 : 0;
    expect(Math.abs((found?.low ?? 9) - vector.low)).toBeLessThan(4 * vector.lowError + step);
    expect(Math.abs((found?.high ?? 9) - vector.high)).toBeLessThan(4 * vector.highError + step);
  });

  it('gives a p that says the same as its interval', () => {
    const sums = Float64Array.from({ length: 40 }, (_, i) => Math.sin(i * 7) - 0.25);
    const sizes = Float64Array.from(sums, () => 1);
    const means = bootstrapMeans({ sums, sizes }, { resamples: 9_999, seed: 3 });
    if (means === undefined) throw new Error('no resamples');
    const p = bcaP(means);
    expect(p).toBeGreaterThan(0.001);
    expect(p).toBeLessThan(0.3);
    expect(bcaInterval(means, 1 - 2 * (p * 1.05))?.high).toBeLessThan(0);
    expect(bcaInterval(means, 1 - 2 * (p * 0.95))?.high).toBeGreaterThan(0);
  });

  it('has nothing to say of one cluster and of equal ones', () => {
    const of = (...sums: readonly number[]) =>
      bootstrapMeans(
        { sums: Float64Array.from(sums), sizes: Float64Array.from(sums, () => 1) },
        { resamples: 999, seed: 1 },
      );
    expect(of(0.4)).toBeUndefined();
    const equal = of(0.1, 0.1, 0.1);
    expect(equal === undefined ? 0 : equal.acceleration).toBe(0);
  });
});

describe('multiplicity and ties', () => {
  it.each(numbered(vectors.holm))('Holm is that of statsmodels ($i)', ({ p, adjusted }) => {
    const found = holmAdjusted(p.map((one) => ({ p: one, weight: 1 })));
    for (const [i, value] of found.entries()) {
      expect(distance(value, adjusted[i] ?? 9)).toBeLessThan(exact);
    }
  });

  it('weights share out the level: a hypothesis of half the weight must be half as likely', () => {
    const [heavy, light] = holmAdjusted([
      { p: 0.02, weight: 2 },
      { p: 0.02, weight: 1 },
    ]);
    expect(heavy).toBeCloseTo(0.03, 12);
    expect(light).toBeCloseTo(0.03, 12);
    expect(
      holmAdjusted([
        { p: 0.02, weight: 1 },
        { p: 0.5, weight: 2 },
      ])[0],
    ).toBeCloseTo(0.06, 12);
    expect(holmAdjusted([])).toEqual([]);
  });

  it.each(vectors.ties)(
    'of $clusters equal clusters at $confidence the unseen share is that of Clopper and Pearson',
    ({ clusters, confidence, share }) => {
      const interval = tiesInterval({ value: 0, clusters, range: 1, confidence });
      expect(distance(interval.high, share)).toBeLessThan(exact);
      expect(distance(interval.low, -share)).toBeLessThan(exact);
    },
  );

  it('the p of ties is the confidence at which the upper end reaches 0', () => {
    for (const [value, clusters, range] of [
      [-1, 5, 1],
      [-0.3, 12, 1],
      [-2, 30, 9],
    ] as const) {
      const p = tiesP({ value, clusters, range });
      const { high } = tiesInterval({ value, clusters, range, confidence: 1 - 2 * p });
      expect(Math.abs(high)).toBeLessThan(1e-12 * range);
    }
    expect(tiesP({ value: 0, clusters: 9, range: 1 })).toBe(1);
    expect(tiesP({ value: 0.5, clusters: 9, range: 1 })).toBe(1);
  });
});

function sumsOf(values: readonly number[], clusters?: readonly number[]) {
  const keys = clusters ?? values.map((_, i) => i);
  const count = Math.max(...keys) + 1;
  const sums = new Float64Array(count);
  const sizes = new Float64Array(count);
  for (const [i, value] of values.entries()) {
    const key = keys[i] ?? 0;
    sums[key] = (sums[key] ?? 0) + value;
    sizes[key] = (sizes[key] ?? 0) + 1;
  }
  return { sums, sizes };
}
