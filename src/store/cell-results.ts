import type { CellStatus } from '../contracts/records.js';
import { decodeCell, type CellRow, type ScoreRow, type StoredCell } from './cell-codec.js';
import { rowsOf } from './query.js';
import type { Store } from './store.js';

export type { StoredCell } from './cell-codec.js';

const columns = `c.id, c.ordinal, c.repetition, c.revision, c.status, c.attempts, c.output,
  c.output is not null as has_output, c.error, c.evaluator_failures, c.calls, c.input_tokens, c.output_tokens,
  c.cached_input_tokens, c.reasoning_tokens, c.latency_ms, c.target_cost, c.judge_cost, c.embedding_cost, c.sanitised, c.trace_id, c.reused_from,
  c.started_at, c.ended_at, i.body as item, i.hash as item_hash, i.platform_item_id`;

const withScores = async (
  store: Store,
  rows: readonly CellRow[],
): Promise<readonly StoredCell[]> => {
  const scores = await rowsOf<ScoreRow>(
    store,
    // A lookup per cell, by force: without statistics of a table that grew a moment ago, the planner reads all of it.
    `select s.* from unnest($1::bigint[]) as t (id)
      cross join lateral (
        select cell_id, name, evaluator, type, number_value, text_value, boolean_value, passed, comment
          from assay.scores where cell_id = t.id order by name offset 0) s`,
    [rows.map(({ id }) => id)],
  );
  const byCell = new Map<string, ScoreRow[]>();
  for (const score of scores) {
    const own = byCell.get(score.cell_id);
    if (own === undefined) byCell.set(score.cell_id, [score]);
    else own.push(score);
  }
  return rows.map((row) => decodeCell(row, byCell.get(row.id) ?? []));
};

export interface ResultFilter {
  /** Default: every cell that has ended. */
  readonly status?: readonly CellStatus[];
  /** About how many cells are read at once; all repetitions of an item are read together. Default 200. */
  readonly pageSize?: number;
}

/** The most of items, outputs and calls of one page, as JSON; a larger item is a page of its own. */
const pageBytes = 8 * 1024 * 1024;

interface Page {
  readonly rows: readonly CellRow[];
  /** The last item that was looked at; undefined where there was none. */
  readonly last: number | undefined;
}

// An item of which no cell was asked for gives a row without a cell.
type PageRow = Omit<CellRow, 'id'> & { readonly id: string | null; readonly last: number };
const hasCell = (row: PageRow): row is PageRow & CellRow => row.id !== null;

// Items by their key, then the cells of each, by force (offset 0): as one join the planner sorted the whole run for
// every page, as long as it had no statistics of a table that grew a moment ago.
const readPage = async (
  store: Store,
  page: {
    readonly experimentId: string;
    readonly after: number;
    readonly items: number;
    readonly status: readonly CellStatus[];
  },
): Promise<Page> => {
  const rows = await rowsOf<PageRow>(
    store,
    // The texts of outputs and calls are measured where they are stored: a page of two hundred outputs of 5 MB would be 1 GB.
    `with sized as (
       select n.ordinal, n.bytes + coalesce(
                (select sum(coalesce(octet_length(output::text), 0) + coalesce(octet_length(calls::text), 0))
                   from assay.experiment_cells
                  where experiment_id = $1 and ordinal = n.ordinal and latest and status = any($4)), 0) as size
         from (select ordinal, bytes from assay.experiment_items
                where experiment_id = $1 and ordinal > $2 order by ordinal limit $3) as n
     ), page as (
       select ordinal, sum(size) over (order by ordinal) - size as before from sized
     ), i as materialized (
       select own.* from page cross join lateral (
         select experiment_id, ordinal, body, hash, platform_item_id from assay.experiment_items
          where experiment_id = $1 and ordinal = page.ordinal
         offset 0) own
        where page.before < ${pageBytes}
     )
     select (select max(ordinal) from i) as last, ${columns}
       from i left join lateral (
         select * from assay.experiment_cells
          where experiment_id = i.experiment_id and ordinal = i.ordinal and latest and status = any($4)
         offset 0) c on true
      order by i.ordinal, c.repetition`,
    [page.experimentId, page.after, page.items, page.status],
  );
  return { rows: rows.filter(hasCell), last: rows[0]?.last };
};

/**
 * The ended cells of an experiment in their last revision, by (ordinal, repetition), a page in memory at a time.
 * Pages are read one after the other and not as one snapshot: a cell that ends meanwhile may be seen or not.
 */
export async function* streamResults(
  store: Store,
  experimentId: string,
  filter: ResultFilter = {},
): AsyncGenerator<StoredCell, void, undefined> {
  const pageSize = filter.pageSize ?? 200;
  const status = filter.status ?? ['ok', 'target_error', 'evaluator_error', 'skipped'];
  // The first item tells how many cells an item has, at least.
  let items = 1;
  let after = -1;
  for (;;) {
    const { rows, last } = await readPage(store, { experimentId, after, items, status });
    if (last === undefined) return;
    yield* await withScores(store, rows);
    items = Math.max(1, Math.floor((pageSize * items) / Math.max(rows.length, items)));
    after = last;
  }
}

/** Ended cells by their ids, in the order of the ids; those that still wait or are not there are left out. */
export async function cellsByIds(
  store: Store,
  cellIds: readonly string[],
): Promise<readonly StoredCell[]> {
  const rows = await rowsOf<CellRow>(
    store,
    // Spans are read here alone: who looks at all cells of a run looks at none of them.
    `select ${columns}, c.traced
       from unnest($1::bigint[]) with ordinality as t (id, place)
       join assay.experiment_cells c using (id)
       join assay.experiment_items i using (experiment_id, ordinal)
      where c.status <> 'pending' order by t.place`,
    [cellIds],
  );
  return withScores(store, rows);
}
