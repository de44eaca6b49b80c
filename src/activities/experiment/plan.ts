import type { AdmittedPlan, ExperimentActivities } from '../../contracts/experiment-protocol.js';
import type { Manifest } from '../../contracts/manifest.js';
import type { DatasetItem } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { createCellOrder } from '../../core/experiment/order.js';
import { sampleText } from '../../core/experiment/sample-text.js';
import { contentHash } from '../../core/ids/hash.js';
import { platformItemId } from '../../core/ids/platform-ids.js';
import type { Platform, PlatformRun, RunContext } from '../../platforms/port.js';
import { openBudget } from '../../store/budget.js';
import { countCells } from '../../store/cells.js';
import {
  getExperiment,
  recordPlan,
  setStatus,
  type ExperimentRecord,
} from '../../store/experiments.js';
import {
  assertSamePage,
  countItems,
  insertPage,
  itemPages,
  type PlannedItem,
} from '../../store/items.js';
import { findOpenPass } from '../../store/passes/pass-records.js';
import type { Target } from '../../targets/port.js';
import { withHeartbeat, type Beat } from '../heartbeat.js';
import { scanItems } from './item-scan.js';
import { selectItems } from './item-selection.js';
import { openItems } from './item-stream.js';
import { planOfPass } from './pass-plan.js';
import type { ExperimentPorts } from './ports.js';
import { resolveCode } from './resolve.js';

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
      const { local } = await insertCells(record, { resolved, ports, beat, planned });
      const platformRuns: PlatformRun[] = [];
      for (const platform of ports.platforms) {
        const prepared = { record, resolved, context, ports, beat, local };
        platformRuns.push(await prepare(platform, prepared));
      }
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

function changedMeanwhile(): AssayError {
  return new AssayError(
    'EXPERIMENT_CONFLICT',
    'The dataset, the prompt or the config changed between the submission and the plan.',
    { mend: 'Start the experiment again under another name.' },
  );
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

/**
 * Streams the items into rows. The rows are the truth of what is done: pages come in order and each is one transaction, so
 * what stands there is compared and what comes after it is written.
 */
async function insertCells(
  record: ExperimentRecord,
  on: { resolved: ResolvedPlan; ports: ExperimentPorts; beat: Beat; planned: number },
): Promise<{ readonly local: boolean }> {
  const { resolved, ports, beat, planned } = on;
  const { repetitions, seed } = record.spec;
  const { items: expected, itemsHash } = resolved.manifest.dataset;
  const signal = beat.cancelled;
  const stream = await openItems(record.spec, ports);
  const selection = await selectItems(stream, signal);
  const order = createCellOrder({ seed, cells: planned });
  const standing = await countItems(ports.store, record.id);
  let done = 0;
  const found = await scanItems(stream, {
    signal,
    selection,
    onPage: async (page) => {
      const first = done;
      done += page.length;
      if (done > expected) throw changedMeanwhile();
      const items = page.map(({ item, hash }, index): PlannedItem => ({
        ordinal: first + index,
        item,
        hash,
        platformItemId: itemIdThere(record, { item, local: stream.local }),
      }));
      if (done <= standing) await assertSamePage(ports.store, { experimentId: record.id, items });
      else {
        await insertPage(ports.store, {
          experimentId: record.id,
          items,
          repetitions,
          positionOf: (ordinal, repetition) => order(ordinal * repetitions + repetition - 1),
          whileOpen: true,
        });
      }
      beat.tell({ step: 'cells', items: done, of: expected });
    },
  });
  if (found.items !== expected || found.itemsHash !== itemsHash) throw changedMeanwhile();
  return { local: stream.local };
}

const itemIdThere = (
  record: ExperimentRecord,
  { item, local }: { item: DatasetItem; local: boolean },
): string => (local ? platformItemId(record.spec.dataset.name, item.id) : item.id);

interface Prepare {
  readonly record: ExperimentRecord;
  readonly resolved: ResolvedPlan;
  readonly context: RunContext;
  readonly ports: ExperimentPorts;
  readonly beat: Beat;
  /** Whether the dataset lives in the project's folder: then the platform gets its items from us. */
  readonly local: boolean;
}

async function prepare(platform: Platform, on: Prepare): Promise<PlatformRun> {
  const { record, resolved, context, beat } = on;
  const signal = beat.cancelled;
  const { name } = record.spec.dataset;
  const dataset = await platform.ensureDataset({ name }, signal);
  if (on.local) await ensureItems(platform, on);
  const { prompt } = resolved.target;
  const stored = prompt === undefined ? undefined : await platform.ensurePrompt(prompt, signal);
  const run = await platform.prepareRun({
    context,
    datasetId: dataset.id,
    datasetName: name,
    repetitions: record.spec.repetitions,
    signal,
  });
  return prompt === undefined || stored === undefined
    ? run
    : { ...run, prompt: { name: prompt.name, version: stored.version } };
}

/** From the rows and not from the file, which may have changed since: the platform shows what is run. */
async function ensureItems(platform: Platform, on: Prepare): Promise<void> {
  const { record, ports, beat } = on;
  const { items } = on.resolved.manifest.dataset;
  // What the attempt before this one had made sure of; the platform itself says what of the rest is there.
  const { step, platform: last, ordinal } = beat.before;
  const resumed = step === 'dataset' && last === platform.name && typeof ordinal === 'number';
  let next = resumed ? ordinal : 0;
  let written = 0;
  const tell = (count: number): void => {
    beat.tell({
      step: 'dataset',
      platform: platform.name,
      ordinal: next,
      of: items,
      written: count,
    });
  };
  tell(written);
  for await (const page of itemPages(ports.store, { experimentId: record.id, from: next })) {
    const done = await platform.ensureItems({
      dataset: record.spec.dataset.name,
      items: page.map(({ item }) => item),
      signal: beat.cancelled,
      onProgress: (count) => {
        tell(written + count);
      },
    });
    written += done.written;
    next = (page.at(-1)?.ordinal ?? next) + 1;
    tell(written);
  }
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
