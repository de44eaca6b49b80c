import { createDigestFlags, digestOf } from '../../core/ids/digest-flags.js';
import { countOf, rowsOf, type Queryable } from '../query.js';
import { usualPage, type Walking } from '../walk.js';
import type { PassKey } from './close-pass.js';

// The outbox has no index by cell, which every cell that ends would pay for: what is to leave it is found by walking over the
// run's rows, page by page within the caller's transaction.

/**
 * Takes out of the outbox what retried cells had put there, and notes their traces for deletion. Only once the retries
 * have ended: until then the old traces are what there is.
 */
export async function retireSuperseded(on: Queryable, key: PassKey & Walking): Promise<void> {
  const { experimentId, pass, pageSize = usualPage, onProgress } = key;
  let after: readonly unknown[] | undefined = ['', '', '0'];
  let walked = 0;
  while (after !== undefined) {
    const [page]: { rows: number; last: readonly string[] | null }[] = await rowsOf(
      on,
      // Lookups, by force: without statistics of tables that grew a moment ago the planner reads whole runs for each page.
      `with page as materialized (
         select id, platform, kind, cell_id, trace_id from assay.outbox
          where experiment_id = $1 and (platform, kind, id) > ($3, $4, $5::bigint)
          order by platform, kind, id limit $6
       ), old as materialized (
         select p.id, p.platform, p.trace_id
           from page p
          cross join lateral (
            select o.ordinal, o.repetition from assay.experiment_cells o
             where o.id = p.cell_id and not o.latest offset 0) o
          cross join lateral (
            select c.pass, c.supersedes, c.latest, c.status from assay.experiment_cells c
             where c.experiment_id = $1 and c.ordinal = o.ordinal and c.repetition = o.repetition
             offset 0) c
          where c.pass = $2 and c.supersedes = p.cell_id and c.latest and c.status <> 'pending'
       ), taken as (
         delete from assay.outbox where id = any(array(select id from old))
       ), noted as (
         insert into assay.platform_deletions (experiment_id, platform, kind, target_id, pass)
         select distinct $1, platform, 'trace', trace_id, $2::int from old where trace_id <> ''
         on conflict do nothing
       )
       select (select count(*)::int from page) as rows,
              (select array[platform, kind, id::text] from page
                order by platform desc, kind desc, id desc limit 1) as last`,
      [experimentId, pass, ...after, pageSize],
    );
    walked += page?.rows ?? 0;
    onProgress?.(walked);
    after = page?.last ?? undefined;
  }
}

/**
 * Leaves of each judged cell's scores the newest record in the outbox (none where it has no scores any more). Score ids that
 * are in no record any more are noted for deletion; of those that are given again nothing is deleted any more, where an
 * earlier pass did not get through with it.
 */
export async function retireJudged(on: Queryable, key: PassKey & Walking): Promise<void> {
  const platforms = await rowsOf<{ platform: string }>(
    on,
    'select distinct platform from assay.outbox_counts where experiment_id = $1',
    [key.experimentId],
  );
  for (const { platform } of platforms) await retireScores(on, { ...key, platform });
}

interface ScoresPage {
  readonly rows: number;
  readonly last: string | null;
  /** Of the records of this pass. */
  readonly given: readonly string[];
  /** Of earlier records, which are taken out. */
  readonly replaced: readonly string[];
}

/** From the newest record to the oldest: those of this pass come first. Of each id that they give eight bytes are held. */
async function retireScores(
  on: Queryable,
  of: PassKey & Walking & { readonly platform: string },
): Promise<void> {
  const { experimentId, platform, pass, onProgress } = of;
  const given = createDigestFlags();
  let before: string | undefined;
  let walked = 0;
  do {
    const page = await takeScores(on, { ...of, before });
    if (page.given.length > 0) {
      for (const id of page.given) given.set(digestOf(id), 1);
      await keepScores(on, { experimentId, platform, ids: page.given });
    }
    const gone = page.replaced.filter((id) => given.get(digestOf(id)) === 0);
    if (gone.length > 0) await noteScores(on, { experimentId, platform, pass, ids: gone });
    walked += page.rows;
    onProgress?.(walked);
    before = page.last ?? undefined;
  } while (before !== undefined);
}

async function takeScores(
  on: Queryable,
  of: PassKey & Walking & { readonly platform: string; readonly before: string | undefined },
): Promise<ScoresPage> {
  const [page] = await rowsOf<ScoresPage>(
    on,
    `with page as materialized (
       select id, cell_id, ids, created_at from assay.outbox
        where experiment_id = $1 and platform = $3 and kind = 'scores' and id < $4
        order by id desc limit $5
     ), judged as materialized (
       select p.id, p.ids, p.created_at >= (select created_at from assay.experiment_passes
                                             where experiment_id = $1 and pass = $2) as given
         from page p
        cross join lateral (
          select o.ordinal, o.repetition from assay.experiment_cells o where o.id = p.cell_id offset 0) o
        cross join lateral (
          select w.supersedes, w.status from assay.experiment_cells w
           where w.experiment_id = $1 and w.ordinal = o.ordinal and w.repetition = o.repetition
             and w.revision = -$2::int
           offset 0) w
         where w.supersedes = p.cell_id and w.status in ('ok', 'evaluator_error')
     ), taken as (
       delete from assay.outbox where id = any(array(select id from judged where not given))
     )
     select (select count(*)::int from page) as rows, (select min(id)::text from page) as last,
            array(select unnest(ids) from judged where given) as given,
            array(select distinct unnest(ids) from judged where not given) as replaced`,
    [
      of.experimentId,
      of.pass,
      of.platform,
      of.before ?? '9223372036854775807',
      of.pageSize ?? usualPage,
    ],
  );
  return page ?? { rows: 0, last: null, given: [], replaced: [] };
}

/** Scores that are given again are not deleted any more. */
const keepScores = (
  on: Queryable,
  of: {
    readonly experimentId: string;
    readonly platform: string;
    readonly ids: readonly string[];
  },
): Promise<number> =>
  countOf(
    on,
    `delete from assay.platform_deletions
      where experiment_id = $1 and platform = $2 and kind = 'score' and done_at is null
        and target_id = any($3)`,
    [of.experimentId, of.platform, of.ids],
  );

const noteScores = (
  on: Queryable,
  of: PassKey & { readonly platform: string; readonly ids: readonly string[] },
): Promise<number> =>
  countOf(
    on,
    `insert into assay.platform_deletions as d (experiment_id, platform, kind, target_id, pass)
     select distinct $1, $2, 'score', id, $4::int from unnest($3::text[]) as t (id)
     on conflict (experiment_id, platform, kind, target_id)
       do update set done_at = null, refused = null, pass = excluded.pass`,
    [of.experimentId, of.platform, of.ids, of.pass],
  );

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
  const { experimentId, platform, before, ids, pass } = of;
  const taken = await rowsOf<{ readonly ids: readonly string[] }>(
    on,
    `delete from assay.outbox
      where experiment_id = $1 and platform = $2 and run_id is not null and created_at < $3
     returning ids`,
    [experimentId, platform, before],
  );
  await keepScores(on, { experimentId, platform, ids });
  const given = new Set(ids);
  const gone = taken.flatMap((row) => row.ids).filter((id) => !given.has(id));
  if (gone.length > 0) await noteScores(on, { experimentId, platform, pass, ids: gone });
}
