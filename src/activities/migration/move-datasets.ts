import { changedFields } from '../../core/dataset/item-fields.js';
import { canonicalJson } from '../../core/json/json.js';
import { withoutPlatformMarks } from '../../platforms/item-marks.js';
import type { DatasetSummary, ItemToWrite, PlatformItem } from '../../platforms/dataset-port.js';
import { putCursor, readCursor } from '../../store/moves/cursors.js';
import {
  dropThere,
  findItems,
  pageOfItems,
  putFound,
  stepItems,
  type MovedRow,
  type MovedStep,
} from '../../store/moves/items.js';
import { withTransaction } from '../../store/store.js';
import {
  findTwins,
  idThere,
  keysThere,
  listThere,
  type DatasetThere,
  type Twin,
} from './items-there.js';
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
  readonly there: DatasetThere;
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
  if (!(await listThere(moving, there))) return false;
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
): Promise<DatasetThere | undefined> {
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
      const targetId = idThere(target, there, item);
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
  const twinOf = await findTwins(moving, there, open);
  const settled: MovedStep[] = [];
  const writes: { readonly carried: Carried; readonly replaces: boolean }[] = [];
  for (const each of open) {
    const twin = twinOf(each);
    const left = whyLeft(moving, each, twin);
    if (left !== undefined) {
      settled.push({ sourceId: each.sourceId, state: 'left', reason: left });
    } else if (twin?.row.sourceHash === each.keys) {
      const { targetId = each.targetId } = twin.row;
      settled.push({ sourceId: each.sourceId, state: 'written', targetId });
    } else {
      writes.push({ carried: each, replaces: twin !== undefined });
    }
  }
  await stepItems(store, of, settled);
  await writePage(moving, { there, writes, of });
}

function whyLeft(
  { move, target }: Moving,
  { write, keys }: Carried,
  twin: Twin | undefined,
): string | undefined {
  const { largestItem } = target.datasets;
  const bytes = Buffer.byteLength(JSON.stringify(write.item));
  if (largestItem !== undefined && bytes > largestItem) {
    return `is larger than an item can be there (${largestItem} bytes)`;
  }
  const standing = twin?.row.sourceHash;
  if (twin === undefined || standing === undefined || standing === keys) return undefined;
  if (move.spec.onConflict === 'overwrite' && !twin.isOthers) return undefined;
  return `stands there with other ${changedFields(standing, keys).join(', ')}`;
}

async function writePage(
  { store, target, signal }: Moving,
  on: {
    readonly there: DatasetThere;
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
