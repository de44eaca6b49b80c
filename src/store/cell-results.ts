import type { CellStatus } from '../contracts/records.js';
import { decodeCell, type CellRow, type ScoreRow, type StoredCell } from './cell-codec.js';
import { rowsOf } from './query.js';
import type { Store } from './store.js';

export type { StoredCell } from './cell-codec.js';

const columns = `c.id, c.ordinal, c.repetition, c.revision, c.status, c.attempts, c.output,
  c.output is not null as has_output, c.error, c.evaluator_failures, c.calls, c.input_tokens, c.output_tokens,
  c.cached_input_tokens, c.reasoning_tokens, c.latency_ms, c.target_cost, c.judge_cost, c.sanitised, c.trace_id,
  c.started_at, c.ended_at, i.body as item, i.hash as item_hash, i.platform_item_id`;

const withScores = async (
  store: Store,
  rows: readonly CellRow[],
): Promise<readonly StoredCell[]> => {
  const scores = await rowsOf<ScoreRow>(
    store,
    `select cell_id, name, evaluator, type, number_value, text_value, boolean_value, passed, comment
       from assay.scores where cell_id = any($1::bigint[]) order by cell_id, name`,
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
  /** Cells read at once. Default 200. */
  readonly pageSize?: number;
}

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
  let after: readonly [number, number] = [-1, 0];
  for (;;) {
    const rows = await rowsOf<CellRow>(
      store,
      `select ${columns}
         from assay.experiment_cells c
         join assay.experiment_items i using (experiment_id, ordinal)
        where c.experiment_id = $1 and (c.ordinal, c.repetition) > ($2, $3)
          and c.latest and c.status = any($4)
        order by c.ordinal, c.repetition limit $5`,
      [experimentId, ...after, status, pageSize],
    );
    yield* await withScores(store, rows);
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    after = [last.ordinal, last.repetition];
  }
}

/** Ended cells by their ids, in the order of the ids; those that still wait or are not there are left out. */
export async function cellsByIds(
  store: Store,
  cellIds: readonly string[],
): Promise<readonly StoredCell[]> {
  const rows = await rowsOf<CellRow>(
    store,
    `select ${columns}
       from unnest($1::bigint[]) with ordinality as t (id, place)
       join assay.experiment_cells c using (id)
       join assay.experiment_items i using (experiment_id, ordinal)
      where c.status <> 'pending' order by t.place`,
    [cellIds],
  );
  return withScores(store, rows);
}
