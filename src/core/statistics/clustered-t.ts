import { studentTQuantile } from './student-t.js';
import type { Interval } from './interval.js';

/** Values that come in clusters, each by the sum and the number of its values. */
export interface ClusterSums {
  readonly sums: Float64Array;
  readonly sizes: Float64Array;
}

/** A mean over all values with an error that knows the clusters. */
export interface ClusteredEstimate {
  readonly n: number;
  readonly clusters: number;
  readonly estimate: number;
  /** Undefined for one cluster. */
  readonly standardError: number | undefined;
  /** Satterthwaite's degrees of freedom of that error; clusters − 1 where all have one size. */
  readonly df: number;
}

/**
 * The mean of clustered values with the bias-reduced cluster-robust error CR2 and Satterthwaite degrees of freedom, which keep
 * a t interval honest with few clusters or clusters of unequal size. With one value per cluster it is the ordinary t.
 *
 * The variance is Σ r_c² / (1 − n_c/n) / n² with r_c the sum of the cluster's residuals. The degrees of freedom are those
 * under independent values and under values that are equal within their cluster, whichever is smaller: how alike they
 * are is not known.
 *
 * Source: Bell and McCaffrey (2002), "Bias reduction in standard errors for linear regression with multi-stage samples";
 * Pustejovsky and Tipton (2018), of which this is the model with a constant only.
 *
 * @throws RangeError where there is no cluster.
 */
export function clusteredEstimate({ sums, sizes }: ClusterSums): ClusteredEstimate {
  const clusters = sums.length;
  if (clusters === 0) throw new RangeError('there is no cluster');
  let n = 0;
  let total = 0;
  for (let c = 0; c < clusters; c += 1) {
    n += sizes[c] ?? 0;
    total += sums[c] ?? 0;
  }
  const estimate = total / n;
  if (clusters === 1) return { n, clusters, estimate, standardError: undefined, df: 0 };
  let squares = 0;
  for (let c = 0; c < clusters; c += 1) {
    const size = sizes[c] ?? 0;
    const residual = (sums[c] ?? 0) - size * estimate;
    squares += (residual * residual) / (1 - size / n);
  }
  const standardError = Math.sqrt(squares) / n;
  const df = Math.max(1, Math.min(independentDf(sizes, n), alikeDf(sizes, n)));
  return { n, clusters, estimate, standardError, df };
}

/**
 * As how many clusters of equal size these count: n² ÷ Σ n_c². Of a mean whose clusters are alike within, it is what their
 * number is where all have one size; where one of them holds a share s of all values, it is at most 1 ÷ s².
 *
 * Source: Kish (1965), "Survey Sampling", section 8.2; Carter, Schnepel and Steigerwald (2017) of tests with clusters.
 *
 * @returns 0 where there is none.
 */
export function effectiveClusters(sizes: Float64Array): number {
  let n = 0;
  let squares = 0;
  for (const size of sizes) {
    n += size;
    squares += size * size;
  }
  return n === 0 ? 0 : (n * n) / squares;
}

/** The t interval of the mean; undefined for one cluster. */
export function clusteredInterval(of: ClusteredEstimate, confidence: number): Interval | undefined {
  if (of.standardError === undefined) return undefined;
  const half = studentTQuantile(0.5 + confidence / 2, of.df) * of.standardError;
  return { low: of.estimate - half, high: of.estimate + half, confidence };
}

// (tr V)² / tr V² of the quadratic form, in sums over clusters instead of a matrix of clusters × clusters.
function independentDf(sizes: Float64Array, n: number): number {
  let squares = 0;
  let weights = 0;
  let weightSquares = 0;
  for (const size of sizes) {
    squares += size * size;
    const weight = (size * size) / (1 - size / n);
    weights += weight;
    weightSquares += weight * weight;
  }
  return (n * n) / (squares + (weights * weights - weightSquares) / (n * n));
}

function alikeDf(sizes: Float64Array, n: number): number {
  let a = 0;
  for (const size of sizes) a += (size / n) ** 2;
  let [w0, w1, w2, trace, squares] = [0, 0, 0, 0, 0];
  for (const size of sizes) {
    const share = size / n;
    const weight = share ** 2 / (1 - share);
    w0 += weight;
    w1 += weight * share;
    w2 += weight * share * share;
    const diagonal = weight * (1 - 2 * share + a);
    trace += diagonal;
    squares += diagonal * diagonal - (weight * (a - 2 * share)) ** 2;
  }
  squares += a * a * w0 * w0 - 4 * a * w0 * w1 + 2 * w0 * w2 + 2 * w1 * w1;
  return (trace * trace) / squares;
}
