import type { PairedClusterSums } from '../statistics/fieller.js';
import type { Interval } from '../statistics/interval.js';
import { tiesTest } from './ties-test.js';
import type { ComparisonTest } from './types.js';

/**
 * What can be said of a ratio that is the same in every cluster, where t would read certainty from two of them: the share of
 * clusters that are otherwise is at most u = 1 − α^(1/clusters), and each of those takes from nothing (no cost or time is below 0) to
 * twice as much. p is the α at which the lower end reaches 1.
 *
 * Source: as that of ties of scores, Clopper and Pearson (1934) for 0 of n.
 *
 * @returns undefined where the clusters differ.
 */
export function ratioTies(
  { base, head, sizes }: PairedClusterSums,
  by: {
    readonly ratio: number;
    readonly of: 'mean' | 'geometric';
    readonly effective: number;
    readonly confidence: number;
  },
): { readonly interval: Interval; readonly test: ComparisonTest } | undefined {
  const { ratio, of, effective, confidence } = by;
  if (base.length < 2) return undefined;
  const tied = head.every((h, c) => {
    const b = base[c] ?? 0;
    const expected = of === 'mean' ? ratio * b : b + (sizes[c] ?? 0) * Math.log(ratio);
    return Math.abs(h - expected) <= 1e-11 * (Math.abs(h) + Math.abs(b) + Math.abs(expected));
  });
  if (!tied) return undefined;
  const unseen = -Math.expm1(Math.log((1 - confidence) / 2) / effective);
  // Sums in another order leave a last digit, which is no growth.
  const growth = Math.abs(ratio - 1) <= 1e-11 ? 1 : ratio;
  const p = growth <= 1 ? 1 : growth ** -effective;
  const other = growth >= 1 ? 1 : growth ** effective;
  return {
    interval: { low: growth * (1 - unseen), high: growth * (1 + unseen), confidence },
    test: tiesTest(p, other),
  };
}
