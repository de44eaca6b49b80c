import type { DatasetItem } from '../../contracts/records.js';
import { packKeys, plainFieldKeys } from '../../core/dataset/item-fields.js';
import type { ItemToWrite, PlatformItem } from '../../platforms/dataset-port.js';
import { withoutPlatformMarks } from '../../platforms/item-marks.js';
import type { Platform } from '../../platforms/port.js';
import { putCursor, readCursor } from '../../store/moves/cursors.js';
import { findItems, putFound, type MovedRow, type NewRow } from '../../store/moves/items.js';
import { withTransaction } from '../../store/store.js';
import type { Moving } from './moving.js';

/** A dataset on the target. */
export interface DatasetThere {
  readonly id: string;
  readonly name: string;
}

/** By what items are compared: as the target has them. */
export function keysThere(target: Platform, write: ItemToWrite): string {
  return packKeys(
    target.datasets.fieldKeys?.(write) ?? plainFieldKeys(write.item, write.splits ?? []),
  );
}

/** Lists what the target has of the dataset, page by page into rows. @returns whether all is listed. */
export async function listThere(moving: Moving, there: DatasetThere): Promise<boolean> {
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

/**
 * An item of the target, to be found by its id there, and by that under which writing it meets it: one that was taken out and came
 * back has another id by now. One that others made is found by its own id: it may have come from there.
 */
function thereRows(
  target: Platform,
  there: DatasetThere,
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
  const made = idThere(target, there, own);
  const other = own.id === platformId ? ownKey(there.id, own.id) : thereKey(there.id, made);
  return [
    { ...row, sourceId: thereKey(there.id, platformId) },
    ...(made === platformId ? [] : [{ ...row, sourceId: other }]),
  ];
}

/** The id that writing an item gives it there. */
export const idThere = (target: Platform, there: DatasetThere, item: DatasetItem): string =>
  target.datasets.platformId?.(there, item) ?? item.id;

/** What of an item stands there already. */
export interface Twin {
  readonly row: MovedRow;
  /** Made there by others, under an id that writing by its own id does not meet. */
  readonly isOthers: boolean;
}

/** @returns what of these items was listed there. */
export async function findTwins(
  { id: migrationId, store }: Moving,
  there: DatasetThere,
  items: readonly CarriedItem[],
): Promise<(item: CarriedItem) => Twin | undefined> {
  const byId = ({ targetId }: CarriedItem): string => thereKey(there.id, targetId);
  const byOwn = ({ write }: CarriedItem): string => ownKey(there.id, write.item.id);
  const rows = await findItems(
    store,
    { migrationId, kind: 'there' },
    items.flatMap((item) => [byId(item), byOwn(item)]),
  );
  return (item) => {
    const own = rows.get(byId(item));
    if (own !== undefined) return { row: own, isOthers: false };
    const others = rows.get(byOwn(item));
    return others === undefined ? undefined : { row: others, isOthers: true };
  };
}

interface CarriedItem {
  readonly targetId: string;
  readonly write: ItemToWrite;
}
