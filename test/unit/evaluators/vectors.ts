import { readFileSync } from 'node:fs';

/** The figures of rapidfuzz, rouge-score and scikit-learn; tools/vectors/evaluators.py makes them. */
export interface EvaluatorVectors {
  readonly edits: readonly {
    readonly a: string;
    readonly b: string;
    readonly distance: number;
    readonly similarity: number;
  }[];
  readonly rouges: readonly {
    readonly text: string;
    readonly reference: string;
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
  }[];
  readonly rankings: readonly {
    readonly retrieved: readonly string[];
    readonly relevant: Readonly<Record<string, number>>;
    readonly k: number;
    readonly precision: number;
    readonly recall: number;
    readonly reciprocalRank: number;
    readonly ndcg: number;
    readonly ndcgExponential: number;
  }[];
  readonly classifications: readonly {
    readonly expected: readonly string[];
    readonly given: readonly string[];
    readonly accuracy: number;
    readonly macroF1: number;
    readonly labels: readonly string[];
    readonly matrix: readonly (readonly number[])[];
    readonly classes: readonly {
      readonly label: string;
      readonly precision: number;
      readonly recall: number;
      readonly f1: number;
      readonly n: number;
    }[];
  }[];
}

export const vectors = JSON.parse(
  readFileSync(new URL('./vectors.json', import.meta.url), 'utf8'),
) as EvaluatorVectors;
