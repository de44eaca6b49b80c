import { changedFields, packKeys, plainFieldKeys } from '../../core/dataset/item-fields.js';
import { canonicalJson } from '../../core/json/json.js';
import { withoutPlatformMarks } from '../../platforms/item-marks.js';
import type { DatasetSummary, ItemToWrite, PlatformItem } from '../../platforms/dataset-port.js';
import type { Platform } from '../../platforms/port.js';
import { putCursor, readCursor } from '../../store/moves/cursors.js';
import {
  dropThere,
  findItems,
  pageOfItems,
  putFound,
  stepItems,
  type MovedRow,
  type MovedStep,
  type NewRow,
} from '../../store/moves/items.js';
import { withTransaction } from '../../store/store.js';
import { refusalOf } from './move-prompts.js';
import type { Moving } from './moving.js';

/** Moves datasets one after the other. @returns whether all were. */
export async function moveDatasets(moving: Moving): Promise<boolean> {
  const { id: migrationId, store } = moving;
  for (;;) {
    const [row] = await pageOfItems(store, {
      migrationId,
      kind: 'dataset',
      states: ['found'],
      limit: 1,
    });
    if (row === undefined) return true;
    if (!(await moveDataset(moving, row))) return false;
    if (moving.over()) return false;
  }
}

/** A dataset on both sides. */
interface Place {
  readonly row: MovedRow;
  readonly here: DatasetSummary;
  readonly there: { readonly id: string; readonly name: string };
}

async function moveDataset(moving: Moving, row: MovedRow): Promise<boolean> {
  const { id: migrationId, store, source, signal } = moving;
  const of = { migrationId, kind: 'dataset' } as const;
  const here = await source.datasets.get(row.name, signal);
  if (here?.id !== row.sourceId) {
    await stepItems(store, of, [
      { sourceId: row.sourceId, state: 'left', reason: 'it is gone, or another one has its name' },
    ]);
    return true;
  }
  const there = await placeOf(moving, { row, here });
  if (there === undefined) return true;
  const place: Place = { row, here, there };
  if (!(await listThere(moving, place))) return false;
  if (!(await moveItems(moving, place))) return false;
  await withTransaction(store, async (tx) => {
    await stepItems(tx, of, [{ sourceId: row.sourceId, state: 'written' }]);
    await dropThere(tx, { migrationId, container: there.id });
  });
  return true;
}

/** What of a dataset is moved beside its items. */
const fieldsOf = ({ description, metadata, inputSchema, expectedSchema }: DatasetSummary) => ({
  ...(description === undefined ? {} : { description }),
  ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  ...(inputSchema === undefined ? {} : { inputSchema }),
  ...(expectedSchema === undefined ? {} : { expectedSchema }),
});

/** The members in which the target has something else than the source. */
export function differingFields(here: DatasetSummary, there: DatasetSummary): readonly string[] {
  const shown: Readonly<Record<string, unknown>> = fieldsOf(there);
  return Object.entries(fieldsOf(here))
    .filter(([key, value]) => canonicalJson(shown[key] ?? null) !== canonicalJson(value))
    .map(([key]) => key);
}

/** The dataset on the target, made where it is missing. One that stands there keeps what it says, unless it may be overwritten. */
async function placeOf(
  { id: migrationId, move, store, target, signal }: Moving,
  { row, here }: Pick<Place, 'row' | 'here'>,
): Promise<Place['there'] | undefined> {
  const of = { migrationId, kind: 'dataset' } as const;
  const { name } = here;
  if (row.targetId !== undefined) return { id: row.targetId, name };
  const standing = await target.datasets.get(name, signal);
  const others = standing === undefined ? [] : differingFields(here, standing);
  const keeps = standing !== undefined && others.length > 0 && move.spec.onConflict === 'skip';
  try {
    const there =
      standing !== undefined && (keeps || others.length === 0)
        ? standing
        : await target.datasets.ensure({ name, ...fieldsOf(here) }, signal);
    await stepItems(store, of, [
      {
        sourceId: row.sourceId,
        targetId: there.id,
        writtenHere: standing === undefined || (others.length > 0 && !keeps),
        ...(keeps ? { reason: `keeps its own ${others.join(', ')} there` } : {}),
      },
    ]);
    // One that is new holds nothing to compare with.
    if (standing === undefined) {
      const key = { migrationId, kind: 'there', container: there.id } as const;
      await putCursor(store, key, { cursor: undefined, done: true });
    }
    return { id: there.id, name };
  } catch (error) {
    await stepItems(store, of, [
      { sourceId: row.sourceId, state: 'left', reason: refusalOf(error) },
    ]);
    return undefined;
  }
}

