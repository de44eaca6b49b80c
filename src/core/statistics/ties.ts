import type { Interval } from './interval.js';

/**
 * What can be said of a mean where every cluster has the same value: the share of clusters that are otherwise is at most
 * 1 − α^(1/clusters) with confidence 1 − α on each side, and each of those could be anything within `range` of 0. Without
 * this, equal values would read as certainty, or as nothing known.
 *
 * Source: Clopper and Pearson (1934) for 0 of n (the "rule of three", Hanley and Lippman-Hand 1983).
 */
export function tiesInterval(of: {
  readonly value: number;
  readonly clusters: number;
  /** The values lie in [−range, range]. */
  readonly range: number;
  readonly confidence: number;
}): Interval {
  const { value, clusters, range, confidence } = of;
  const unseen = -Math.expm1(Math.log((1 - confidence) / 2) / clusters);
  return {
    low: value - unseen * (range + value),
    high: value + unseen * (range - value),
    confidence,
  };
}

/**
 * The one-sided p that belongs to {@link tiesInterval}: the α at which its upper end reaches 0, small where the value is below
 * 0. With a mean of 0 or more, the share of clusters that have this value is at most range ÷ (range − value), so that all of
 * them have it with at most that to the power of their number.
 */
export function tiesP(of: {
  readonly value: number;
  readonly clusters: number;
  readonly range: number;
}): number {
  const { value, clusters, range } = of;
  return value >= 0 ? 1 : (range / (range - value)) ** clusters;
}
