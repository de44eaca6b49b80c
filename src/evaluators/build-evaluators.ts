import type { EvaluatorConfig, ModelConfig } from '../contracts/config.js';
import { AssayError, type Problem } from '../core/errors/assay-error.js';
import { parsePointer } from '../core/json/pointer.js';
import { evaluatorImplementations } from '../core/manifest/implementations.js';
import type { Building, Built } from './building.js';
import { buildContains } from './contains.js';
import { buildExactMatch } from './exact-match.js';
import { buildFunction } from './function-evaluator.js';
import { buildJsonSchema } from './json-schema.js';
import { buildJudge } from './llm-judge.js';
import { buildPairwise } from './llm-pairwise.js';
import type { Evaluator } from './port.js';
import { buildRegex } from './regex.js';
import { cut } from './score-text.js';
import { messageOf } from './thrown.js';
import { sharedThreads, type ThreadPool } from './threads/thread-pool.js';

/** What evaluators are made of. */
export interface EvaluatorParts {
  /** The config's `evaluators`. */
  readonly configs: Readonly<Record<string, EvaluatorConfig>>;
  /** Which of them are wanted, in the order in which they are given back. */
  readonly names: readonly string[];
  /** The config's `models`. */
  readonly models: Readonly<Record<string, ModelConfig>>;
  /** The hash of the bundled module graph of the config. */
  readonly codeHash: string;
  /** Reads a file whose path is relative to the config. */
  readonly readText: (relativePath: string) => Promise<string>;
  /** Where patterns run; default: the threads of this process. */
  readonly threads?: ThreadPool;
}

/**
 * Makes evaluators ready to run: patterns, schemas and rubrics are read and checked now, not at the first item.
 *
 * @throws AssayError EVALUATOR_NOT_FOUND where only names are unknown, else CONFIG_INVALID; with all problems
 */
export async function buildEvaluators(parts: EvaluatorParts): Promise<readonly Evaluator[]> {
  const unknown = parts.names.filter((name) => !Object.hasOwn(parts.configs, name));
  const built = await Promise.all(
    parts.names
      .filter((name) => !unknown.includes(name))
      .map(async (name) => ({ name, built: await buildOne(parts, name) })),
  );
  const missing = unknown.map((name) => notFound(name, Object.keys(parts.configs)));
  const invalid = [
    ...built.flatMap((entry) => ('problems' in entry.built ? entry.built.problems : [])),
    ...sharedNames(built),
  ];
  if (invalid.length > 0) {
    const problems = [...missing, ...invalid];
    throw new AssayError('CONFIG_INVALID', 'The evaluators have problems.', { problems });
  }
  if (missing.length > 0) {
    const names = unknown.map((name) => `"${cut(name, 100)}"`).join(', ');
    throw new AssayError('EVALUATOR_NOT_FOUND', `The config has no evaluator ${names}.`, {
      problems: missing,
    });
  }
  return built.flatMap((entry) => {
    const kind = parts.configs[entry.name]?.kind;
    if (kind === undefined || !('evaluator' in entry.built)) return [];
    return [guarded(versioned(entry.built.evaluator, kind))];
  });
}

function buildOne(parts: EvaluatorParts, name: string): Promise<Built> | Built {
  const { models, codeHash, readText, threads = sharedThreads } = parts;
  const config = parts.configs[name];
  if (config === undefined) return { problems: [] };
  const path = 'path' in config ? config.path : undefined;
  if (path !== undefined && parsePointer(path) === undefined) {
    const message = `${JSON.stringify(cut(path, 100))} is no JSON pointer.`;
    const mend = 'Begin it with "/"; write "~" as ~0 and "/" inside a key as ~1.';
    return { problems: [{ at: `evaluators.${name}.path`, message, mend }] };
  }
  const buildingOf = <C extends EvaluatorConfig>(
    own: C,
  ): Omit<Building<C['kind']>, 'config'> & { config: C } => ({
    name,
    config: own,
    models,
    codeHash,
    readText,
    threads,
  });
  switch (config.kind) {
    case 'exact_match':
      return buildExactMatch(buildingOf(config));
    case 'contains':
      return buildContains(buildingOf(config));
    case 'regex':
      return buildRegex(buildingOf(config));
    case 'json_schema':
      return buildJsonSchema(buildingOf(config));
    case 'llm_judge':
      return buildJudge(buildingOf(config));
    case 'llm_pairwise':
      return buildPairwise(buildingOf(config));
    case 'function':
      return buildFunction(buildingOf(config));
  }
}

// A score's name is its key on the platform: of two scores with one name, one would be lost.
function sharedNames(built: readonly { name: string; built: Built }[]): readonly Problem[] {
  const owners = new Map<string, string>();
  return built.flatMap((entry) => {
    if ('problems' in entry.built) return [];
    return entry.built.scoreNames.flatMap((score) => {
      const owner = owners.get(score);
      owners.set(score, entry.name);
      if (owner === undefined) return [];
      const message =
        owner === entry.name
          ? `"${score}" is named twice.`
          : `Its score "${score}" is given by "${owner}" as well.`;
      return [{ at: `evaluators.${entry.name}`, message, mend: 'Give each score one name.' }];
    });
  });
}

// Here, where no kind can be forgotten: our own code is part of what decides a score.
function versioned(evaluator: Evaluator, kind: EvaluatorConfig['kind']): Evaluator {
  const identity = { ...evaluator.identity, implementation: evaluatorImplementations[kind] };
  return { ...evaluator, identity };
}

// Whatever goes wrong inside reaches the cell runner as an error of ours, also where a builder forgot a case.
function guarded(evaluator: Evaluator): Evaluator {
  return {
    ...evaluator,
    async evaluate(input, context) {
      try {
        return await evaluator.evaluate(input, context);
      } catch (error) {
        if (AssayError.is(error)) throw error;
        context.signal.throwIfAborted();
        throw new AssayError(
          'EVALUATOR_FAILED',
          `"${evaluator.name}" failed: ${messageOf(error)}`,
          {
            cause: error,
          },
        );
      }
    },
  };
}

function notFound(name: string, known: readonly string[]): Problem {
  return {
    at: 'evaluators',
    message: `There is no evaluator "${cut(name, 100)}" in the config.`,
    mend:
      known.length > 0 ? `Known evaluators: ${known.join(', ')}.` : 'Add it under `evaluators`.',
  };
}
