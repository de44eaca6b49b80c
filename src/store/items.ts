import type { DatasetItem } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import { countOf, rowsOf, type Queryable } from './query.js';
import { withTransaction, type Store } from './store.js';

export interface PlannedItem {
  /** The item's place in the dataset, from 0. */
  readonly ordinal: number;
  readonly item: DatasetItem;
  /** Of the item's content. */
  readonly hash: string;
  readonly platformItemId?: string;
}

export interface ItemPage {
  readonly experimentId: string;
  readonly items: readonly PlannedItem[];
  readonly repetitions: number;
  /** The place of a cell in the seeded random order, unique in the experiment; repetitions count from 1. */
  readonly positionOf: (ordinal: number, repetition: number) => number;
  /**
   * Write only while the run's cells are open: a planner that was frozen and wakes after its run was cancelled and closed
   * must not leave cells that nobody will run. Default false.
   */
  readonly whileOpen?: boolean;
}

const insertItems = async (on: Queryable, page: ItemPage): Promise<void> => {
  const bodies = page.items.map(({ item }) => JSON.stringify(item));
  await countOf(
    on,
    `insert into assay.experiment_items
       (experiment_id, ordinal, item_id, hash, body, bytes, platform_item_id)
     select $1, t.ordinal, t.item_id, t.hash, t.body::json, octet_length(t.body), t.platform_item_id
       from unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[])
              as t (ordinal, item_id, hash, body, platform_item_id)
     on conflict do nothing`,
    [
      page.experimentId,
      page.items.map(({ ordinal }) => ordinal),
      page.items.map(({ item }) => item.id),
      page.items.map(({ hash }) => hash),
      bodies,
      page.items.map(({ platformItemId }) => platformItemId ?? null),
    ],
  );
};

// The same page twice is a retry; another content in its place is a dataset that changed under the plan.
const refuseChanged = async (
  on: Queryable,
  page: Pick<ItemPage, 'experimentId' | 'items'>,
): Promise<void> => {
  const changed = await rowsOf<{ item_id: string }>(
    on,
    `select t.item_id
       from unnest($2::int[], $3::text[], $4::text[]) as t (ordinal, item_id, hash)
       left join assay.experiment_items i
         on i.experiment_id = $1 and i.ordinal = t.ordinal and i.item_id = t.item_id
            and i.hash = t.hash
      where i.ordinal is null
      order by t.ordinal limit 5`,
    [
      page.experimentId,
      page.items.map(({ ordinal }) => ordinal),
      page.items.map(({ item }) => item.id),
      page.items.map(({ hash }) => hash),
    ],
  );
  if (changed.length === 0) return;
  throw new AssayError(
    'EXPERIMENT_CONFLICT',
    'The dataset changed while the experiment was planned, or holds an id twice.',
    {
      problems: changed.map(({ item_id }) => ({
        at: item_id,
        message: 'Another item stands in this place already.',
      })),
      mend: 'Start the experiment again under a new name.',
    },
  );
};

const insertCells = async (on: Queryable, page: ItemPage): Promise<void> => {
  const cells = page.items.flatMap(({ ordinal }) =>
    Array.from({ length: page.repetitions }, (_, index) => ({ ordinal, repetition: index + 1 })),
  );
  // Only the cell itself may stand there already: two cells in one position are a defect, and must fail.
  await countOf(
    on,
    `insert into assay.experiment_cells (experiment_id, ordinal, repetition, position)
     select $1, t.ordinal, t.repetition, t.position
       from unnest($2::int[], $3::int[], $4::int[]) as t (ordinal, repetition, position)
     on conflict (experiment_id, ordinal, repetition, revision) do nothing`,
    [
      page.experimentId,
      cells.map(({ ordinal }) => ordinal),
      cells.map(({ repetition }) => repetition),
      cells.map(({ ordinal, repetition }) => page.positionOf(ordinal, repetition)),
    ],
  );
};

