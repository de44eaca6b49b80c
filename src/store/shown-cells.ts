import { cellsByIds, type StoredCell } from './cell-results.js';
import { rowsOf } from './query.js';
import type { Store } from './store.js';

/** Of each of some items the cell that is shown: its first repetition that gave an output. Items without one are left out. */
export async function shownCells(
  store: Store,
  experimentId: string,
  itemIds: readonly string[],
): Promise<ReadonlyMap<string, StoredCell>> {
  const rows = await rowsOf<{ id: string }>(
    store,
    `select c.id
       from unnest($2::text[]) as t (item_id)
       cross join lateral (
         select ordinal from assay.experiment_items
          where experiment_id = $1 and item_id = t.item_id offset 0) i
       cross join lateral (
         select id from assay.experiment_cells
          where experiment_id = $1 and ordinal = i.ordinal and latest and output is not null
          order by repetition limit 1) c`,
    [experimentId, itemIds],
  );
  const cells = await cellsByIds(
    store,
    rows.map(({ id }) => id),
  );
  return new Map(cells.map((cell) => [cell.itemId, cell]));
}
