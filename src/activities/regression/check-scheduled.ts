import { experimentSpecSchema, type ExperimentSpec } from '../../contracts/experiment-spec.js';
import type { GateActivities } from '../../contracts/gate-protocol.js';
import type { ScheduledWork } from '../../contracts/schedule.js';
import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import { findBaseline } from '../../store/baselines/rows.js';
import { findExperiment } from '../../store/experiments.js';
import { createProblemList } from '../../datasets/problem-list.js';
import { openItems } from '../experiment/item-stream.js';
import { withHeartbeat } from '../heartbeat.js';
import type { RegressionPorts } from './ports.js';

/**
 * Looks whether what a job names is there: a name that is misspelt would fail every night, and only be seen in the morning. What
 * can come and go until then, such as the promoted baseline or whether a base is stale, is not looked at.
 */
export function createCheckScheduled(ports: RegressionPorts): GateActivities['checkScheduled'] {
  return ({ project, work }) =>
    withHeartbeat(async (beat) => {
      try {
        const spec = experimentSpecSchema.parse({ ...work.head, project, name: 'check' });
        const problems = [
          ...targetProblems(work, ports),
          ...evaluatorProblems(work, ports),
          ...(await datasetProblems(spec, ports, beat.cancelled)),
          ...(await baseProblems(project, work, ports)),
        ];
        return { problems };
      } catch (error) {
        // Whoever asks is waiting: what stands in the way is the answer, also where it may pass.
        if (!AssayError.is(error)) throw error;
        return { error: error.toJSON() };
      }
    });
}

const known = (names: readonly string[]): string =>
  names.length === 0 ? 'There are none.' : `Known: ${names.join(', ')}.`;

function targetProblems(
  { head, base }: ScheduledWork,
  { project: { config } }: RegressionPorts,
): readonly Problem[] {
  const named = [
    { at: 'schedule.work.head.target', target: head.target },
    ...(base.kind === 'start' ? [{ at: 'schedule.work.base.target', target: base.target }] : []),
  ];
  return named
    .filter(({ target }) => !Object.hasOwn(config.targets, target))
    .map(({ at, target }) => ({
      at,
      message: `names "${target}", which is not in targets`,
      mend: known(Object.keys(config.targets)),
    }));
}

const evaluatorProblems = (
  { head }: ScheduledWork,
  { project: { config } }: RegressionPorts,
): readonly Problem[] =>
  (head.evaluators ?? [])
    .filter((name) => !Object.hasOwn(config.evaluators, name))
    .map((name) => ({
      at: 'schedule.work.head.evaluators',
      message: `names "${name}", which is not in evaluators`,
      mend: known(Object.keys(config.evaluators)),
    }));

async function datasetProblems(
  spec: ExperimentSpec,
  ports: RegressionPorts,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  try {
    const stream = await openItems(spec, ports);
    if (!stream.local) {
      // A platform says with its first page whether it has the dataset.
      for await (const _page of stream.pages({ problems: createProblemList(), signal })) break;
    }
    return [];
  } catch (error) {
    if (!AssayError.is(error) || error.code !== 'DATASET_NOT_FOUND') throw error;
    const { message, mend } = error;
    return [{ at: 'schedule.work.head.dataset', message, ...(mend === undefined ? {} : { mend }) }];
  }
}

async function baseProblems(
  project: string,
  { head, base }: ScheduledWork,
  { store }: RegressionPorts,
): Promise<readonly Problem[]> {
  if (base.kind === 'start' || base.name === undefined) return [];
  const at = 'schedule.work.base.name';
  if (base.kind === 'run') {
    const run = await findExperiment(store, { project, name: base.name });
    if (run !== undefined) return [];
    const message = `names "${base.name}", and there is no such run`;
    return [{ at, message, mend: 'See `assay experiment list`.' }];
  }
  const baseline = await findBaseline(store, { project, name: base.name });
  if (baseline === undefined) {
    const message = `names "${base.name}", and there is no such baseline`;
    return [{ at, message, mend: 'See `assay baseline list`.' }];
  }
  if (baseline.dataset === head.dataset.name) return [];
  const message = `names "${base.name}", which is of the dataset "${baseline.dataset}"`;
  return [{ at, message, mend: 'Name a baseline of the dataset that is run.' }];
}
