import { countOf, rowsOf, throughCollisions } from './query.js';
import type { Store } from './store.js';

/** Which ended runs are old enough. */
export interface PruneSelection {
  readonly project: string;
  /** ISO 8601: runs that ended before. */
  readonly finishedBefore: string;
}

/** A run whose bodies may go. */
export interface PrunableRun {
  readonly experimentId: string;
  readonly name: string;
  readonly finishedAt: string;
  /** Each counted once, however often it was run again. */
  readonly cells: number;
}

/** What a prune of one run took away. */
export interface PrunedRun {
  /** Each counted once; the bodies of all its revisions are gone. */
  readonly cells: number;
  /** As stored (compressed) on disk; the space is free for new rows once Postgres has vacuumed. */
  readonly bytes: number;
}

/** Ended runs with bodies, the oldest first. */
export async function prunableRuns(
  store: Store,
  { project, finishedBefore, limit = 1_000 }: PruneSelection & { readonly limit?: number },
): Promise<readonly PrunableRun[]> {
  return rowsOf<PrunableRun>(
    store,
    `select e.id as "experimentId", e.name, e.finished_at as "finishedAt",
            (select count(*)::int from assay.experiment_cells c where c.experiment_id = e.id and c.latest) as cells
       from assay.experiments e
      where e.project = $1 and e.finished_at < $2 and e.pruned_at is null
        and e.status in ('completed', 'completed_unverified', 'cancelled', 'failed')
      order by e.finished_at, e.id limit $3`,
    [project, finishedBefore, limit],
  );
}

/**
 * Takes the bodies of one ended run: inputs, outputs, calls, spans, comments of scores, answers in the journal and what was sent.
 * Statuses, scores, usage, cost, times and the report stay. Can be repeated; goes on where it was left.
 *
 * @returns undefined where the run has not ended (any more): it was taken up again, and stays whole.
 */
export async function pruneRun(
  store: Store,
  experimentId: string,
  onProgress: (rows: number) => void = () => undefined,
): Promise<PrunedRun | undefined> {
  // Whoever would take the run up again asks for this column in the statement that does so.
  const begun = await countOf(
    store,
    `update assay.experiments set prune_started_at = coalesce(prune_started_at, clock_timestamp())
      where id = $1 and pruned_at is null
        and status in ('completed', 'completed_unverified', 'cancelled', 'failed')`,
    [experimentId],
  );
  if (begun === 0) return undefined;
  let rows = 0;
  const seen = (more: number): void => onProgress((rows += more));
  const outbox = await inPages(seen, (after) =>
    takePage(store, takeOutbox, [experimentId, after ?? '0']),
  );
  const cells = await inPages(seen, (after) =>
    takePage(store, takeCells, [experimentId, ...(after ?? '-1/0/0').split('/')]),
  );
  const items = await inPages(seen, (after) =>
    takePage(store, takeItems, [experimentId, after ?? '-1']),
  );
  await countOf(
    store,
    `update assay.experiments set pruned_at = clock_timestamp() where id = $1 and pruned_at is null`,
    [experimentId],
  );
  return { cells: cells.cells, bytes: outbox.bytes + cells.bytes + items.bytes };
}

interface Taken {
  readonly rows: number;
  /** Of a page of revisions: those that are the last of their cells. */
  readonly cells?: number;
  readonly bytes: number;
  /** Where the next page begins; null on the last. */
  readonly last: string | null;
}

// Each page is a transaction of its own: one over a million rows would hold its locks for minutes.
const pageSize = 2_000;

const takeOutbox = `
  with page as (
    select id, pg_column_size(body) as bytes from assay.outbox
     where experiment_id = $1 and id > $2::bigint and body is not null order by id limit ${pageSize}
  ), taken as (
    update assay.outbox o set body = null from page where o.id = page.id
  )
  select count(*)::int as rows, coalesce(sum(bytes), 0)::float8 as bytes, max(id)::text as last from page`;

const takeCells = `
  with page as (
    select id, ordinal, repetition, revision, latest,
           coalesce(pg_column_size(output), 0) + coalesce(pg_column_size(calls), 0)
             + coalesce(pg_column_size(traced), 0) as bytes
      from assay.experiment_cells
     where experiment_id = $1 and (ordinal, repetition, revision) > ($2::int, $3::int, $4::int)
     order by ordinal, repetition, revision limit ${pageSize}
  ), taken as (
    update assay.experiment_cells c set output = null, calls = null, traced = null
      from page where c.id = page.id and (c.output is not null or c.calls is not null or c.traced is not null)
  ), answers as (
    delete from assay.call_journal j using page where j.cell_id = page.id
    returning coalesce(pg_column_size(j.answer), 0) as bytes
  ), comments as (
    update assay.scores s set comment = null
      from page where s.cell_id = page.id and s.comment is not null
  )
  select count(*)::int as rows, (count(*) filter (where latest))::int as cells,
         (coalesce(sum(bytes), 0) + (select coalesce(sum(bytes), 0) from answers))::float8 as bytes,
         (array_agg(ordinal || '/' || repetition || '/' || revision
                    order by ordinal desc, repetition desc, revision desc))[1] as last
    from page`;

// The id stays: results are read by it.
const takeItems = `
  with page as (
    select ordinal, pg_column_size(body) as bytes from assay.experiment_items
     where experiment_id = $1 and ordinal > $2::int order by ordinal limit ${pageSize}
  ), taken as (
    update assay.experiment_items i
       set body = json_build_object('id', i.item_id, 'input', json_build_object(), 'metadata', json_build_object())
      from page where i.experiment_id = $1 and i.ordinal = page.ordinal
  )
  select count(*)::int as rows, coalesce(sum(bytes), 0)::float8 as bytes, max(ordinal)::text as last
    from page`;

async function takePage(
  store: Store,
  statement: string,
  values: readonly unknown[],
): Promise<Taken> {
  const [taken] = await throughCollisions(() => rowsOf<Taken>(store, statement, values));
  return taken ?? { rows: 0, bytes: 0, last: null };
}

async function inPages(
  seen: (rows: number) => void,
  take: (after: string | undefined) => Promise<Taken>,
): Promise<{ readonly rows: number; readonly cells: number; readonly bytes: number }> {
  const sum = { rows: 0, cells: 0, bytes: 0 };
  let after: string | undefined;
  for (;;) {
    const taken = await take(after);
    if (taken.last === null) return sum;
    sum.rows += taken.rows;
    sum.cells += taken.cells ?? 0;
    sum.bytes += taken.bytes;
    seen(taken.rows);
    after = taken.last;
  }
}
