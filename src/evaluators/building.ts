import type { EvaluatorConfig, ModelConfig } from '../contracts/config.js';
import type { ScoreRecord } from '../contracts/records.js';
import type { Problem } from '../core/errors/assay-error.js';
import type { Json, JsonObject } from '../core/json/json.js';
import type { EvaluationInput, Evaluator, EvaluatorContext } from './port.js';
import type { ThreadPool } from './threads/thread-pool.js';

/** The config of one kind of evaluator. */
export type ConfigOf<K extends EvaluatorConfig['kind']> = Extract<EvaluatorConfig, { kind: K }>;

/** What a builder gets. */
export interface Building<K extends EvaluatorConfig['kind']> {
  readonly name: string;
  readonly config: ConfigOf<K>;
  readonly models: Readonly<Record<string, ModelConfig>>;
  /** The hash of the bundled config: the identity of function evaluators. */
  readonly codeHash: string;
  /** Reads a file that is named relative to the config. */
  readonly readText: (relativePath: string) => Promise<string>;
  readonly threads: ThreadPool;
  /** Another evaluator of the config, by the name of one of its scores; for what is computed from others. */
  readonly part: (score: string) => Promise<BuiltPart>;
}

/** Another evaluator, as one that is computed from it needs it. */
export type BuiltPart =
  | { readonly evaluator: Evaluator; readonly scoreNames: readonly string[] }
  /** `unknown`: no evaluator gives a score of this name; `circle`: it is made of the one that asks. */
  | { readonly missing: 'unknown' | 'circle' | 'broken' };

/** What a builder gives: the evaluator, or everything that is wrong with its config. */
export type Built =
  | {
      readonly evaluator: Evaluator;
      /** The names of the scores it may give, for the check that no two evaluators share one. */
      readonly scoreNames: readonly string[];
    }
  | { readonly problems: readonly Problem[] };

/** Options of an identity without those that were not given. */
export function given(options: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(options).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/** An evaluator as its file makes it: what it gives at once, it need not promise. */
export interface Draft extends Omit<Evaluator, 'evaluate'> {
  evaluate(
    input: EvaluationInput,
    context: EvaluatorContext,
  ): readonly ScoreRecord[] | Promise<readonly ScoreRecord[]>;
}

/** An evaluator that gives one score of its own name. */
export function oneScore(draft: Draft): Built {
  return severalScores(draft, [draft.name]);
}

/** An evaluator that gives scores of these names. */
export function severalScores(draft: Draft, scoreNames: readonly string[]): Built {
  return {
    evaluator: {
      ...draft,
      // What it throws at once is a rejection as well.
      evaluate: async (input, context) => draft.evaluate(input, context),
    },
    scoreNames,
  };
}
