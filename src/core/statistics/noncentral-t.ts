import { incompleteBeta } from './incomplete-beta.js';
import { normalCdf, normalQuantile } from './normal.js';
import { increasingRoot } from './root.js';
import { studentTCdf, studentTQuantile } from './student-t.js';

/** Where the distribution is that of the normal to nine digits, and the series would only lose some. */
const normalFrom = 1e9;
const largestShift = 30;

/**
 * P(T <= t) for t >= 0 of the noncentral t distribution: what a t statistic does where the true mean is `shift` standard errors
 * above 0.
 *
 * Source: Lenth (1989), algorithm AS 243; absolute error about 1e-12 for shifts up to 30.
 *
 * @throws RangeError where t is negative, df is below 1, or the shift is beyond ±30.
 */
export function noncentralTCdf(of: {
  readonly t: number;
  readonly df: number;
  readonly shift: number;
}): number {
  const { t, df, shift } = of;
  if (!(t >= 0 && df >= 1 && Math.abs(shift) <= largestShift)) {
    throw new RangeError('t is below 0, df below 1 or the shift beyond ±30');
  }
  if (df >= normalFrom) return normalCdf(t - shift);
  if (shift === 0) return studentTCdf(t, df);
  const square = t * t;
  return square === 0 ? normalCdf(-shift) : series({ square, df, shift });
}

function series({
  square,
  df,
  shift,
}: {
  readonly square: number;
  readonly df: number;
  readonly shift: number;
}): number {
  const x = square / (square + df);
  const y = df / (square + df);
  const b = df / 2;
  const half = (shift * shift) / 2;
  let p = 0.5 * Math.exp(-half);
  let q = Math.sqrt(2 / Math.PI) * p * shift;
  let odd = incompleteBeta({ a: 0.5, b, x, y });
  let even = incompleteBeta({ a: 1, b, x, y });
  // What the next incomplete beta is less: x^a·y^b / (a·B(a, b)).
  let oddStep = odd - incompleteBeta({ a: 1.5, b, x, y });
  let evenStep = b * x * Math.exp(b * Math.log(y));
  let sum = p * odd + q * even;
  let left = 0.5 - p;
  for (let j = 1; j < 2_000 && 2 * left * (odd - oddStep) > 1e-16; j += 1) {
    odd -= oddStep;
    even -= evenStep;
    oddStep *= (x * (j + b - 0.5)) / (j + 0.5);
    evenStep *= (x * (j + b)) / (j + 1);
    p *= half / j;
    q *= half / (j + 0.5);
    left -= p;
    sum += p * odd + q * even;
  }
  return Math.min(1, Math.max(0, sum + normalCdf(-shift)));
}

/**
 * How many standard errors the true mean must be above 0 for a one-sided t test at α to find it with this power.
 *
 * @throws RangeError where α or the power is not inside (0, 1) or df is below 1.
 */
export function shiftForPower(of: {
  readonly alpha: number;
  readonly power: number;
  readonly df: number;
}): number {
  const { alpha, power, df } = of;
  if (df >= normalFrom) return normalQuantile(1 - alpha) + normalQuantile(power);
  const t = studentTQuantile(1 - alpha, df);
  // With one degree of freedom and a small α no shift that the series can hold is enough: the end stands for "very large".
  const powerAt = (shift: number): number => 1 - noncentralTCdf({ t, df, shift }) - power;
  let high = 4;
  while (high < largestShift && powerAt(high) < 0) high = Math.min(largestShift, 2 * high);
  if (powerAt(high) < 0) return high;
  return increasingRoot(powerAt, { low: 0, high, tolerance: 1e-11 });
}
