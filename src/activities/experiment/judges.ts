import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { EvaluatorIdentity, Manifest } from '../../contracts/manifest.js';
import type { PassDetails } from '../../contracts/pass.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { contentHash } from '../../core/ids/hash.js';
import { buildEvaluators } from '../../evaluators/build-evaluators.js';
import type { Evaluator } from '../../evaluators/port.js';
import { findOpenPass } from '../../store/passes/pass-records.js';
import type { Target } from '../../targets/port.js';
import type { ExperimentPorts, LoadedProject } from './ports.js';

/** Some evaluators of a config, ready to judge. @throws AssayError EVALUATOR_NOT_FOUND, CONFIG_INVALID */
export function buildJudges(
  { config, root, codeHash }: LoadedProject,
  names: readonly string[],
): Promise<readonly Evaluator[]> {
  return buildEvaluators({
    configs: config.evaluators,
    names,
    models: config.models,
    codeHash,
    readText: (path) => readFile(join(root, path), 'utf8'),
  });
}

/** Who judges in a re-judgement. */
export interface PassJudges {
  readonly evaluators: readonly Evaluator[];
  /** Those that judged the run before, just as they are: a cell that they do not get to keeps their scores. */
  readonly unchanged: ReadonlySet<string>;
}

/** The evaluators of a re-judgement that are what they were before it. */
export const unchangedIn = (details: PassDetails | undefined): ReadonlySet<string> =>
  new Set(
    (details?.evaluators ?? []).flatMap(({ name, before, after }) =>
      sameIdentity(before, after) ? [name] : [],
    ),
  );

/**
 * The evaluators that the open re-judgement of a run was opened with.
 *
 * @param project with the rubrics of the manifest.
 * @throws AssayError CODE_MISMATCH where this worker would judge otherwise.
 */
export async function judgesOfPass(
  of: { readonly experimentId: string; readonly manifest: Manifest },
  project: LoadedProject,
  { store }: Pick<ExperimentPorts, 'store'>,
): Promise<PassJudges> {
  const pass = await findOpenPass(store, of.experimentId);
  const names = (pass?.details.evaluators ?? []).map(({ name }) => name);
  const evaluators = await buildJudges(project, names);
  const planned = new Map(of.manifest.evaluators.map((each) => [each.name, each]));
  const others = evaluators.filter(
    ({ name, identity }) => !sameIdentity(planned.get(name), identity),
  );
  if (others.length === 0) return { evaluators, unchanged: unchangedIn(pass?.details) };
  throw new AssayError(
    'CODE_MISMATCH',
    'This worker would judge otherwise than the re-judgement was asked for.',
    {
      problems: others.map(({ name }) => ({
        at: `evaluators.${name}`,
        message: 'is another here',
      })),
      mend: 'Run a worker with the config that the command was given with, or cancel it.',
    },
  );
}

export const sameIdentity = (a: EvaluatorIdentity | undefined, b: EvaluatorIdentity): boolean =>
  a !== undefined && contentHash(a) === contentHash(b);

/** In the place of the target where none is called. */
export function noTarget(manifest: Manifest): Target {
  return {
    name: manifest.target.name,
    identity: manifest.target,
    evaluators: undefined,
    prompt: undefined,
    missing: () => [],
    run: () => Promise.reject(new AssayError('INTERNAL', 'A re-judgement calls no target.')),
  };
}
