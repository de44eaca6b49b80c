import type { AdmittedPlan, ExperimentActivities } from '../../contracts/experiment-protocol.js';
import type { Manifest } from '../../contracts/manifest.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { sampleText } from '../../core/experiment/sample-text.js';
import { contentHash } from '../../core/ids/hash.js';
import type { Platform, PlatformRun, RunContext } from '../../platforms/port.js';
import { openBudget } from '../../store/budget.js';
import { countCells } from '../../store/cells.js';
import {
  getExperiment,
  recordPlan,
  recordPlatformRun,
  setStatus,
  type ExperimentRecord,
} from '../../store/experiments.js';
import { findOpenPass } from '../../store/passes/pass-records.js';
import { noteNewRows } from '../../store/statistics.js';
import type { Target, TargetPrompt } from '../../targets/port.js';
import { withHeartbeat, type Beat } from '../heartbeat.js';
import { planOfPass } from './pass-plan.js';
import { isForeign } from './foreign-items.js';
import { changedMeanwhile, ensureItems, placeItems, planItems } from './plan-items.js';
import { createItemProgress, type ItemProgress } from './item-progress.js';
import type { ExperimentPorts } from './ports.js';
import { resolveCode } from './resolve.js';
import { publishingPlatforms } from './run-platforms.js';

/**
 * Makes sure of the platform's side (dataset, items, prompt, run) and streams the items into cells. Every step looks before it
 * writes, so that a retried activity repeats nothing.
 */
export function createPlan(ports: ExperimentPorts): ExperimentActivities['planExperiment'] {
  return ({ experimentId }) =>
    withHeartbeat(async (beat) => {
      const record = await getExperiment(ports.store, experimentId);
      if (record.plannedAt !== undefined) {
        const pass = await findOpenPass(ports.store, experimentId);
        const status = pass?.kind === 'verify' ? 'publishing' : 'running';
        await setStatus(ports.store, experimentId, { status });
        return planOfPass(await admittedPlan(record, ports), pass);
      }
      const resolved = await resolvePlan(record, ports);
      const context = runContext(record);
      const { budgetUsd } = record.spec;
      if (budgetUsd !== undefined) await openBudget(ports.store, experimentId, budgetUsd);
      const planned = resolved.manifest.dataset.items * record.spec.repetitions;
      const { local } = await planItems(record, { manifest: resolved.manifest, ports, beat });
      // The next step reads the items; the cells are read after it.
      await noteNewRows(ports.store, 'experiment_items', resolved.manifest.dataset.items);
      const prepared = { record, resolved, context, ports, beat, local };
      const [platformRuns] = await Promise.all([
        prepareAll(prepared),
        noteNewRows(ports.store, 'experiment_cells', planned),
      ]);
      await recordPlan(ports.store, experimentId, {
        manifest: resolved.manifest,
        manifestHash: record.manifestHash ?? contentHash(resolved.manifest),
        platformRuns,
        context,
        planned,
        codeHash: ports.project.codeHash,
      });
      await setStatus(ports.store, experimentId, { status: 'running' });
      return admittedPlan(await getExperiment(ports.store, experimentId), ports);
    });
}

/** What was submitted, made ready to run. */
interface ResolvedPlan {
  readonly target: Target;
  readonly manifest: Manifest;
}

/** The code of the submission, equal to what was recorded; the dataset is compared while it streams into rows. */
async function resolvePlan(
  record: ExperimentRecord,
  ports: ExperimentPorts,
): Promise<ResolvedPlan> {
  const { manifest } = record;
  if (manifest === undefined) {
    throw new AssayError('INTERNAL', `The experiment "${record.id}" was admitted without content.`);
  }
  const { target, evaluators } = await resolveCode(record.spec, ports.project);
  const ours: Manifest = {
    ...manifest,
    target: target.identity,
    evaluators: evaluators.map((each) => each.identity),
  };
  if (contentHash(ours) !== record.manifestHash) throw changedMeanwhile();
  return { target, manifest };
}

function runContext(record: ExperimentRecord): RunContext {
  const { spec, runUid } = record;
  return {
    project: spec.project,
    experiment: spec.name,
    runUid,
    target: spec.target,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    metadata: {
      'assay.run_uid': runUid,
      'assay.project': spec.project,
      'assay.target': spec.target,
      'assay.dataset': spec.dataset.name,
      'assay.manifest': record.manifestHash ?? '',
      ...sampleMark(record),
    },
  };
}

