import { defaultConfidence, type Interval } from './interval.js';
import { wilsonInterval } from './proportion.js';
import { studentTQuantile } from './student-t.js';

/**
 * The mean of values that come in clusters (the repetitions of one dataset item), with an interval that knows
 * that values of one cluster say less than as many independent ones. Where each cluster holds one value this
 * is the ordinary t interval, and for truths the ordinary Wilson interval. Constant memory.
 *
 * Why Student's t and not a bootstrap: for small samples the percentile bootstrap is too narrow (it lacks the
 * factor √(n/(n−1)) and the t quantile) and BCa is no better (Hesterberg 2015, "What Teachers Should Know About
 * the Bootstrap", section 3); t needs no list of values and gives the same figures each time.
 *
 * Sources: the cluster-robust variance of a mean, G/(G−1) · Σ(S_c − n_c·ȳ)² / n² with G−1 degrees of freedom
 * (Liang and Zeger 1986; for evaluations Miller 2024, "Adding Error Bars to Evals"); the proportion's interval
 * is Wilson's at the effective n = n / design effect (Franco, Little, Louis and Slud 2019).
 */
export class ClusteredMean {
  #cluster: string | undefined;
  #clusterN = 0;
  #clusterSum = 0;
  #total = emptyTotals;

  /**
   * Values of one cluster must come one after another: only the last cluster is remembered, so that memory
   * stays flat. A cluster that comes back counts as another one.
   *
   * @throws RangeError for NaN and infinities.
   */
  add(value: number, cluster: string): void {
    if (!Number.isFinite(value)) throw new RangeError('the value is not a finite number');
    if (cluster !== this.#cluster) {
      this.#total = this.#closed();
      this.#cluster = cluster;
      this.#clusterN = 0;
      this.#clusterSum = 0;
    }
    this.#clusterN += 1;
    this.#clusterSum += value;
  }

  /** A whole cluster by its sum; it is another one than those that `add` names. */
  addCluster(n: number, sum: number): void {
    if (!Number.isFinite(sum)) throw new RangeError('the sum is not a finite number');
    if (!(n > 0)) throw new RangeError('a cluster has at least one value');
    this.#total = withCluster(this.#closed(), n, sum);
    this.#cluster = undefined;
    this.#clusterN = 0;
    this.#clusterSum = 0;
  }

  /** What is known by now. */
  summary(): ClusteredSummary {
    return summarise(this.#closed());
  }

  /** What is known of several means together; no cluster may be in two of them. */
  static summaryOf(parts: readonly ClusteredMean[]): ClusteredSummary {
    return summarise(parts.map((part) => part.#closed()).reduce(merged, emptyTotals));
  }

  #closed(): Totals {
    return this.#clusterN === 0
      ? this.#total
      : withCluster(this.#total, this.#clusterN, this.#clusterSum);
  }
}

/** The mean and how sure it is. */
export interface ClusteredSummary {
  readonly n: number;
  readonly clusters: number;
  /** Undefined where n is 0. */
  readonly mean: number | undefined;
  /** Of the mean; undefined for fewer than two clusters. */
  readonly standardError: number | undefined;
}

// Means and centred sums of squares over clusters of their sizes (n) and sums (s), as Welford keeps them.
interface Totals {
  readonly clusters: number;
  readonly meanN: number;
  readonly meanS: number;
  readonly nn: number;
  readonly ns: number;
  readonly ss: number;
}

const emptyTotals: Totals = { clusters: 0, meanN: 0, meanS: 0, nn: 0, ns: 0, ss: 0 };

function withCluster(totals: Totals, n: number, sum: number): Totals {
  const clusters = totals.clusters + 1;
  const dn = n - totals.meanN;
  const ds = sum - totals.meanS;
  const meanN = totals.meanN + dn / clusters;
  const meanS = totals.meanS + ds / clusters;
  return {
    clusters,
    meanN,
    meanS,
    nn: totals.nn + dn * (n - meanN),
    ns: totals.ns + dn * (sum - meanS),
    ss: totals.ss + ds * (sum - meanS),
  };
}

// Chan, Golub and LeVeque (1983): the same sums from two parts.
function merged(a: Totals, b: Totals): Totals {
  const clusters = a.clusters + b.clusters;
  if (clusters === 0) return emptyTotals;
  const dn = b.meanN - a.meanN;
  const ds = b.meanS - a.meanS;
  const share = b.clusters / clusters;
  const weight = a.clusters * share;
  return {
    clusters,
    meanN: a.meanN + dn * share,
    meanS: a.meanS + ds * share,
    nn: a.nn + b.nn + dn * dn * weight,
    ns: a.ns + b.ns + dn * ds * weight,
    ss: a.ss + b.ss + ds * ds * weight,
  };
}

function summarise(totals: Totals): ClusteredSummary {
  const { clusters } = totals;
  if (clusters === 0) return { n: 0, clusters, mean: undefined, standardError: undefined };
  const n = Math.round(totals.meanN * clusters);
  const mean = totals.meanS / totals.meanN;
  if (clusters < 2) return { n, clusters, mean, standardError: undefined };
  // The residuals S_c − n_c·mean add up to 0, so that their squares are these centred ones.
  const squares = Math.max(0, totals.ss - 2 * mean * totals.ns + mean * mean * totals.nn);
  const standardError = Math.sqrt((squares * clusters) / (clusters - 1)) / n;
  return { n, clusters, mean, standardError };
}

/**
 * The t interval of the mean.
 *
 * @returns undefined for fewer than two clusters, and where all values are equal: an interval of no width would
 *   claim a certainty that a few equal values do not give.
 */
export function meanInterval(
  summary: ClusteredSummary,
  confidence = defaultConfidence,
): Interval | undefined {
  const { mean, standardError, clusters } = summary;
  if (mean === undefined || standardError === undefined) return undefined;
  // Equal values leave rounding noise of this size.
  if (standardError <= Math.abs(mean) * 1e-15) return undefined;
  const half = studentTQuantile(0.5 + confidence / 2, clusters - 1) * standardError;
  return { low: mean - half, high: mean + half, confidence };
}

/**
 * The Wilson interval of a proportion from values of 0 and 1 that come in clusters. Where all values are equal
 * the design effect cannot be seen; each cluster then counts as one observation, which is the cautious end.
 *
 * @returns undefined where n is 0.
 */
export function proportionInterval(
  summary: ClusteredSummary,
  confidence = defaultConfidence,
): Interval | undefined {
  const { n, clusters, mean, standardError } = summary;
  if (mean === undefined) return undefined;
  const p = Math.min(1, Math.max(0, mean));
  const effective = effectiveN({ n, clusters, p, standardError });
  return wilsonInterval({ successes: p * effective, n: effective, confidence });
}

function effectiveN(sample: {
  readonly n: number;
  readonly clusters: number;
  readonly p: number;
  readonly standardError: number | undefined;
}): number {
  const { n, clusters, p, standardError } = sample;
  if (clusters === n) return n;
  const spread = p * (1 - p);
  if (standardError === undefined || spread === 0) return clusters;
  const designEffect = (standardError * standardError * (n - 1)) / spread;
  return n / Math.max(1, designEffect);
}