// Holds the row until the commit, so that the closing of the cells comes before this page or after it.
const refuseClosed = async (on: Queryable, experimentId: string): Promise<void> => {
  const open = await rowsOf(
    on,
    `select from assay.experiments where id = $1 and cells_done_at is null for share`,
    [experimentId],
  );
  if (open.length > 0) return;
  throw new AssayError('EXPERIMENT_CONFLICT', 'The cells of this experiment are closed already.');
};

/**
 * Writes a page of items and all of their cells. The same page again changes nothing, so that a retried
 * planning activity may repeat pages.
 *
 * @throws AssayError EXPERIMENT_CONFLICT where another item stands in the place of one of these.
 */
export async function insertPage(store: Store, page: ItemPage): Promise<void> {
  if (page.items.length === 0) return;
  await withTransaction(store, async (on) => {
    if (page.whileOpen === true) await refuseClosed(on, page.experimentId);
    await insertItems(on, page);
    await refuseChanged(on, page);
    await insertCells(on, page);
  });
}

/**
 * Makes sure that a page stands as it is given.
 *
 * @throws AssayError EXPERIMENT_CONFLICT where another item stands in the place of one of these.
 */
export async function assertSamePage(
  store: Store,
  page: Pick<ItemPage, 'experimentId' | 'items'>,
): Promise<void> {
  if (page.items.length > 0) await refuseChanged(store, page);
}

/** How many items stand: their pages are written in order and whole, so these are the first ones. */
export async function countItems(store: Store, experimentId: string): Promise<number> {
  const [row] = await rowsOf<{ next: number }>(
    store,
    `select coalesce(max(ordinal) + 1, 0) as next from assay.experiment_items
      where experiment_id = $1`,
    [experimentId],
  );
  return row?.next ?? 0;
}

/** An item as it was planned, with its place. */
export interface StoredItem {
  readonly ordinal: number;
  readonly item: DatasetItem;
}

/** The items of a run in their order, in pages of bounded count and size (of JSON; a larger item is a page of its own). */
export async function* itemPages(
  store: Store,
  of: {
    readonly experimentId: string;
    /** The first ordinal. Default 0. */
    readonly from?: number;
    readonly pageItems?: number;
    readonly pageBytes?: number;
  },
): AsyncGenerator<readonly StoredItem[], void, undefined> {
  const { experimentId, pageItems = 500, pageBytes = 4 * 1024 * 1024 } = of;
  for (let next = of.from ?? 0; ;) {
    const page = await rowsOf<StoredItem>(
      store,
      `select i.ordinal, i.body as item
         from (select ordinal, sum(bytes) over (order by ordinal) - bytes as before
                 from (select ordinal, bytes from assay.experiment_items
                        where experiment_id = $1 and ordinal >= $2
                        order by ordinal limit $3) as first) as page
        cross join lateral (select ordinal, body from assay.experiment_items
                             where experiment_id = $1 and ordinal = page.ordinal offset 0) i
        where page.before < $4 order by i.ordinal`,
      [experimentId, next, pageItems, pageBytes],
    );
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    next = last.ordinal + 1;
  }
}

/** The ids of a run's items in their order, in pages. */
export async function* itemIdPages(
  store: Store,
  {
    experimentId,
    pageItems = 10_000,
  }: { readonly experimentId: string; readonly pageItems?: number },
): AsyncGenerator<readonly string[], void, undefined> {
  for (let next = 0; ;) {
    const page = await rowsOf<{ ordinal: number; item_id: string }>(
      store,
      `select ordinal, item_id from assay.experiment_items
        where experiment_id = $1 and ordinal >= $2 order by ordinal limit $3`,
      [experimentId, next, pageItems],
    );
    const last = page.at(-1);
    if (last === undefined) return;
    yield page.map(({ item_id }) => item_id);
    next = last.ordinal + 1;
  }
}