/** What the Temporal UI calls the run. */
function summaryOf(record: ExperimentRecord): string {
  const { spec, planned } = record;
  const sample = sampleMark(record)['assay.sample'];
  const cells = `${spec.name}: ${spec.target} over ${spec.dataset.name}, ${planned} cells`;
  return sample === undefined ? cells : `${cells} (${sample})`;
}

/** On the platform, too, a sample says that it is one. */
function sampleMark({ manifest, spec }: ExperimentRecord): { readonly 'assay.sample'?: string } {
  if (manifest === undefined) return {};
  const { items, sample } = manifest.dataset;
  const text = sampleText({ items, sample, asked: spec.quick?.items });
  return text === undefined ? {} : { 'assay.sample': text };
}

interface Prepare {
  readonly record: ExperimentRecord;
  readonly resolved: ResolvedPlan;
  readonly context: RunContext;
  readonly ports: ExperimentPorts;
  readonly beat: Beat;
  /** Whether the dataset lives in the project's folder: then the platform gets its items from us. */
  readonly local: boolean;
}

/**
 * All at once, each for itself: what one of them has is recorded and not asked for again, also where another one is away and
 * this is tried anew for as long as that takes.
 */
async function prepareAll(on: Prepare): Promise<readonly PlatformRun[]> {
  const { record, ports } = on;
  const tell = createItemProgress(on.beat, on.resolved.manifest.dataset.items);
  const settled = await Promise.allSettled(
    publishingPlatforms(record.spec, ports).map(async (platform) => {
      const known = record.platformRuns.find((run) => run.platform === platform.name);
      if (known !== undefined) return known;
      const run = await prepare(platform, { ...on, tell });
      await recordPlatformRun(ports.store, record.id, run);
      return run;
    }),
  );
  return settled.map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
}

async function prepare(
  platform: Platform,
  on: Prepare & { readonly tell: ItemProgress },
): Promise<PlatformRun> {
  const { record, resolved, context, beat, tell } = on;
  const signal = beat.cancelled;
  const { name } = record.spec.dataset;
  const dataset = await platform.ensureDataset({ name }, signal);
  const fromUs = on.local || isForeign(record.spec, platform);
  if (fromUs) await ensureItems(platform, { ...on, tell: tell.of(platform.name) });
  const { prompt } = resolved.target;
  const stored = prompt === undefined ? undefined : await storedPrompt(platform, prompt, signal);
  const prepared = await platform.prepareRun({
    context,
    datasetId: dataset.id,
    datasetName: name,
    repetitions: record.spec.repetitions,
    signal,
  });
  const run = fromUs ? await placeItems(platform, { ...on, run: prepared }) : prepared;
  return stored === undefined ? run : { ...run, prompt: stored };
}

/** The version that the run's calls name on a platform. */
async function storedPrompt(
  platform: Platform,
  prompt: TargetPrompt,
  signal: AbortSignal,
): Promise<NonNullable<PlatformRun['prompt']>> {
  const { name, contentHash, fetched } = prompt;
  const source = fetched === undefined ? {} : { source: fetched.source };
  const number = Number(fetched?.version);
  // What came from there stands there: one that was made by hand has no label that it could be found by.
  if (fetched?.platform === platform.name && Number.isSafeInteger(number)) {
    return { name, version: number, contentHash, ...source };
  }
  const there = fetched?.platform === platform.name ? { standing: fetched.version } : {};
  const stored = await platform.ensurePrompt({ ...prompt, ...there }, signal);
  return { name, ...stored, contentHash, ...source };
}

async function admittedPlan(
  record: ExperimentRecord,
  ports: ExperimentPorts,
): Promise<AdmittedPlan> {
  const { spec, planned } = record;
  return {
    experimentId: record.id,
    planned,
    concurrency: record.concurrency,
    platforms: record.platformRuns.map((run) => run.platform),
    verify: spec.verify,
    verifyMs: spec.timeouts.verifyMs,
    summary: summaryOf(record),
    target: spec.target,
    dataset: spec.dataset.name,
    counts: await countCells(ports.store, record.id),
    priority: spec.priority,
    ...(record.pause === undefined ? {} : { pause: record.pause }),
  };
}
