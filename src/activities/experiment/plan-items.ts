import type { Manifest } from '../../contracts/manifest.js';
import type { DatasetItem } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { createCellOrder } from '../../core/experiment/order.js';
import { platformItemId } from '../../core/ids/platform-ids.js';
import type { Platform, PlatformRun } from '../../platforms/port.js';
import type { ExperimentRecord } from '../../store/experiments.js';
import {
  assertSamePage,
  countItems,
  insertPage,
  itemIdPages,
  itemPages,
  type PlannedItem,
} from '../../store/items.js';
import type { Beat } from '../heartbeat.js';
import { itemFor } from './foreign-items.js';
import type { PlatformProgress } from './item-progress.js';
import { scanItems } from './item-scan.js';
import { selectItems } from './item-selection.js';
import { openItems } from './item-stream.js';
import type { ExperimentPorts } from './ports.js';
import { publishingPlatforms } from './run-platforms.js';

/** The answer where what is planned is not what was submitted. */
export function changedMeanwhile(): AssayError {
  return new AssayError(
    'EXPERIMENT_CONFLICT',
    'The dataset, the prompt or the config changed between the submission and the plan.',
    { mend: 'Start the experiment again under another name.' },
  );
}

/** Items whose rows are written before what a platform lists of them grows stale. */
const mostForeseen = 20_000;

/**
 * Streams the items into rows. The rows are the truth of what is done: pages come in order and each is one transaction, so
 * what stands there is compared and what comes after it is written.
 */
export async function planItems(
  record: ExperimentRecord,
  on: { manifest: Manifest; ports: ExperimentPorts; beat: Beat },
): Promise<{ readonly local: boolean }> {
  const { manifest, ports, beat } = on;
  const { repetitions, seed } = record.spec;
  const { items: expected, itemsHash } = manifest.dataset;
  const signal = beat.cancelled;
  const stream = await openItems(record.spec, ports);
  if (stream.local && expected <= mostForeseen && record.spec.trace !== 'none') {
    const { name } = record.spec.dataset;
    const prepared = new Set(record.platformRuns.map(({ platform }) => platform));
    for (const platform of publishingPlatforms(record.spec, ports)) {
      if (!prepared.has(platform.name)) platform.foreseeItems({ dataset: name, signal });
    }
  }
  const selection = await selectItems(stream, signal);
  const order = createCellOrder({ seed, cells: expected * repetitions });
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

/** From the rows and not from the file, which may have changed since: the platform shows what is run. */
export async function ensureItems(
  platform: Platform,
  on: {
    readonly record: ExperimentRecord;
    readonly ports: Pick<ExperimentPorts, 'store'>;
    readonly beat: Beat;
    readonly tell: PlatformProgress;
  },
): Promise<void> {
  const { record, ports, beat, tell } = on;
  // What the attempt before this one had made sure of; the platform itself says what of the rest is there.
  let next = tell.before;
  let written = 0;
  tell.at(next, written);
  for await (const page of itemPages(ports.store, { experimentId: record.id, from: next })) {
    const done = await platform.ensureItems({
      dataset: record.spec.dataset.name,
      items: page.map(({ item }) => itemFor(record.spec, platform, item)),
      signal: beat.cancelled,
      onProgress: (count) => {
        tell.at(next, written + count);
      },
    });
    written += done.written;
    next = (page.at(-1)?.ordinal ?? next) + 1;
    tell.at(next, written);
  }
}

/**
 * The run with the ids that its items have on the platform. Of all of them anew in each attempt, and not of what `ensureItems` saw in
 * passing: an attempt passes over what the one before it had made sure of.
 */
export async function placeItems(
  platform: Platform,
  on: {
    readonly record: ExperimentRecord;
    readonly ports: Pick<ExperimentPorts, 'store'>;
    readonly beat: Beat;
    readonly run: PlatformRun;
  },
): Promise<PlatformRun> {
  if (platform.placeItems === undefined) return on.run;
  const itemIds = itemIdPages(on.ports.store, { experimentId: on.record.id });
  return platform.placeItems({ run: on.run, itemIds, signal: on.beat.cancelled });
}
