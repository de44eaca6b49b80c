import { incompleteBeta } from './incomplete-beta.js';
import { normalQuantile } from './normal.js';
import { increasingRoot } from './root.js';

/** P(T > t) for t >= 0, Student's t with `df` degrees of freedom. Source: DLMF 8.17, Abramowitz and Stegun 26.7.1. */
function upperTail(t: number, df: number): number {
  const square = t * t;
  if (square === Infinity) return 0;
  return (
    0.5 * incompleteBeta({ a: df / 2, b: 0.5, x: df / (df + square), y: square / (df + square) })
  );
}

/**
 * P(T <= t) of Student's t distribution with `df` degrees of freedom, which need not be whole.
 *
 * @throws RangeError where df is below 1 or t is NaN.
 */
export function studentTCdf(t: number, df: number): number {
  if (!(df >= 1)) throw new RangeError('df is below 1');
  if (Number.isNaN(t)) throw new RangeError('t is not a number');
  return t < 0 ? upperTail(-t, df) : 1 - upperTail(t, df);
}

/**
 * The quantile for many degrees of freedom, as an expansion around the normal quantile z; good to 1e-13 where
 * z² is far below df. Source: Abramowitz and Stegun 26.7.5.
 */
function expansion(z: number, df: number): number {
  const s = z * z;
  const g1 = (s + 1) / 4;
  const g2 = ((5 * s + 16) * s + 3) / 96;
  const g3 = (((3 * s + 19) * s + 17) * s - 15) / 384;
  const g4 = ((((79 * s + 776) * s + 1482) * s - 1920) * s - 945) / 92160;
  return z * (1 + (g1 + (g2 + (g3 + g4 / df) / df) / df) / df);
}

/**
 * The quantile of Student's t distribution: the t with P(T <= t) = p, for `df` degrees of freedom.
 * Found between bounds on the tail probability, so that it needs no start value that could go astray, and for many
 * degrees of freedom, where that probability loses digits, by an expansion; relative error below 1e-10.
 *
 * @throws RangeError where p is not inside (0, 1) or df is below 1.
 */
export function studentTQuantile(p: number, df: number): number {
  if (!(df >= 1)) throw new RangeError('df is below 1');
  const z = normalQuantile(p);
  if (z === 0) return 0;
  if (z * z < df * 1e-3) return expansion(z, df);
  const tailWanted = p < 0.5 ? p : 1 - p;
  let low = 0;
  let high = 2;
  while (upperTail(high, df) > tailWanted) {
    low = high;
    high *= 2;
  }
  const missing = (t: number): number => tailWanted - upperTail(t, df);
  const t = increasingRoot(missing, { low, high, tolerance: 1e-15 });
  return p < 0.5 ? -t : t;
}
