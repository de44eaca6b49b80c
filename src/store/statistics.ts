import { rowsOf } from './query.js';
import type { Store } from './store.js';

/** Below this share of a table its statistics hold for new rows as well. */
const shareThatMatters = 0.1;

/**
 * Tells Postgres' planner of a run whose items and cells were just written. Until then it believes that the run has next to no
 * rows, and reads all of them for each batch: 120 ms instead of half a millisecond for 4,000 cells, and worse with each more.
 * Autovacuum would tell it, a minute later.
 *
 * @param rows how many were written.
 */
export async function noteNewRows(
  store: Store,
  table: 'experiment_items' | 'experiment_cells',
  rows: number,
): Promise<void> {
  const name = `assay.${table}`;
  const [row] = await rowsOf<{ matters: boolean }>(
    store,
    'select reltuples * $2::float8 < $3::float8 as matters from pg_class where oid = $1::regclass',
    [name, shareThatMatters, rows],
  );
  // One that is vacuumed at this moment is analysed with it.
  if (row?.matters === true) await store.query(`analyze (skip_locked) ${name}`);
}
