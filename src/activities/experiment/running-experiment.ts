import type { Manifest } from '../../contracts/manifest.js';
import type { PassRecord, PassRef } from '../../contracts/pass.js';
import type { ExperimentSpec } from '../../contracts/experiment-spec.js';
import { AssayError } from '../../core/errors/assay-error.js';
import type { ErrorCode } from '../../core/errors/catalogue.js';
import {
  cellLimits,
  type CellLimits,
  type TargetLimits,
} from '../../core/experiment/cell-limits.js';
import { contentHash } from '../../core/ids/hash.js';
import { createCellIdentities, type CellIdentities } from '../../core/manifest/cell-identity.js';
import { manifestDifferences } from '../../core/manifest/differences.js';
import type { Evaluator } from '../../evaluators/port.js';
import type { EncodeContext, Platform } from '../../platforms/port.js';
import { getExperiment, type ExperimentRecord } from '../../store/experiments.js';
import type { Target } from '../../targets/port.js';
import { judgesOfPass, noTarget, unchangedIn } from './judges.js';
import { passRef } from './pass-plan.js';
import type { ExperimentPorts, LoadedProject } from './ports.js';
import { resolveCode } from './resolve.js';
import { platformNamed } from './run-platforms.js';

/** A run as a worker holds it in memory while its batches come and go. */
export interface RunningExperiment {
  readonly experimentId: string;
  readonly spec: ExperimentSpec;
  readonly concurrency: number;
  /** Cells in all. */
  readonly planned: number;
  /** Of each cell. */
  readonly limits: CellLimits;
  readonly target: Target;
  readonly evaluators: readonly Evaluator[];
  /** Of a re-judgement: the evaluators that gave the scores that stand there, just as they are. Else absent. */
  readonly unchanged?: ReadonlySet<string>;
  /** What lets cells be taken over from run to run. */
  readonly identities: CellIdentities;
  /** Where its records go, each with what encoding needs. */
  readonly publications: readonly {
    readonly platform: Platform;
    readonly context: EncodeContext;
  }[];
  readonly runUid: string;
  /** What was asked of the run after its end; absent for the run itself. */
  readonly pass?: PassRef;
}

/** Loads runs once per process and pass: a pass can change what the run is. */
export interface RunningExperiments {
  /**
   * `refused`, CODE_MISMATCH: this worker's config would run something else, or has it no more; PLATFORM_NOT_CONFIGURED: it has no
   * keys for where the run is published.
   */
  get(
    experimentId: string,
    pass?: PassRef,
  ): Promise<{ readonly run: RunningExperiment } | { readonly refused: AssayError }>;
}

export function createRunningExperiments(ports: ExperimentPorts): RunningExperiments {
  const known = new Map<string, Promise<RunningExperiment>>();
  const keyOf = (experimentId: string, pass?: PassRef): string =>
    `${experimentId}\n${pass?.number ?? 1}`;
  const remember = (experimentId: string, pass?: PassRef): Promise<RunningExperiment> => {
    const loading = loadRun(experimentId, ports, pass);
    const key = keyOf(experimentId, pass);
    known.set(key, loading);
    for (const oldest of known.keys()) {
      if (known.size <= mostKnown) break;
      known.delete(oldest);
    }
    // A failure is not kept: the next batch may find a database that is back.
    loading.catch(() => known.delete(key));
    return loading;
  };
  return {
    async get(experimentId, pass) {
      try {
        return {
          run: await (known.get(keyOf(experimentId, pass)) ?? remember(experimentId, pass)),
        };
      } catch (error) {
        if (AssayError.is(error) && refusals.includes(error.code)) return { refused: error };
        throw error;
      }
    },
  };
}

/** Another worker may have the code, or the keys: the batch waits for it. */
const refusals: readonly ErrorCode[] = ['CODE_MISMATCH', 'PLATFORM_NOT_CONFIGURED'];

/** Runs that a worker keeps in memory; the oldest go first, and are loaded again where they are still needed. */
const mostKnown = 50;

/** @throws AssayError CODE_MISMATCH where this worker would run or judge otherwise than was planned, PLATFORM_NOT_CONFIGURED */
export async function loadRun(
  experimentId: string,
  ports: ExperimentPorts,
  pass?: PassRef,
): Promise<RunningExperiment> {
  const record = await getExperiment(ports.store, experimentId);
  const { manifest } = record;
  if (manifest === undefined) throw unplanned(experimentId);
  const project = withPinnedRubrics(ports.project, manifest);
  const code =
    pass?.kind === 'rejudge'
      ? {
          target: noTarget(manifest),
          ...(await judgesOfPass({ experimentId, manifest }, project, ports).catch(gone)),
        }
      : await plannedCode(record.spec, project, manifest);
  return runOf(record, { ...code, ports, pass });
}