/** By what items are compared: as the target has them. */
export function keysThere(target: Platform, write: ItemToWrite): string {
  return packKeys(
    target.datasets.fieldKeys?.(write) ?? plainFieldKeys(write.item, write.splits ?? []),
  );
}

/** Lists what the target has of the dataset, page by page into rows. @returns whether all is listed. */
async function listThere(moving: Moving, { there }: Place): Promise<boolean> {
  const { id: migrationId, store, target, signal } = moving;
  const key = { migrationId, kind: 'there', container: there.id } as const;
  const at = await readCursor(store, key);
  if (at.done) return true;
  let from = Number(at.cursor ?? 0);
  for await (const page of target.datasets.items({ dataset: there.name, from, signal })) {
    const rows = page
      .filter(({ archived }) => !archived)
      .flatMap((each) => thereRows(target, there, each));
    from += page.length;
    await withTransaction(store, async (tx) => {
      await putFound(tx, migrationId, rows);
      await putCursor(tx, key, { cursor: String(from), done: false });
    });
    moving.tell(0, `dataset ${JSON.stringify(there.name)}: ${from} items of the target listed`);
    if (moving.over()) return false;
  }
  await putCursor(store, key, { cursor: String(from), done: true });
  return true;
}

const thereKey = (datasetId: string, platformId: string): string => `${datasetId}/${platformId}`;
const ownKey = (datasetId: string, itemId: string): string => `${datasetId}//${itemId}`;

/** An item of the target, to be found by its id there, and by its own where others made it: it may have come from there. */
function thereRows(
  target: Platform,
  there: Place['there'],
  { item, splits, platformId }: PlatformItem,
): readonly NewRow[] {
  const own = withoutPlatformMarks(item);
  const row = {
    kind: 'there',
    container: there.id,
    targetId: platformId,
    sourceHash: keysThere(target, { item: own, splits }),
    state: 'found',
  } as const;
  const made = target.datasets.platformId?.(there, own) ?? own.id;
  return [
    { ...row, sourceId: thereKey(there.id, platformId) },
    ...(made === platformId ? [] : [{ ...row, sourceId: ownKey(there.id, own.id) }]),
  ];
}

/** Writes what the target has not, page by page. @returns whether all is there. */
async function moveItems(moving: Moving, place: Place): Promise<boolean> {
  const { id: migrationId, store, source, signal } = moving;
  const { here } = place;
  const key = { migrationId, kind: 'items', container: here.id } as const;
  const at = await readCursor(store, key);
  if (at.done) return true;
  let from = Number(at.cursor ?? 0);
  for await (const page of source.datasets.items({ dataset: here.name, from, signal })) {
    from += page.length;
    await movePage(moving, place, page);
    await putCursor(store, key, { cursor: String(from), done: false });
    moving.tell(page.length, `dataset ${JSON.stringify(here.name)}: ${from} items`);
    if (moving.over()) return false;
  }
  await putCursor(store, key, { cursor: String(from), done: true });
  return true;
}

/** An item on its way. */
interface Carried {
  readonly sourceId: string;
  readonly targetId: string;
  readonly write: ItemToWrite;
  readonly keys: string;
}

