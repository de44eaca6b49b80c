import type { Estimated, Guess } from '../../contracts/estimate.js';
import type { Moments } from '../statistics/moments.js';
import { studentTQuantile } from '../statistics/student-t.js';

/** A mean over n values with their spread, as a sample or a database gives it. */
export interface Spread {
  readonly n: number;
  readonly mean: number;
  /** The sample's; undefined for n = 1. */
  readonly sd: number | undefined;
}

export function spreadOf(moments: Moments): Spread | undefined {
  const { n, mean, sampleSd } = moments;
  return mean === undefined ? undefined : { n, mean, sd: sampleSd };
}

/**
 * The mean that others of the same kind will have, with its 95 % interval by Student's t. Where all were counted (`whole`)
 * it is exact. One value has no spread: then half and twice of it.
 */
export function meanRange(
  spread: Spread | undefined,
  { basis, whole }: { readonly basis: string; readonly whole: boolean },
): Guess {
  if (spread === undefined) return { unknown: `${basis}: nothing to go by` };
  const { n, mean, sd } = spread;
  if (whole) return { low: mean, likely: mean, high: mean, basis };
  if (sd === undefined) return { low: mean / 2, likely: mean, high: mean * 2, basis };
  const margin = studentTQuantile(0.975, n - 1) * (sd / Math.sqrt(n));
  return bounded({ low: mean - margin, likely: mean, high: mean + margin, basis });
}

const bounded = (guess: Estimated): Estimated => ({ ...guess, low: Math.max(0, guess.low) });
