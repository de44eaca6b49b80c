import type { AdmittedPlan, ExperimentActivities } from '../../contracts/experiment-protocol.js';
import type { DatasetItem } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { createCellOrder } from '../../core/experiment/order.js';
import { platformItemId } from '../../core/ids/platform-ids.js';
import { datasetHash, itemHash } from '../../core/manifest/dataset-hash.js';
import type { Platform, PlatformRun, RunContext } from '../../platforms/port.js';
import { countCells } from '../../store/cells.js';
import {
  getExperiment,
  recordPlan,
  setStatus,
  type ExperimentRecord,
} from '../../store/experiments.js';
import { insertPage } from '../../store/items.js';
import { withHeartbeat, type Beat } from '../heartbeat.js';
import type { ExperimentPorts } from './ports.js';
import { datasetPages, resolveExperiment, type ResolvedExperiment } from './resolve.js';

/**
 * Makes sure of the platform's side (dataset, items, prompt, run) and streams the items into cells. Every step looks before it
 * writes, so that a retried activity repeats nothing.
 */
export function createPlan(ports: ExperimentPorts): ExperimentActivities['planExperiment'] {
  return ({ experimentId }) =>
    withHeartbeat(async (beat) => {
      const record = await getExperiment(ports.store, experimentId);
      if (record.plannedAt !== undefined) {
        await setStatus(ports.store, experimentId, { status: 'running' });
        return admittedPlan(record, ports);
      }
      const resolved = await resolveExperiment(record.spec, ports, beat.cancelled);
      if (resolved.manifestHash !== record.manifestHash) throw changedMeanwhile();
      const context = runContext(record, resolved);
      const planned = resolved.manifest.dataset.items * record.spec.repetitions;
      await insertCells(record, { resolved, ports, beat, planned });
      const platformRuns: PlatformRun[] = [];
      for (const platform of ports.platforms) {
        platformRuns.push(await prepare(platform, { record, resolved, context, ports, beat }));
      }
      await recordPlan(ports.store, experimentId, {
        manifest: resolved.manifest,
        manifestHash: resolved.manifestHash,
        platformRuns,
        context,
        planned,
        codeHash: ports.project.codeHash,
      });
      await setStatus(ports.store, experimentId, { status: 'running' });
      return admittedPlan(await getExperiment(ports.store, experimentId), ports);
    });
}

function changedMeanwhile(): AssayError {
  return new AssayError(
    'EXPERIMENT_CONFLICT',
    'The dataset, the prompt or the config changed between the submission and the plan.',
    { mend: 'Start the experiment again under another name.' },
  );
}

function runContext(record: ExperimentRecord, resolved: ResolvedExperiment): RunContext {
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
      'assay.manifest': resolved.manifestHash,
    },
  };
}

async function insertCells(
  record: ExperimentRecord,
  on: { resolved: ResolvedExperiment; ports: ExperimentPorts; beat: Beat; planned: number },
): Promise<void> {
  const { resolved, ports, beat, planned } = on;
  const { repetitions, seed } = record.spec;
  const order = createCellOrder({ seed, cells: planned });
  const dataset = await datasetPages(record.spec, ports, beat.cancelled);
  const hashes: [string, string][] = [];
  for await (const page of dataset.items) {
    // A cancelled run is closed next: no cell may come after that.
    beat.cancelled.throwIfAborted();
    const first = hashes.length;
    const items = page.map((item, index) => {
      const hash = itemHash(item);
      hashes.push([item.id, hash]);
      return {
        ordinal: first + index,
        item,
        hash,
        platformItemId: itemIdThere(record, { item, local: dataset.local }),
      };
    });
    await insertPage(ports.store, {
      experimentId: record.id,
      items,
      repetitions,
      positionOf: (ordinal, repetition) => order(ordinal * repetitions + repetition - 1),
    });
    beat.tell({ step: 'cells', items: hashes.length });
  }
  if (datasetHash(hashes) !== resolved.manifest.dataset.itemsHash) throw changedMeanwhile();
}

const itemIdThere = (
  record: ExperimentRecord,
  { item, local }: { item: DatasetItem; local: boolean },
): string => (local ? platformItemId(record.spec.dataset.name, item.id) : item.id);

async function prepare(
  platform: Platform,
  on: {
    record: ExperimentRecord;
    resolved: ResolvedExperiment;
    context: RunContext;
    ports: ExperimentPorts;
    beat: Beat;
  },
): Promise<PlatformRun> {
  const { record, resolved, context, ports, beat } = on;
  const signal = beat.cancelled;
  const { name } = record.spec.dataset;
  const dataset = await platform.ensureDataset({ name }, signal);
  const pages = await datasetPages(record.spec, ports, signal);
  if (pages.local) {
    let written = 0;
    for await (const items of pages.items) {
      const done = await platform.ensureItems({
        dataset: name,
        items,
        signal,
        onProgress: (count) =>
          beat.tell({ step: 'dataset', platform: platform.name, written: written + count }),
      });
      written += done.written;
    }
  }
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
    summary: `${spec.name}: ${spec.target} over ${spec.dataset.name}, ${planned} cells`,
    target: spec.target,
    dataset: spec.dataset.name,
    counts: await countCells(ports.store, record.id),
  };
}
