import type { ErrorDocument } from '../../core/errors/assay-error.js';
import { countOf, rowsOf, type Queryable } from '../query.js';

export interface PassKey {
  readonly experimentId: string;
  readonly pass: number;
}

/**
 * Gives up the retries that have not run: the cell is again as it was before. Their rows stay, with what the journal
 * holds for them.
 *
 * @returns how many were given up.
 */
export async function abandonRetries(
  on: Queryable,
  key: PassKey,
  error: ErrorDocument,
): Promise<number> {
  return countOf(
    on,
    `with given_up as (
       update assay.experiment_cells
          set status = 'skipped', latest = false, error = $3, attempts = 0, latency_ms = 0,
              started_at = clock_timestamp(), ended_at = clock_timestamp()
        where experiment_id = $1 and pass = $2 and status = 'pending'
       returning supersedes
     )
     update assay.experiment_cells c set latest = true from given_up where c.id = given_up.supersedes`,
    [key.experimentId, key.pass, JSON.stringify(error)],
  );
}

/**
 * Takes out of the outbox what retried cells had put there, and notes their traces for deletion. Only once the retries
 * have ended: until then the old traces are what there is.
 */
export async function retireSuperseded(on: Queryable, key: PassKey): Promise<void> {
  await countOf(
    on,
    `with old as (
       select o.id, o.trace_id
         from assay.experiment_cells c join assay.experiment_cells o on o.id = c.supersedes
        where c.experiment_id = $1 and c.pass = $2 and c.latest and c.status <> 'pending'
     ), taken as (
       delete from assay.outbox x using old
        where x.experiment_id = $1 and x.cell_id = old.id returning x.platform, x.trace_id
     )
     insert into assay.platform_deletions (experiment_id, platform, kind, target_id, pass)
     select distinct $1, platform, 'trace', trace_id, $2::int from taken where trace_id <> ''
     on conflict do nothing`,
    [key.experimentId, key.pass],
  );
}

/**
 * Leaves of each judged cell's scores the newest record in the outbox (none where it has no scores any more). Score ids that
 * are in no record any more are noted for deletion; of those that are given again nothing is deleted any more, where an
 * earlier pass did not get through with it.
 */
export async function retireJudged(on: Queryable, key: PassKey): Promise<void> {
  await countOf(
    on,
    `with judged as materialized (
       select supersedes as cell_id,
              exists (select from assay.scores s where s.cell_id = w.supersedes) as scored
         from assay.experiment_cells w where experiment_id = $1 and pass = $2 and status <> 'pending'
     ), entries as (
       select o.id, o.platform, o.cell_id, o.ids, j.scored and o.id = max(o.id) over (
                partition by o.platform, o.cell_id) as stays
         from assay.outbox o join judged j using (cell_id)
        where o.experiment_id = $1 and o.kind = 'scores'
     ), taken as (
       delete from assay.outbox o using entries e where o.id = e.id and not e.stays
     ), old as (
       select distinct platform, unnest(ids) as id from entries where not stays
     ), kept as materialized (
       select platform, unnest(ids) as id from entries where stays
     ), given_again as (
       delete from assay.platform_deletions d using kept
        where d.experiment_id = $1 and d.kind = 'score' and d.done_at is null
          and d.platform = kept.platform and d.target_id = kept.id
     )
     insert into assay.platform_deletions as d (experiment_id, platform, kind, target_id, pass)
     select $1, platform, 'score', id, $2::int from old
      where not exists (select from kept where kept.platform = old.platform and kept.id = old.id)
     on conflict (experiment_id, platform, kind, target_id)
       do update set done_at = null, refused = null, pass = excluded.pass`,
    [key.experimentId, key.pass],
  );
}

/**
 * Takes out the scores of the run as a whole that were put out before a moment, so that those of now take their place; such
 * whose id is not among the new ones are noted for deletion.
 */
export async function retireRunScores(
  on: Queryable,
  of: {
    readonly experimentId: string;
    readonly platform: string;
    readonly before: string;
    readonly ids: readonly string[];
    readonly pass: number;
  },
): Promise<void> {
  await countOf(
    on,
    `with taken as (
       delete from assay.outbox
        where experiment_id = $1 and platform = $2 and run_id is not null and created_at < $3
       returning ids
     ), given_again as (
       delete from assay.platform_deletions
        where experiment_id = $1 and platform = $2 and kind = 'score' and done_at is null
          and target_id = any($4)
     )
     insert into assay.platform_deletions as d (experiment_id, platform, kind, target_id, pass)
     select distinct $1, $2, 'score', id, $5::int from taken, unnest(taken.ids) as t (id)
      where id <> all($4)
     on conflict (experiment_id, platform, kind, target_id)
       do update set done_at = null, refused = null, pass = excluded.pass`,
    [of.experimentId, of.platform, of.before, of.ids, of.pass],
  );
}

/** Judgements that have not been made, by their place; a page of them. */
export async function pendingJudgements(
  on: Queryable,
  key: PassKey,
  limit: number,
): Promise<readonly { readonly workId: string; readonly cellId: string }[]> {
  return rowsOf(
    on,
    `select id as "workId", supersedes as "cellId" from assay.experiment_cells
      where experiment_id = $1 and pass = $2 and status = 'pending' order by position limit $3`,
    [key.experimentId, key.pass, limit],
  );
}
