import type { EvaluatorConfig, ModelConfig } from '../contracts/config.js';
import { AssayError, type Problem } from '../core/errors/assay-error.js';
import { parsePointer } from '../core/json/pointer.js';
import { evaluatorImplementations } from '../core/manifest/implementations.js';
import { buildKind } from './build-kind.js';
import type { Built, BuiltPart } from './building.js';
import { negated } from './negation.js';
import { ownerOf, withParts } from './parts.js';
import type { Evaluator } from './port.js';
import { isPublished, publishedNames } from './published-names.js';
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
  const builder = createBuilder(parts);
  const built = await Promise.all(
    parts.names
      .filter((name) => !unknown.includes(name))
      .map(async (name) => ({ name, built: await builder(name) })),
  );
  const missing = unknown.map((name) => notFound(name, Object.keys(parts.configs)));
  const invalid = [
    ...built.flatMap((entry) => ('problems' in entry.built ? entry.built.problems : [])),
    ...sharedNames(built),
    ...takenNames(built, parts.configs),
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
  return built.flatMap((entry) => ('evaluator' in entry.built ? [entry.built.evaluator] : []));
}

/** Builds evaluators by name, each once: one that others are made of is built for them too, whether or not it is wanted. */
function createBuilder(parts: EvaluatorParts): (name: string) => Promise<Built> {
  const known = new Map<string, Promise<Built>>();
  const build = (name: string): Promise<Built> => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const part = async (score: string): Promise<BuiltPart> => {
      const owner = ownerOf(score, parts.configs);
      if (owner === undefined) return { missing: 'unknown' };
      // Looked for in the configs: of two that wait for each other's building, neither would end.
      if (withParts([owner], parts.configs).includes(name)) return { missing: 'circle' };
      const found = await build(owner);
      return 'evaluator' in found ? found : { missing: 'broken' };
    };
    const building = buildOne(parts, name, part);
    known.set(name, building);
    return building;
  };
  return build;
}

async function buildOne(
  parts: EvaluatorParts,
  name: string,
  part: (score: string) => Promise<BuiltPart>,
): Promise<Built> {
  const { models, codeHash, readText, threads = sharedThreads } = parts;
  const config = parts.configs[name];
  if (config === undefined) return { problems: [] };
  const path = 'path' in config ? config.path : undefined;
  if (path !== undefined && parsePointer(path) === undefined) {
    const message = `${JSON.stringify(cut(path, 100))} is no JSON pointer.`;
    const mend = 'Begin it with "/"; write "~" as ~0 and "/" inside a key as ~1.';
    return { problems: [{ at: `evaluators.${name}.path`, message, mend }] };
  }
  const built = await buildKind(config, { name, models, codeHash, readText, threads, part });
  if ('problems' in built) return built;
  // The calls of a tool are no part that must be there: an output without them made none.
  const judgedAt = config.kind === 'tool_calls' ? undefined : path;
  const plain = versioned(built.evaluator, config.kind);
  return { ...built, evaluator: guarded(config.not ? negated(plain, judgedAt) : plain) };
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

// The same for scores of the run as a whole, which have no owner in their key either.
function takenNames(
  built: readonly { name: string; built: Built }[],
  configs: EvaluatorParts['configs'],
): readonly Problem[] {
  const published = built.flatMap(({ name }) => {
    const config = configs[name];
    return config === undefined ? [] : [{ owner: name, names: publishedNames(name, config) }];
  });
  return built.flatMap((entry) => {
    if ('problems' in entry.built) return [];
    return entry.built.scoreNames.flatMap((score) =>
      published
        .filter(({ names }) => isPublished(names, score))
        .map(({ owner }) => ({
          at: `evaluators.${entry.name}`,
          message: `Its score "${score}" is a score that "${owner}" gives the run as a whole.`,
          mend: 'Rename one of the two.',
        })),
    );
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