/**
 * A re-judgement that is given up, by what is recorded of it. Nothing of it judges any more, so a worker of any config can
 * end it: one whose config was edited since is just where people cancel.
 */
export async function loadGivenUp(
  experimentId: string,
  ports: ExperimentPorts,
  pass: PassRecord,
): Promise<RunningExperiment> {
  const record = await getExperiment(ports.store, experimentId);
  if (record.manifest === undefined) throw unplanned(experimentId);
  const evaluators = (pass.details.evaluators ?? []).map(({ after }): Evaluator => ({
    name: after.name,
    required: after.required,
    identity: after,
    evaluate: () => Promise.reject(new AssayError('INTERNAL', 'It was given up: nobody judges.')),
  }));
  const target = noTarget(record.manifest);
  const unchanged = unchangedIn(pass.details);
  return runOf(record, { target, evaluators, unchanged, ports, pass: passRef(pass) });
}

const unplanned = (experimentId: string): AssayError =>
  new AssayError('INTERNAL', `The experiment "${experimentId}" has no plan.`);

function runOf(
  record: ExperimentRecord,
  of: {
    readonly target: Target;
    readonly evaluators: readonly Evaluator[];
    readonly unchanged?: ReadonlySet<string>;
    readonly ports: ExperimentPorts;
    readonly pass: PassRef | undefined;
  },
): RunningExperiment {
  const { target, evaluators, unchanged, ports, pass } = of;
  const { id: experimentId, context } = record;
  if (context === undefined) throw unplanned(experimentId);
  const publications = record.platformRuns.map((run) => {
    return { platform: platformNamed(ports, run.platform), context: { ...context, run } };
  });
  return {
    experimentId,
    spec: record.spec,
    concurrency: record.concurrency,
    planned: record.planned,
    limits: cellLimits(record.spec, ownLimits(ports.project, record.spec.target)),
    target,
    evaluators,
    identities: createCellIdentities({
      project: record.project,
      manifest: {
        target: target.identity,
        evaluators: evaluators.map(({ identity }) => identity),
      },
    }),
    publications,
    runUid: record.runUid,
    ...(unchanged === undefined ? {} : { unchanged }),
    ...(pass === undefined ? {} : { pass }),
  };
}

/** What the target's config says; the time limit of an HTTP target is that of one request. */
function ownLimits({ config }: LoadedProject, name: string): TargetLimits {
  const target = config.targets[name];
  if (target === undefined) return {};
  const { kind, retry, timeoutMs } = target;
  return kind === 'http' ? { retry } : { retry, timeoutMs };
}

async function plannedCode(
  spec: ExperimentSpec,
  project: LoadedProject,
  manifest: Manifest,
): Promise<{ target: Target; evaluators: readonly Evaluator[] }> {
  const { target, evaluators } = await resolveCode(spec, project, manifest).catch(gone);
  const ours: Manifest = {
    ...manifest,
    target: target.identity,
    evaluators: evaluators.map((each) => each.identity),
  };
  if (contentHash(ours) !== contentHash(manifest)) throw mismatch(manifest, ours);
  return { target, evaluators };
}

// The rubric and the anchors that were planned are those that judge, also where their files were edited since.
function withPinnedRubrics(project: LoadedProject, manifest: Manifest): LoadedProject {
  const evaluators = { ...project.config.evaluators };
  for (const { name, judge } of manifest.evaluators) {
    const config = evaluators[name];
    if (judge === undefined || (config?.kind !== 'llm_judge' && config?.kind !== 'llm_pairwise')) {
      continue;
    }
    const { rubricFile, anchorsFile, ...rest } = config;
    evaluators[name] = {
      ...rest,
      ...(rubricFile === undefined ? {} : { rubric: judge.rubric }),
      ...(anchorsFile === undefined ? {} : { anchors: judge.anchors }),
    };
  }
  return { ...project, config: { ...project.config, evaluators } };
}

// A target or an evaluator that was renamed or taken out since the plan: other code, as far as this run is concerned.
function gone(error: unknown): never {
  if (!AssayError.is(error) || error.entry.retry !== 'never') throw error;
  throw new AssayError(
    'CODE_MISMATCH',
    `This worker cannot run what was planned: ${error.message}`,
    {
      problems: error.problems,
      mend: mendOfMismatch,
      cause: error,
    },
  );
}

const mendOfMismatch =
  'Run a worker with the config of the plan, or cancel the experiment and start another.';

function mismatch(recorded: Manifest, ours: Manifest): AssayError {
  return new AssayError(
    'CODE_MISMATCH',
    'This worker would run other code, prompts or evaluators than the experiment was planned with.',
    {
      problems: manifestDifferences(recorded, ours).map(({ at, recorded: was, submitted }) => ({
        at,
        message: `planned with ${was}, this worker has ${submitted}`,
      })),
      mend: mendOfMismatch,
    },
  );
}
