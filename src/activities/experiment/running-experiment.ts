import type { Manifest } from '../../contracts/manifest.js';
import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { contentHash } from '../../core/ids/hash.js';
import { manifestDifferences } from '../../core/manifest/differences.js';
import type { Evaluator } from '../../evaluators/port.js';
import type { EncodeContext, Platform } from '../../platforms/port.js';
import { getExperiment } from '../../store/experiments.js';
import type { Target } from '../../targets/port.js';
import type { ExperimentPorts, LoadedProject } from './ports.js';
import { resolveCode } from './resolve.js';

/** A run as a worker holds it in memory while its batches come and go. */
export interface RunningExperiment {
  readonly experimentId: string;
  readonly spec: ExperimentSpec;
  readonly concurrency: number;
  readonly target: Target;
  readonly evaluators: readonly Evaluator[];
  /** Where its records go, each with what encoding needs. */
  readonly publications: readonly {
    readonly platform: Platform;
    readonly context: EncodeContext;
  }[];
  readonly runUid: string;
}

/** Loads runs once per process. */
export interface RunningExperiments {
  /** @throws AssayError CODE_MISMATCH where this worker's config would run something else. */
  get(experimentId: string): Promise<RunningExperiment>;
}

export function createRunningExperiments(ports: ExperimentPorts): RunningExperiments {
  const known = new Map<string, Promise<RunningExperiment>>();
  return {
    get(experimentId) {
      const loaded = known.get(experimentId);
      if (loaded !== undefined) return loaded;
      const loading = load(experimentId, ports);
      known.set(experimentId, loading);
      // A failure is not kept: the next batch may find a mended config or a database that is back.
      loading.catch(() => known.delete(experimentId));
      return loading;
    },
  };
}

async function load(experimentId: string, ports: ExperimentPorts): Promise<RunningExperiment> {
  const record = await getExperiment(ports.store, experimentId);
  const { manifest, context } = record;
  if (manifest === undefined || context === undefined) {
    throw new AssayError('INTERNAL', `The experiment "${experimentId}" has no plan.`);
  }
  const project = withPinnedRubrics(ports.project, manifest);
  const { target, evaluators } = await resolveCode(record.spec, project, manifest);
  const ours: Manifest = {
    ...manifest,
    target: target.identity,
    evaluators: evaluators.map((each) => each.identity),
  };
  if (contentHash(ours) !== contentHash(manifest)) throw mismatch(manifest, ours);
  const publications = record.platformRuns.map((run) => {
    const platform = ports.platforms.find((each) => each.name === run.platform);
    if (platform === undefined) {
      throw new AssayError('CONFIG_INVALID', `This worker knows no platform "${run.platform}".`);
    }
    return { platform, context: { ...context, run } };
  });
  return {
    experimentId,
    spec: record.spec,
    concurrency: record.concurrency,
    target,
    evaluators,
    publications,
    runUid: record.runUid,
  };
}

// The rubric that was planned is the rubric that judges, also where its file was edited since.
function withPinnedRubrics(project: LoadedProject, manifest: Manifest): LoadedProject {
  const evaluators = { ...project.config.evaluators };
  for (const { name, judge } of manifest.evaluators) {
    const config = evaluators[name];
    if (judge === undefined || config?.kind !== 'llm_judge') continue;
    const { rubricFile: _edited, ...rest } = config;
    evaluators[name] = { ...rest, rubric: judge.rubric };
  }
  return { ...project, config: { ...project.config, evaluators } };
}

function mismatch(recorded: Manifest, ours: Manifest): AssayError {
  return new AssayError(
    'CODE_MISMATCH',
    'This worker would run other code, prompts or evaluators than the experiment was planned with.',
    {
      problems: manifestDifferences(recorded, ours).map(({ at, recorded: was, submitted }) => ({
        at,
        message: `planned with ${was}, this worker has ${submitted}`,
      })),
      mend: 'Run a worker with the config of the plan, or cancel the experiment and start another.',
      // Another worker may have the right code; this one must not spin on it.
      retryAfterMs: 5_000,
    },
  );
}
