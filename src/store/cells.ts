import type { CellCounts, DatasetItem } from '../contracts/records.js';
import { countOf, rowsOf, throughCollisions } from './query.js';
import type { Store } from './store.js';

/** A cell that waits to be run, with its item. */
export interface PendingCell {
  readonly cellId: string;
  readonly ordinal: number;
  readonly repetition: number;
  readonly revision: number;
  /** The row that this one follows, or that it judges. */
  readonly supersedes?: string;
  readonly position: number;
  /** How often it was claimed before. */
  readonly claims: number;
  readonly item: DatasetItem;
  readonly itemHash: string;
  readonly platformItemId: string | undefined;
  /** Of the item as JSON. */
  readonly bytes: number;
}

/** Some places in the random order of an experiment's cells. */
export interface CellRange {
  readonly experimentId: string;
  readonly fromPosition: number;
  /** Exclusive. */
  readonly toPosition: number;
  /** The pass whose rows are meant. Default 1, the run itself. */
  readonly pass?: number;
}

const inRange = `c.experiment_id = $1 and c.pass = $2 and c.position >= $3 and c.position < $4
  and c.status = 'pending'`;

const rangeValues = (range: CellRange): readonly unknown[] => [
  range.experimentId,
  range.pass ?? 1,
  range.fromPosition,
  range.toPosition,
];

interface StatusRow {
  readonly status: keyof CellCounts;
  readonly cells: number;
}

const countsOf = (rows: readonly StatusRow[]): CellCounts => {
  const counts = { planned: 0, pending: 0, ok: 0, target_error: 0, evaluator_error: 0, skipped: 0 };
  for (const { status, cells } of rows) {
    counts[status] = cells;
    counts.planned += cells;
  }
  return counts;
};

/**
 * How many cells stand where, in their last revision: sums that are kept while cells are written, so that a look at a run of
 * a million cells reads a few rows.
 */
export async function countCells(store: Store, experimentId: string): Promise<CellCounts> {
  return countsOf(
    await rowsOf<StatusRow>(
      store,
      `select status, sum(cells)::int as cells from assay.cell_counts
        where experiment_id = $1 group by status`,
      [experimentId],
    ),
  );
}

/** The same, counted cell by cell for what must be exact: the end of a run. The kept sums are mended where they differ. */
export async function recountCells(store: Store, experimentId: string): Promise<CellCounts> {
  return countsOf(
    await rowsOf<StatusRow>(
      store,
      // One statement and so one snapshot: what is committed beside it is in both counts or in none.
      `with exact as (
         select status, count(*)::int as cells from assay.experiment_cells
          where experiment_id = $1 and latest group by status
       ), kept as (
         select status, sum(cells)::int as cells from assay.cell_counts
          where experiment_id = $1 group by status
       ), mended as (
         insert into assay.cell_counts as c (experiment_id, backend, status, cells)
         select $1, 0, status, coalesce(exact.cells, 0) - coalesce(kept.cells, 0)
           from exact full join kept using (status)
          where coalesce(exact.cells, 0) <> coalesce(kept.cells, 0)
         on conflict (experiment_id, backend, status) do update set cells = c.cells + excluded.cells
       )
       select status, cells from exact`,
      [experimentId],
    ),
  );
}

/** When the first cell of a run began, by the clock of the worker that ran it; undefined where none did. */
export async function earliestStart(
  store: Store,
  experimentId: string,
): Promise<string | undefined> {
  const [row] = await rowsOf<{ first: string | null }>(
    store,
    'select min(started_at) as first from assay.experiment_cells where experiment_id = $1',
    [experimentId],
  );
  return row?.first ?? undefined;
}

/** A cell that waits to be run; its item may not be read yet. */
export type WaitingCell = Omit<PendingCell, 'item'> & { readonly item: DatasetItem | undefined };

type CellRow<Cell> = Omit<Cell, 'platformItemId' | 'supersedes'> & {
  readonly platformItemId: string | null;
  readonly supersedes: string | null;
};

const cellColumns = `c.id as "cellId", c.ordinal, c.repetition, c.revision, c.position, c.claims, c.supersedes,
  i.hash as "itemHash", i.platform_item_id as "platformItemId", i.bytes`;

const cellOfRow = <Cell extends WaitingCell>({
  supersedes,
  platformItemId,
  ...row
}: CellRow<Cell>): Cell =>
  ({
    ...row,
    platformItemId: platformItemId ?? undefined,
    ...(supersedes === null ? {} : { supersedes }),
  }) as unknown as Cell;

