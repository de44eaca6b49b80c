import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import type { EvaluatorIdentity, Manifest } from '../../contracts/manifest.js';
import type { PassRequest } from '../../contracts/pass.js';
import { replayTarget } from '../../core/calibration/replay.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { contentHash } from '../../core/ids/hash.js';
import { withParts } from '../../evaluators/parts.js';
import type { Evaluator } from '../../evaluators/port.js';
import type { ExperimentRecord } from '../../store/experiments.js';
import { buildJudges, sameIdentity } from './judges.js';
import type { ExperimentPorts, LoadedProject } from './ports.js';
import type { PreparedPass } from './prepared-pass.js';

/**
 * Who judges in a re-judgement, and what the run's manifest is from then on: each evaluator as it gave the scores that stand
 * there. Evaluators that do not judge keep their scores and their place, also where the config has them no more.
 *
 * @throws AssayError EVALUATOR_NOT_FOUND, TARGET_NOT_FOUND, CONFIG_INVALID, NOTHING_TO_REJUDGE
 */
export async function prepareRejudgement(
  record: ExperimentRecord,
  request: PassRequest & { kind: 'rejudge' },
  ports: ExperimentPorts,
): Promise<PreparedPass> {
  const { manifest } = record;
  if (manifest === undefined) {
    throw new AssayError('INTERNAL', `The experiment "${record.id}" has no plan.`);
  }
  const asked = namesOf(record, request, ports.project);
  const names = withParts(asked, ports.project.config.evaluators);
  const before = new Map(manifest.evaluators.map((each) => [each.name, each]));
  const built = await buildJudges(ports.project, withKept(names, before, ports.project));
  // Of what a composite is made of, only what is another now is asked again: the rest is paid for and stands there.
  const first = built.filter(({ name, identity }) => {
    if (!names.includes(name)) return false;
    if (request.all || request.evaluators?.includes(name) === true) return true;
    return !sameIdentity(before.get(name), identity);
  });
  const judges = withDependents(first, built);
  if (judges.length === 0) throw unchanged(record);
  const after = manifestWith(manifest, judges, names);
  return {
    details: {
      evaluators: judges.map(({ name, identity }) => {
        const was = before.get(name);
        return { name, ...(was === undefined ? {} : { before: was }), after: identity };
      }),
    },
    changes: {
      manifest: after,
      manifestHash: contentHash(after),
      spec: specWith(record, after, ports.project),
      platformRuns: record.platformRuns,
    },
  };
}

/** Evaluators with those that are computed from them: their scores would be of what was said before. */
function withDependents(
  judges: readonly Evaluator[],
  all: readonly Evaluator[],
): readonly Evaluator[] {
  const names = new Set(judges.map(({ name }) => name));
  for (let before = -1; before < names.size;) {
    before = names.size;
    for (const { name, parts = [] } of all)
      if (parts.some((part) => names.has(part))) names.add(name);
  }
  return all.filter(({ name }) => names.has(name));
}

/** The evaluators that are asked for, else those that a submission of today would have. */
function namesOf(
  { spec, name }: ExperimentRecord,
  request: PassRequest & { kind: 'rejudge' },
  { config }: LoadedProject,
): readonly string[] {
  if (request.evaluators !== undefined) return [...new Set(request.evaluators)];
  const target = Object.hasOwn(config.targets, spec.target)
    ? config.targets[spec.target]
    : undefined;
  if (target === undefined && spec.target !== replayTarget) {
    throw new AssayError('TARGET_NOT_FOUND', `The target "${spec.target}" of "${name}" is gone.`, {
      mend: 'Its evaluators are not known any more: name them with --evaluators.',
    });
  }
  return spec.evaluators ?? target?.evaluators ?? Object.keys(config.evaluators);
}

// Together with those that keep their scores, so that two that give a score of one name are found.
function withKept(
  names: readonly string[],
  before: ReadonlyMap<string, EvaluatorIdentity>,
  { config }: LoadedProject,
): readonly string[] {
  const kept = [...before.keys()].filter(
    (name) => !names.includes(name) && Object.hasOwn(config.evaluators, name),
  );
  return [...names, ...kept];
}

/** In the order that a submission of today has, then the others: equal content must be an equal manifest. */
function manifestWith(
  manifest: Manifest,
  judges: readonly Evaluator[],
  order: readonly string[],
): Manifest {
  const identities = new Map(manifest.evaluators.map((each) => [each.name, each]));
  for (const { name, identity } of judges) identities.set(name, identity);
  const first = order.flatMap((name) => identities.get(name) ?? []);
  const rest = [...identities.values()].filter(({ name }) => !order.includes(name));
  return { ...manifest, evaluators: [...first, ...rest] };
}

// By name from now on where they are others than the config names for the target; else its evaluators of tomorrow are found
// by the next re-judgement.
function specWith(
  { spec }: ExperimentRecord,
  { evaluators }: Manifest,
  { config }: LoadedProject,
): ExperimentSpec {
  const names = evaluators.map(({ name }) => name);
  const target = Object.hasOwn(config.targets, spec.target)
    ? config.targets[spec.target]
    : undefined;
  const usual = withParts(
    spec.evaluators ?? target?.evaluators ?? Object.keys(config.evaluators),
    config.evaluators,
  );
  const same = usual.length === names.length && usual.every((name, at) => name === names[at]);
  return same ? spec : { ...spec, evaluators: names };
}

const unchanged = ({ name }: ExperimentRecord): AssayError =>
  new AssayError('NOTHING_TO_REJUDGE', `The evaluators of "${name}" are those of its scores.`, {
    mend: 'Change one, name some with --evaluators, or ask all of them again with --all.',
  });
