import { readFileSync } from 'node:fs';

interface Ends {
  readonly low: number;
  readonly high: number;
}

/** The figures of scipy and statsmodels for paired comparisons; tools/vectors/comparison.py makes them. */
export interface ComparisonVectors {
  readonly normalCdf: readonly { readonly z: number; readonly p: number }[];
  readonly tCdf: readonly { readonly t: number; readonly df: number; readonly p: number }[];
  readonly noncentralT: readonly {
    readonly t: number;
    readonly df: number;
    readonly shift: number;
    readonly p: number;
  }[];
  readonly shifts: readonly {
    readonly df: number;
    readonly alpha: number;
    readonly power: number;
    readonly shift: number;
  }[];
  readonly sampleSizes: readonly {
    readonly effect: number;
    readonly power: number;
    readonly n: number;
  }[];
  readonly mcnemar: readonly {
    readonly worse: number;
    readonly better: number;
    readonly p: number;
    readonly pTwoSided: number;
  }[];
  readonly mcnemarPower: readonly {
    readonly n: number;
    readonly worse: number;
    readonly better: number;
    readonly power: number;
  }[];
  readonly tango: readonly (Ends & {
    readonly worse: number;
    readonly better: number;
    readonly n: number;
    readonly confidence: number;
  })[];
  readonly clustered: readonly {
    readonly clusters: readonly number[];
    readonly values: readonly number[];
    readonly estimate: number;
    readonly standardError: number;
    readonly df: number;
    readonly low: number;
    readonly high: number;
  }[];
  readonly pairedT: readonly (Ends & {
    readonly base: readonly number[];
    readonly head: readonly number[];
    readonly p: number;
    readonly pTwoSided: number;
  })[];
  readonly holm: readonly { readonly p: readonly number[]; readonly adjusted: readonly number[] }[];
  readonly fieller: readonly (Ends & {
    readonly base: readonly number[];
    readonly head: readonly number[];
    readonly ratio: number;
    readonly p: number;
  })[];
  readonly ties: readonly {
    readonly clusters: number;
    readonly confidence: number;
    readonly share: number;
  }[];
  readonly bootstrap: readonly (Ends & {
    readonly name: string;
    readonly sums: readonly number[];
    readonly sizes: readonly number[];
    readonly lowError: number;
    readonly highError: number;
  })[];
}

export const comparisonVectors = JSON.parse(
  readFileSync(new URL('./comparison-vectors.json', import.meta.url), 'utf8'),
) as ComparisonVectors;