async function movePage(
  moving: Moving,
  place: Place,
  page: readonly PlatformItem[],
): Promise<void> {
  const { id: migrationId, store, target } = moving;
  const { here, there } = place;
  const carried = page
    .filter(({ archived }) => !archived)
    .map((each): Carried => {
      const item = withoutPlatformMarks(each.item);
      const write = { item, splits: each.splits };
      const targetId = target.datasets.platformId?.(there, item) ?? item.id;
      return { sourceId: each.platformId, targetId, write, keys: keysThere(target, write) };
    });
  await putFound(
    store,
    migrationId,
    carried.map(({ sourceId, targetId, write, keys }) => ({
      kind: 'item',
      sourceId,
      container: here.id,
      name: write.item.id,
      targetId,
      sourceHash: keys,
      state: 'found',
    })),
  );
  const of = { migrationId, kind: 'item' } as const;
  const known = await findItems(
    store,
    of,
    carried.map(({ sourceId }) => sourceId),
  );
  const open = carried.filter(({ sourceId }) => known.get(sourceId)?.state === 'found');
  const standing = await findItems(
    store,
    { migrationId, kind: 'there' },
    open.flatMap(({ targetId, write }) => [
      thereKey(there.id, targetId),
      ownKey(there.id, write.item.id),
    ]),
  );
  const settled: MovedStep[] = [];
  const writes: { readonly carried: Carried; readonly replaces: boolean }[] = [];
  for (const each of open) {
    const others = standing.get(ownKey(there.id, each.write.item.id));
    const twin = standing.get(thereKey(there.id, each.targetId)) ?? others;
    const keys = twin?.sourceHash;
    const left = whyLeft(moving, each, { keys, isOthers: twin !== undefined && twin === others });
    if (left !== undefined) {
      settled.push({ sourceId: each.sourceId, state: 'left', reason: left });
    } else if (keys === each.keys) {
      settled.push({
        sourceId: each.sourceId,
        state: 'written',
        ...(twin?.targetId === undefined ? {} : { targetId: twin.targetId }),
      });
    } else {
      writes.push({ carried: each, replaces: keys !== undefined });
    }
  }
  await stepItems(store, of, settled);
  await writePage(moving, { there, writes, of });
}

function whyLeft(
  { move, target }: Moving,
  { write, keys }: Carried,
  standing: { readonly keys: string | undefined; readonly isOthers: boolean },
): string | undefined {
  const { largestItem } = target.datasets;
  const bytes = Buffer.byteLength(JSON.stringify(write.item));
  if (largestItem !== undefined && bytes > largestItem) {
    return `is larger than an item can be there (${largestItem} bytes)`;
  }
  if (standing.keys === undefined || standing.keys === keys) return undefined;
  // Made there by others, under an id that writing by its own id does not meet.
  if (move.spec.onConflict === 'overwrite' && !standing.isOthers) return undefined;
  return `stands there with other ${changedFields(standing.keys, keys).join(', ')}`;
}

async function writePage(
  { store, target, signal }: Moving,
  on: {
    readonly there: Place['there'];
    readonly writes: readonly { readonly carried: Carried; readonly replaces: boolean }[];
    readonly of: { readonly migrationId: string; readonly kind: 'item' };
  },
): Promise<void> {
  const { there, writes, of } = on;
  if (writes.length === 0) return;
  // Before they leave: whoever goes on after us finds what stands to be ours.
  await stepItems(
    store,
    of,
    writes.map(({ carried }) => ({ sourceId: carried.sourceId, writtenHere: true })),
  );
  const itemsOf = (some: typeof writes): readonly ItemToWrite[] =>
    some.map(({ carried, replaces }) => ({ ...carried.write, replaces }));
  const stand = (some: typeof writes): Promise<void> =>
    stepItems(
      store,
      of,
      some.map(({ carried }) => ({ sourceId: carried.sourceId, state: 'written' })),
    );
  try {
    await target.datasets.writeItems({ dataset: there, items: itemsOf(writes), signal });
    await stand(writes);
  } catch (error) {
    refusalOf(error);
    // One of them is refused: by themselves, so that the others get through.
    for (const write of writes) {
      try {
        await target.datasets.writeItems({ dataset: there, items: itemsOf([write]), signal });
        await stand([write]);
      } catch (own) {
        const { sourceId } = write.carried;
        await stepItems(store, of, [
          { sourceId, state: 'left', writtenHere: false, reason: refusalOf(own) },
        ]);
      }
    }
  }
}
