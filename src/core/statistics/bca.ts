import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

import type { ClusterSums } from './clustered-t.js';
import type { Interval } from './interval.js';
import { normalCdf, normalQuantile } from './normal.js';
import { powerOfTwoNear } from './power-of-two.js';
import { quantileOfSorted } from './quantile.js';

/** Means of resamples, from which intervals and p values are read. */
export interface BootstrapMeans {
  /** Ascending. */
  readonly means: Float64Array;
  readonly estimate: number;
  /** How far the median of the resamples is from the estimate, on the normal scale. */
  readonly bias: number;
  readonly acceleration: number;
}

/**
 * Resamples whole clusters with replacement. Which clusters are drawn depends on the seed, their number and their order only:
 * values with the other sign give exactly the mirrored means.
 *
 * Source: Efron (1987), "Better Bootstrap Confidence Intervals"; clusters as in Davison and Hinkley (1997), section 3.8;
 * acceleration by the jackknife over clusters (Efron and Tibshirani 1993, 14.15), ties count half in the bias.
 *
 * @returns undefined where there are fewer than two clusters or the resamples do not vary around the estimate.
 */
export function bootstrapMeans(
  clusters: ClusterSums,
  options: { readonly resamples: number; readonly seed: number },
): BootstrapMeans | undefined {
  const { sums, sizes } = clusters;
  if (sums.length < 2) return undefined;
  const [total, n] = [added(sums), added(sizes)];
  const estimate = total / n;
  const means = resampled(clusters, options);
  means.sort();
  const bias = biasOf(means, estimate);
  if (bias === undefined) return undefined;
  return { means, estimate, bias, acceleration: accelerationOf(clusters, { total, n }) };
}

/**
 * The bias-corrected and accelerated interval. Source: Efron (1987), equation 2.3.
 *
 * @returns undefined where the correction leaves no level inside (0, 1).
 */
export function bcaInterval(of: BootstrapMeans, confidence: number): Interval | undefined {
  const z = normalQuantile(0.5 + confidence / 2);
  const low = quantileOfSorted(of.means, levelOf(of, -z));
  const high = quantileOfSorted(of.means, levelOf(of, z));
  if (low === undefined || high === undefined) return undefined;
  return { low, high, confidence };
}

/**
 * The one-sided p that belongs to the interval: the α at which its upper end reaches 0, small where the mean is below 0.
 * Source: Efron and Tibshirani (1993), section 15.5. It is never below 1 / (resamples + 1).
 */
export function bcaP(of: BootstrapMeans): number {
  const { means, bias, acceleration } = of;
  const least = 1 / (means.length + 1);
  const below = Math.min(1 - least, Math.max(least, shareBelow(means, 0)));
  const w = normalQuantile(below) - bias;
  const divisor = 1 + acceleration * w;
  const z = divisor <= 0 ? Math.sign(w) * Infinity : w / divisor - bias;
  return Math.min(1, Math.max(least, normalCdf(-z)));
}

function resampled(
  { sums, sizes }: ClusterSums,
  options: { readonly resamples: number; readonly seed: number },
): Float64Array {
  const clusters = sums.length;
  // Multiply and shift: 32 bits over at most thousands of clusters favour none by more than one in a million.
  const scale = clusters / 2 ** 32;
  const random = xoroshiro128plus(options.seed);
  const means = new Float64Array(options.resamples);
  const even = sizes.every((size) => size === sizes[0]);
  const evenN = (sizes[0] ?? 1) * clusters;
  for (let b = 0; b < means.length; b += 1) {
    let total = 0;
    let n = 0;
    for (let draw = 0; draw < clusters; draw += 1) {
      const c = ((random.next() >>> 0) * scale) | 0;
      total += sums[c] ?? 0;
      if (!even) n += sizes[c] ?? 0;
    }
    means[b] = total / (even ? evenN : n);
  }
  return means;
}

function biasOf(means: Float64Array, estimate: number): number | undefined {
  const share = shareBelow(means, estimate);
  return share > 0 && share < 1 ? normalQuantile(share) : undefined;
}

/** The share below a value, what equals it counting half: equal sums of thirds, added in another order, differ in the last digit. */
function shareBelow(sorted: Float64Array, value: number): number {
  const rounding = 1e-12 * Math.max(Math.abs(sorted[0] ?? 0), Math.abs(sorted.at(-1) ?? 0));
  let below = 0;
  let notAbove = 0;
  for (const mean of sorted) {
    if (mean < value - rounding) below += 1;
    if (mean <= value + rounding) notAbove += 1;
    else break;
  }
  return (below + notAbove) / (2 * sorted.length);
}

function accelerationOf(
  { sums, sizes }: ClusterSums,
  { total, n }: { readonly total: number; readonly n: number },
): number {
  const left = sums.map((sum, c) => (total - sum) / (n - (sizes[c] ?? 0)));
  const centre = added(left) / left.length;
  const widest = left.reduce((most, value) => Math.max(most, Math.abs(centre - value)), 0);
  // Cubes of large numbers overflow and those of small ones vanish; a power of 2 changes no digit.
  const unit = powerOfTwoNear(widest);
  let squares = 0;
  let cubes = 0;
  for (const value of left) {
    const distance = (centre - value) / unit;
    squares += distance * distance;
    cubes += distance * distance * distance;
  }
  return squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
}

function levelOf({ bias, acceleration }: BootstrapMeans, z: number): number {
  const divisor = 1 - acceleration * (bias + z);
  // Past its pole the correction turns round; the end of the resamples is what it tends to.
  if (divisor <= 0) return z < 0 ? 0 : 1;
  return normalCdf(bias + (bias + z) / divisor);
}

function added(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
