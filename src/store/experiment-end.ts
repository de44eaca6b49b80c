import { sql } from 'kysely';

import type { PassOutcome } from '../contracts/pass.js';
import type { ErrorDocument } from '../core/errors/assay-error.js';
import type { Json } from '../core/json/json.js';
import { experimentMissing, experimentOfRow, type ExperimentRecord } from './experiments.js';
import { countOf, rowsOf, type Queryable } from './query.js';
import type { Store } from './store.js';

/**
 * Notes when the last pending cell ended. The first such moment stays.
 *
 * @returns that moment; undefined while a cell is pending or the run has no plan.
 */
export async function markCellsDone(on: Queryable, id: string): Promise<string | undefined> {
  const [row] = await rowsOf<{ cells_done_at: string }>(
    on,
    `update assay.experiments
        set cells_done_at = coalesce(cells_done_at, clock_timestamp()),
            scored_at = coalesce(scored_at, cells_done_at, clock_timestamp())
      where id = $1 and planned_at is not null
        and not exists (select from assay.experiment_cells
                         where experiment_id = $1 and status = 'pending'
                           and (latest or revision < 0 and pass = (
                                  select p.pass from assay.experiment_passes p
                                   where p.experiment_id = $1 and p.finished_at is null)))
      returning cells_done_at`,
    [id],
  );
  return row?.cells_done_at;
}

/** Whether every cell has ended, without the rest of the record. @throws AssayError EXPERIMENT_NOT_FOUND */
export async function areCellsDone(on: Queryable, id: string): Promise<boolean> {
  const [row] = await rowsOf<{ done: boolean }>(
    on,
    'select cells_done_at is not null as done from assay.experiments where id = $1',
    [id],
  );
  if (row === undefined) throw experimentMissing(id);
  return row.done;
}

/**
 * For how long every cell has ended, in milliseconds by Postgres' clock alone; 0 where some have not.
 * @throws AssayError EXPERIMENT_NOT_FOUND
 */
export async function cellsDoneForMs(on: Queryable, id: string): Promise<number> {
  const [row] = await rowsOf<{ ms: number }>(
    on,
    `select coalesce(extract(epoch from clock_timestamp() - cells_done_at) * 1000, 0)::float8 as ms
       from assay.experiments where id = $1`,
    [id],
  );
  if (row === undefined) throw experimentMissing(id);
  return row.ms;
}

export interface ExperimentEnd {
  readonly status: 'completed' | 'completed_unverified' | 'cancelled' | 'failed';
  readonly summary?: Json;
  readonly error?: ErrorDocument;
  /** Whether some of its cells were never run. */
  readonly unfinished?: boolean;
  /** What came of the pass that goes on, where one does. */
  readonly passOutcome?: PassOutcome;
}

/** Records how a run ended, and with it its open pass. Repeating it writes the same again; the first time of the end stays. */
export async function finishExperiment(
  store: Store,
  id: string,
  end: ExperimentEnd,
): Promise<void> {
  const written = await countOf(
    store,
    // One statement: a run that has ended has no open pass, or nobody could open the next one.
    `with pass as (
       update assay.experiment_passes
          set finished_at = clock_timestamp(), status_after = $2, outcome = $5
        where experiment_id = $1 and finished_at is null
     )
     update assay.experiments
        set status = $2, summary = coalesce($3, summary), error = $4, pause = null,
            finished_at = coalesce(finished_at, clock_timestamp()),
            early_stop = case when $6 then early_stop end
      where id = $1`,
    [
      id,
      end.status,
      end.summary === undefined ? null : JSON.stringify(end.summary),
      end.error === undefined ? null : JSON.stringify(end.error),
      end.passOutcome === undefined ? null : JSON.stringify(end.passOutcome),
      end.unfinished === true,
    ],
  );
  if (written === 0) throw experimentMissing(id);
}

/**
 * Notes that somebody asked for the run's end; the first request's time stays.
 *
 * @throws AssayError EXPERIMENT_NOT_FOUND
 */
export async function requestCancel(store: Store, id: string): Promise<ExperimentRecord> {
  const row = await store.db
    .updateTable('assay.experiments')
    .set({ cancel_requested_at: sql`coalesce(cancel_requested_at, clock_timestamp())` })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw experimentMissing(id);
  return experimentOfRow(row);
}
