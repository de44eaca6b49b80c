import type { RunPause, RunStop } from '../contracts/experiment-protocol.js';
import { countOf, rowsOf, type Queryable } from './query.js';

/** Notes that a run stands still, or goes on; one whose cells are closed is left as it is. */
export async function recordPause(
  on: Queryable,
  experimentId: string,
  pause: RunPause | undefined,
): Promise<void> {
  await countOf(
    on,
    // A run that was paused before it had a plan goes back to planning.
    `update assay.experiments
        set pause = $2,
            status = case when $2::json is not null then 'paused'
                          when planned_at is null then 'planning' else 'running' end,
            started_at = case when $2::json is null and planned_at is not null
                              then coalesce(started_at, clock_timestamp()) else started_at end
      where id = $1 and status in ('planning', 'running', 'paused')`,
    [experimentId, pause === undefined ? null : JSON.stringify(pause)],
  );
}

/** Changes how many cells of a run may be in flight; its workers follow the column. */
export async function recordConcurrency(
  on: Queryable,
  experimentId: string,
  concurrency: number,
): Promise<void> {
  await countOf(on, 'update assay.experiments set concurrency = $2 where id = $1', [
    experimentId,
    concurrency,
  ]);
}

/** Notes what ended a run before all of its cells were run; the first stays. */
export async function recordStop(
  on: Queryable,
  experimentId: string,
  stop: RunStop,
): Promise<void> {
  await countOf(
    on,
    `update assay.experiments set early_stop = coalesce(early_stop, $2::json)
      where id = $1 and finished_at is null`,
    [experimentId, JSON.stringify(stop)],
  );
}

/** Asks the batches of a run to give up what they have in flight; the first request's time stays. */
export async function requestAbort(on: Queryable, experimentId: string): Promise<void> {
  await countOf(
    on,
    `update assay.experiments
        set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()),
            abort_requested_at = coalesce(abort_requested_at, clock_timestamp())
      where id = $1 and finished_at is null`,
    [experimentId],
  );
}

/** Whether somebody asked to give up what is in flight. */
export async function isAbortRequested(on: Queryable, experimentId: string): Promise<boolean> {
  const [row] = await rowsOf<{ asked: boolean }>(
    on,
    'select abort_requested_at is not null as asked from assay.experiments where id = $1',
    [experimentId],
  );
  return row?.asked === true;
}

/**
 * How many cells of a run have failed, in their last revision: sums that are kept while cells are written. Each batch asks
 * once a second, and where half of a million cells may fail it must not count half a million.
 */
export async function countFailedCells(on: Queryable, experimentId: string): Promise<number> {
  const [row] = await rowsOf<{ failed: number }>(
    on,
    `select coalesce(sum(cells), 0)::int as failed from assay.cell_counts
      where experiment_id = $1 and status in ('target_error', 'evaluator_error')`,
    [experimentId],
  );
  return row?.failed ?? 0;
}

/** Whether at least so many cells of a run have ended, by the same sums. */
export async function haveEnded(
  on: Queryable,
  experimentId: string,
  cells: number,
): Promise<boolean> {
  const [row] = await rowsOf<{ ended: number }>(
    on,
    `select coalesce(sum(cells), 0)::int as ended from assay.cell_counts
      where experiment_id = $1 and status <> 'pending'`,
    [experimentId],
  );
  return (row?.ended ?? 0) >= cells;
}

/** One reason why cells of a run failed. */
export interface FailureReason {
  readonly code: string;
  /** Of one of them. */
  readonly message: string;
  readonly cells: number;
}

/** The most frequent reasons of failed cells by their code; a cell whose evaluators failed counts under the first of them. */
export async function frequentFailures(
  on: Queryable,
  experimentId: string,
  limit = 3,
): Promise<readonly FailureReason[]> {
  return rowsOf(
    on,
    `select coalesce(error->>'code', evaluator_failures->0->'error'->>'code', 'INTERNAL') as code,
            min(left(coalesce(error->>'message', evaluator_failures->0->'error'->>'message', ''), 300)) as message,
            count(*)::int as cells
       from assay.experiment_cells
      where experiment_id = $1 and latest and status in ('target_error', 'evaluator_error')
      group by 1 order by 3 desc, 1 limit $2`,
    [experimentId, limit],
  );
}
