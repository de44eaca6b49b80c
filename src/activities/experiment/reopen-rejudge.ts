import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import type { EvaluatorIdentity, Manifest } from '../../contracts/manifest.js';
import type { PassRequest } from '../../contracts/pass.js';
import { replayTarget } from '../../core/calibration/replay.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { contentHash } from '../../core/ids/hash.js';
import type { Evaluator } from '../../evaluators/port.js';
import type { ExperimentRecord } from '../../store/experiments.js';
import { buildJudges, sameIdentity } from './judges.js';
import type { ExperimentPorts, LoadedProject } from './ports.js';
import type { PreparedPass } from './reopen.js';

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
  const names = namesOf(record, request, ports.project);
  const before = new Map(manifest.evaluators.map((each) => [each.name, each]));
  const built = await buildJudges(ports.project, withKept(names, before, ports.project));
  const wanted = built.filter(({ name }) => names.includes(name));
  const judges =
    request.all || request.evaluators !== undefined
      ? wanted
      : wanted.filter(({ name, identity }) => !sameIdentity(before.get(name), identity));
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
  const usual = spec.evaluators ?? target?.evaluators ?? Object.keys(config.evaluators);
  const same = usual.length === names.length && usual.every((name, at) => name === names[at]);
  return same ? spec : { ...spec, evaluators: names };
}

const unchanged = ({ name }: ExperimentRecord): AssayError =>
  new AssayError('NOTHING_TO_REJUDGE', `The evaluators of "${name}" are those of its scores.`, {
    mend: 'Change one, name some with --evaluators, or ask all of them again with --all.',
  });
