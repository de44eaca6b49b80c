import type { EvaluatorConfig, ModelConfig } from '../contracts/config.js';
import type { Problem } from '../core/errors/assay-error.js';
import type { Evaluator } from './port.js';
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
}

/** What a builder gives: the evaluator, or everything that is wrong with its config. */
export type Built =
  | {
      readonly evaluator: Evaluator;
      /** The names of the scores it may give, for the check that no two evaluators share one. */
      readonly scoreNames: readonly string[];
    }
  | { readonly problems: readonly Problem[] };

/** An evaluator that gives one score of its own name. */
export function oneScore(evaluator: Evaluator): Built {
  return { evaluator, scoreNames: [evaluator.name] };
}