/** The cells of a range that still wait, with their items, by position. */
export async function pendingCells(
  store: Store,
  range: CellRange,
): Promise<readonly PendingCell[]> {
  const rows = await rowsOf<CellRow<PendingCell>>(
    store,
    `select ${cellColumns}, i.body as item
       from assay.experiment_cells c
       join assay.experiment_items i using (experiment_id, ordinal)
      where ${inRange} order by c.position`,
    rangeValues(range),
  );
  return rows.map(cellOfRow);
}

/**
 * The cells of a range that still wait, by position: the first ones with their items, as many as are no more than so many bytes
 * of JSON together, the others without. So a batch of usual items is one query, and one of large items is not read at once.
 */
export async function waitingCells(
  store: Store,
  range: CellRange & { readonly bodyBytes: number },
): Promise<readonly WaitingCell[]> {
  const rows = await rowsOf<
    CellRow<Omit<WaitingCell, 'item'>> & { readonly item: DatasetItem | null }
  >(
    store,
    `select w."cellId", w.ordinal, w.repetition, w.revision, w.position, w.claims, w.supersedes,
            w."itemHash", w."platformItemId", w.bytes, i.body as item
       from (select ${cellColumns}, sum(i.bytes) over (order by c.position) <= $5 as small
               from assay.experiment_cells c
               join assay.experiment_items i using (experiment_id, ordinal)
              where ${inRange}) as w
       left join assay.experiment_items i
         on w.small and i.experiment_id = $1 and i.ordinal = w.ordinal
      order by w.position`,
    [...rangeValues(range), range.bodyBytes],
  );
  return rows.map(({ item, ...row }) =>
    cellOfRow<WaitingCell>({ ...row, item: item ?? undefined }),
  );
}

/** Some waiting cells with their items, by position; those that have ended since are absent. */
export async function loadCells(
  store: Store,
  cells: readonly WaitingCell[],
): Promise<readonly PendingCell[]> {
  const rows = await rowsOf<{ cellId: string; item: DatasetItem }>(
    store,
    `select c.id as "cellId", i.body as item
       from assay.experiment_cells c
       join assay.experiment_items i using (experiment_id, ordinal)
      where c.id = any($1::bigint[]) and c.status = 'pending'`,
    [cells.map(({ cellId }) => cellId)],
  );
  const items = new Map(rows.map(({ cellId, item }) => [cellId, item]));
  return cells.flatMap((cell) => {
    const item = items.get(cell.cellId);
    return item === undefined ? [] : [{ ...cell, item }];
  });
}

/** One attempt's claim on a cell; the token is new for each attempt. */
export interface CellClaim {
  readonly cellId: string;
  /** A UUID. */
  readonly token: string;
}

/**
 * Counts a claim on each cell before it is run: one that ends its worker every time is known by its claims. The same
 * claim counts once however often it is sent: a connection that is lost after the commit says nothing against the cell.
 *
 * @returns the claims by cell id, this one included; a cell that is no longer pending is absent and must not be run.
 */
export async function claimCells(
  store: Store,
  claims: readonly CellClaim[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await throughCollisions(() =>
    rowsOf<{ id: string; claims: number }>(
      store.cells,
      // Only counts crashes: what a crash of Postgres itself forgets of it does no harm, and each cell waits for this commit.
      `with unflushed as materialized (select set_config('synchronous_commit', 'off', true))
       update assay.experiment_cells c
          set claims = c.claims + (c.claim_token is distinct from t.token)::int, claim_token = t.token
         from unnest($1::bigint[], $2::uuid[]) as t (id, token), unflushed
        where c.id = t.id and c.status = 'pending' returning c.id, c.claims`,
      claimArrays(claims),
    ),
  );
  return new Map(rows.map(({ id, claims: count }) => [id, count]));
}

/**
 * Takes back claims of attempts that ended without an outcome, which says nothing against the cell. Only what this claim
 * counted is taken back, and once.
 */
export async function unclaimCells(store: Store, claims: readonly CellClaim[]): Promise<void> {
  await throughCollisions(() =>
    countOf(
      store,
      `update assay.experiment_cells c
          set claims = greatest(c.claims - 1, 0), claim_token = null
         from unnest($1::bigint[], $2::uuid[]) as t (id, token)
        where c.id = t.id and c.claim_token = t.token and c.status = 'pending'`,
      claimArrays(claims),
    ),
  );
}

const claimArrays = (claims: readonly CellClaim[]): readonly unknown[] => [
  claims.map(({ cellId }) => cellId),
  claims.map(({ token }) => token),
];
