import { studentTQuantile } from '../statistics/student-t.js';
import { defaultConfidence } from '../statistics/interval.js';
import { Moments } from '../statistics/moments.js';
import { wilsonInterval } from '../statistics/proportion.js';
import { none, type Figure } from './figure.js';

/** A share with its Wilson interval; `because` says why there is nothing to take a share of. */
export function shareFigure(
  { successes, n }: { readonly successes: number; readonly n: number },
  because: string,
): Figure {
  if (n === 0) return none(because);
  return { value: successes / n, interval: wilsonInterval({ successes, n }) ?? null, n };
}

const flat = 'all differences are equal: an interval of no width would claim a certainty';

/** A mean with its t interval. */
export function meanFigure(values: readonly number[], because: string): Figure {
  const moments = momentsOf(values);
  const { mean, sampleSd, n } = moments;
  if (mean === undefined) return none(because);
  if (sampleSd === undefined || sampleSd <= 1e-12) {
    return { value: mean, interval: null, n, note: n < 2 ? 'one item has no spread' : flat };
  }
  const half = (studentTQuantile(0.5 + defaultConfidence / 2, n - 1) * sampleSd) / Math.sqrt(n);
  return { value: mean, interval: around(mean, half), n };
}

/**
 * The difference of two means, a − b, with an interval that does not take their spreads for equal.
 *
 * Source: Welch (1947), degrees of freedom by Satterthwaite (1946).
 */
export function differenceFigure(
  a: readonly number[],
  b: readonly number[],
  because: string,
): Figure {
  const [left, right] = [momentsOf(a), momentsOf(b)];
  if (left.mean === undefined || right.mean === undefined) return none(because);
  const value = left.mean - right.mean;
  const n = left.n + right.n;
  if (left.sampleSd === undefined || right.sampleSd === undefined) {
    return { value, interval: null, n, note: 'a half with one item has no spread' };
  }
  const [va, vb] = [left.sampleSd ** 2 / left.n, right.sampleSd ** 2 / right.n];
  if (va + vb <= 1e-24) return { value, interval: null, n, note: flat };
  const df = (va + vb) ** 2 / (va ** 2 / (left.n - 1) + vb ** 2 / (right.n - 1));
  const half = studentTQuantile(0.5 + defaultConfidence / 2, df) * Math.sqrt(va + vb);
  return { value, interval: around(value, half), n };
}

function momentsOf(values: readonly number[]): Moments {
  const moments = new Moments();
  for (const value of values) moments.add(value);
  return moments;
}

const around = (value: number, half: number) => ({
  low: value - half,
  high: value + half,
  confidence: defaultConfidence,
});
