import { clusteredEstimate } from './clustered-t.js';
import type { Interval } from './interval.js';
import { powerOfTwoNear } from './power-of-two.js';
import { studentTCdf, studentTQuantile } from './student-t.js';

/** Two sums per cluster over the same items. */
export interface PairedClusterSums {
  readonly base: Float64Array;
  readonly head: Float64Array;
  readonly sizes: Float64Array;
}

export interface RatioEstimate {
  readonly ratio: number;
  /** Undefined for one cluster, and where the base's mean is not clearly above 0. */
  readonly interval: Interval | undefined;
  /** Of "head is not above the base"; undefined for one cluster and where nothing differs. */
  readonly test:
    | {
        readonly statistic: number;
        readonly df: number;
        readonly p: number;
        readonly pTwoSided: number;
      }
    | undefined;
}

/**
 * The ratio of two means of the same items (head ÷ base), with the ratios that a paired, clustered t test of head − ratio·base
 * does not reject. Exact for normal values, where an interval around the ratio itself is not.
 *
 * Source: Fieller (1954), "Some Problems in Interval Estimation"; the errors are those of {@link clusteredEstimate}.
 *
 * @returns undefined where the base's mean is not above 0.
 */
export function fiellerRatio(of: PairedClusterSums, confidence: number): RatioEstimate | undefined {
  const { sizes } = of;
  // Fourth powers of the values would overflow; a power of 2 changes no digit.
  const largest = [of.base, of.head].map((sums) =>
    sums.reduce((m, x) => Math.max(m, Math.abs(x)), 0),
  );
  const unit = powerOfTwoNear(Math.max(...largest));
  const [base, head] = [of.base.map((sum) => sum / unit), of.head.map((sum) => sum / unit)];
  const b = clusteredEstimate({ sums: base, sizes });
  const h = clusteredEstimate({ sums: head, sizes });
  if (!(b.estimate > 0)) return undefined;
  const ratio = h.estimate / b.estimate;
  const [bb, hh] = [(b.standardError ?? 0) ** 2, (h.standardError ?? 0) ** 2];
  const difference = clusteredEstimate({ sums: head.map((sum, c) => sum - (base[c] ?? 0)), sizes });
  const { standardError: se, df } = difference;
  if (se === undefined) return { ratio, interval: undefined, test: undefined };
  const bh = (bb + hh - se * se) / 2;
  const t2 = studentTQuantile(0.5 + confidence / 2, df) ** 2;
  const quadratic = {
    a: b.estimate ** 2 - t2 * bb,
    b: h.estimate * b.estimate - t2 * bh,
    c: h.estimate ** 2 - t2 * hh,
  };
  const t = difference.estimate / se;
  return {
    ratio,
    interval: between(quadratic, confidence),
    test: Number.isFinite(t)
      ? {
          statistic: t,
          df,
          p: studentTCdf(-t, df),
          pTwoSided: 2 * studentTCdf(-Math.abs(t), df),
        }
      : undefined,
  };
}

// a·x² − 2b·x + c <= 0 between its roots; with a <= 0 the ratios go on without end.
function between(
  { a, b, c }: { readonly a: number; readonly b: number; readonly c: number },
  confidence: number,
): Interval | undefined {
  if (!(a > 0)) return undefined;
  const root = Math.sqrt(Math.max(0, b * b - a * c));
  return { low: (b - root) / a, high: (b + root) / a, confidence };
}
