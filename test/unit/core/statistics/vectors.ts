import { readFileSync } from 'node:fs';

/** The figures of numpy, scipy and statsmodels; tools/vectors/statistics.py makes them. */
export interface Vectors {
  readonly quantiles: readonly {
    readonly name: string;
    readonly values: readonly number[];
    readonly ps: readonly number[];
    readonly quantiles: readonly number[];
  }[];
  readonly moments: readonly {
    readonly name: string;
    readonly values: readonly number[];
    readonly mean: number;
    readonly sd: number | null;
  }[];
  readonly wilson: readonly {
    readonly successes: number;
    readonly n: number;
    readonly confidence: number;
    readonly low: number;
    readonly high: number;
  }[];
  readonly studentT: readonly { readonly df: number; readonly p: number; readonly t: number }[];
  readonly normal: readonly { readonly p: number; readonly z: number }[];
  readonly intervals: readonly {
    readonly name: string;
    readonly values: readonly number[];
    readonly confidence: number;
    readonly low: number;
    readonly high: number;
  }[];
  readonly clusters: readonly {
    readonly clusters: readonly number[];
    readonly values: readonly number[];
    readonly mean: number;
    readonly standardError: number;
    readonly low: number;
    readonly high: number;
    readonly truths: readonly number[];
    readonly rate: number;
    readonly rateLow: number;
    readonly rateHigh: number;
  }[];
  readonly histograms: readonly {
    readonly name: string;
    readonly values: readonly number[];
    readonly edges: readonly number[];
    readonly counts: readonly number[];
  }[];
}

export const vectors = JSON.parse(
  readFileSync(new URL('./vectors.json', import.meta.url), 'utf8'),
) as Vectors;

/** How far a figure is from its reference, relative to it (absolute below 1). */
export function distance(actual: number | undefined, expected: number): number {
  if (actual === undefined) return Infinity;
  return Math.abs(actual - expected) / Math.max(1, Math.abs(expected));
}
