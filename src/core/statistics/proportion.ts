import { defaultConfidence, type Interval } from './interval.js';
import { normalQuantile } from './normal.js';

/**
 * The Wilson score interval of a proportion: it stays inside [0, 1] and keeps its coverage for small n and for
 * proportions near 0 and 1, where the textbook interval p ± z·se collapses to nothing.
 *
 * Source: Wilson (1927), recommended by Brown, Cai and DasGupta (2001), "Interval Estimation for a Binomial
 * Proportion". `successes` and `n` may be fractional: effective counts of clustered samples.
 *
 * @returns undefined where n is 0.
 * @throws RangeError where not 0 <= successes <= n.
 */
export function wilsonInterval(sample: {
  readonly successes: number;
  readonly n: number;
  readonly confidence?: number;
}): Interval | undefined {
  const { successes, n, confidence = defaultConfidence } = sample;
  if (!(successes >= 0 && successes <= n)) throw new RangeError('not 0 <= successes <= n');
  if (n === 0) return undefined;
  const z = normalQuantile(0.5 + confidence / 2);
  const p = successes / n;
  const shrink = 1 + (z * z) / n;
  const centre = (p + (z * z) / (2 * n)) / shrink;
  const half = (z / shrink) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  // Exact at the ends: rounding would otherwise leave 1e-17 where the formula gives 0.
  const low = successes === 0 ? 0 : Math.max(0, centre - half);
  const high = successes === n ? 1 : Math.min(1, centre + half);
  return { low, high, confidence };
}
