import { AssayError } from '../../core/errors/assay-error.js';
import { storableText } from '../cell-codec.js';
import { rowsOf, type Queryable } from '../query.js';
import type { Drain } from './lock.js';

/** An export that was about to be sent, and of which it is not known what came of it. */
export interface OpenExport {
  readonly exportId: string;
  readonly kind: 'spans' | 'scores';
  /** When it was last about to be sent, by Postgres' clock. */
  readonly intendedAt: string;
  readonly resends: number;
  /** The ids of the last try, where it certainly did not arrive (a clean 429, a refused connection). */
  readonly turnedAway: readonly string[] | undefined;
  /** Whether each record that is left of it fails by itself. */
  readonly failing: boolean;
  readonly rowIds: readonly string[];
}

export interface Intent {
  /** New; the platform is asked by it. */
  readonly exportId: string;
  readonly kind: 'spans' | 'scores';
  readonly rowIds: readonly string[];
}

/** How an export ended. */
export interface ExportMark {
  /** `accepted` by a clear answer, `found` on the platform after an unclear one, `refused` as a whole. */
  readonly outcome: 'accepted' | 'found' | 'refused';
  /** Records that the platform refused for good. */
  readonly refused?: readonly {
    readonly rowId: string;
    readonly id: string;
    readonly reason: string;
  }[];
}

/** What a statement says that found no open export. */
export const unknownExport = (exportId: string): AssayError =>
  new AssayError('INTERNAL', `The export ${exportId} is not open.`);

/**
 * Writes an intent, in one statement that is committed when this returns.
 *
 * @throws AssayError INTERNAL where one of the rows is settled or gone, or is or was in another export; to be tried again.
 */
export async function writeIntent(on: Queryable, drain: Drain, intent: Intent): Promise<string> {
  const [row] = await rowsOf<{ intended_at: string }>(
    on,
    `with free as (
       select count(*) filter (
                where platform = $2 and partition = $3 and kind = $4
                  and export_id is null and sent_at is null and refused is null) as entries
         from assay.outbox where id = any($5::bigint[])
     )
     insert into assay.outbox_exports (export_id, platform, partition, kind, row_ids, intended_at)
     select $1, $2, $3, $4, $5, clock_timestamp() from free
      where free.entries = cardinality($5::bigint[]) and free.entries > 0
        and not exists (select from assay.outbox_exports
                         where platform = $2 and partition = $3 and marked_at is null
                           and row_ids && $5::bigint[])
     returning intended_at`,
    [intent.exportId, drain.platform, drain.partition, intent.kind, intent.rowIds],
  );
  if (row === undefined) {
    throw new AssayError(
      'INTERNAL',
      `Not all of the ${intent.rowIds.length} rows are free for the export ${intent.exportId}.`,
      // A re-judgement takes rows out of the outbox that nobody has sent; the next look takes what is left.
      { retryAfterMs: 100 },
    );
  }
  return row.intended_at;
}

/** The exports without a mark, the oldest first. */
export async function readOpenExports(on: Queryable, drain: Drain): Promise<readonly OpenExport[]> {
  const rows = await rowsOf<
    Omit<OpenExport, 'turnedAway'> & { readonly turnedAway: readonly string[] | null }
  >(
    on,
    `select export_id as "exportId", kind, intended_at as "intendedAt", resends,
            turned_away as "turnedAway", failing_since is not null as failing, row_ids::text[] as "rowIds"
       from assay.outbox_exports
      where platform = $1 and partition = $2 and marked_at is null order by intended_at, export_id`,
    [drain.platform, drain.partition],
  );
  return rows.map(({ turnedAway, ...row }) => ({ ...row, turnedAway: turnedAway ?? undefined }));
}

/** Notes that the last try of an open export did not arrive with these ids. */
export async function turnAway(
  on: Queryable,
  exportId: string,
  ids: readonly string[],
): Promise<void> {
  const [row] = await rowsOf(
    on,
    `update assay.outbox_exports set turned_away = $2, keys_refused_since = null
      where export_id = $1 and marked_at is null returning export_id`,
    [exportId, ids],
  );
  if (row === undefined) throw unknownExport(exportId);
}

/**
 * Notes that the platform refuses the keys; where that answered a try, `unsent` are its ids, which did not arrive.
 *
 * @returns for how long it has done so at this export, in milliseconds.
 */
export async function noteKeysRefused(
  on: Queryable,
  exportId: string,
  unsent: readonly string[] | undefined,
): Promise<number> {
  const [row] = await rowsOf<{ ms: number }>(
    on,
    `update assay.outbox_exports
        set keys_refused_since = coalesce(keys_refused_since, clock_timestamp()),
            turned_away = coalesce($2, turned_away), failing_since = null, failing_with = null
      where export_id = $1 and marked_at is null
     returning (extract(epoch from clock_timestamp() - keys_refused_since) * 1000)::float8 as ms`,
    [exportId, unsent ?? null],
  );
  if (row === undefined) throw unknownExport(exportId);
  return row.ms;
}

/** Settles an export and its rows. A row of which everything was refused counts as refused, else as sent. */
export async function markExport(on: Queryable, exportId: string, mark: ExportMark): Promise<void> {
  const refused = mark.refused ?? [];
  const [row] = await rowsOf<{ exports: number }>(
    on,
    `with done as (
       update assay.outbox_exports set marked_at = clock_timestamp(), outcome = $2,
              turned_away = null, keys_refused_since = null, failing_since = null,
              failing_with = null
        where export_id = $1 and marked_at is null returning row_ids
     ), refusals as (
       select row_id, count(distinct id) as entries,
              json_agg(json_build_object('id', id, 'reason', reason)) as reasons
         from unnest($3::bigint[], $4::text[], $5::text[]) as t (row_id, id, reason)
        group by row_id
     ), settled as (
       update assay.outbox o
          set sent_at = case when r.entries >= cardinality(o.ids) then null else clock_timestamp() end,
              refused = r.reasons, export_id = $1
         from done cross join lateral unnest(done.row_ids) as t (id)
         left join refusals r on r.row_id = t.id
        where o.id = t.id and num_nonnulls(o.sent_at, o.refused) = 0
     )
     select count(*)::int as exports from done`,
    [
      exportId,
      mark.outcome,
      refused.map(({ rowId }) => rowId),
      refused.map(({ id }) => id),
      refused.map(({ reason }) => storableText(reason)),
    ],
  );
  if (row?.exports !== 1) throw unknownExport(exportId);
}

/** Notes that an open export is about to be sent again, with the same bytes under the same id. */
export async function reopenExport(on: Queryable, exportId: string): Promise<string> {
  const [row] = await rowsOf<{ intended_at: string }>(
    on,
    `update assay.outbox_exports set intended_at = clock_timestamp(), turned_away = null,
            failing_with = null
      where export_id = $1 and marked_at is null returning intended_at`,
    [exportId],
  );
  if (row === undefined) throw unknownExport(exportId);
  return row.intended_at;
}

/** The same after an unclear answer and a fruitless search; counted in each of its experiments, or in its move. */
export async function countResend(on: Queryable, exportId: string): Promise<string> {
  const [row] = await rowsOf<{ intended_at: string }>(
    on,
    `with again as (
       update assay.outbox_exports set intended_at = clock_timestamp(), resends = resends + 1,
              turned_away = null, keys_refused_since = null, failing_with = null
        where export_id = $1 and marked_at is null returning platform, row_ids, intended_at
     ), counted as (
       insert into assay.publication as p (experiment_id, platform, ambiguous_resends)
       select distinct o.experiment_id, again.platform, 1
         from again join assay.outbox o on o.id = any(again.row_ids)
        where o.experiment_id is not null
       on conflict (experiment_id, platform)
         do update set ambiguous_resends = p.ambiguous_resends + 1
     ), moved as (
       update assay.platform_migrations set ambiguous_resends = ambiguous_resends + 1
        where id in (select o.migration_id from again join assay.outbox o on o.id = any(again.row_ids))
     )
     select intended_at from again`,
    [exportId],
  );
  if (row === undefined) throw unknownExport(exportId);
  return row.intended_at;
}

/** What is left of a drain. */
export interface Remaining {
  /** Rows that are not settled, those of open exports included. */
  readonly spans: number;
  readonly scores: number;
  readonly openExports: number;
}

/** Counts what is left. */
export async function countRemaining(on: Queryable, drain: Drain): Promise<Remaining> {
  const [row] = await rowsOf<Remaining>(
    on,
    `select count(*) filter (where kind = 'spans')::int as spans,
            count(*) filter (where kind = 'scores')::int as scores,
            (select count(*)::int from assay.outbox_exports
              where platform = $1 and partition = $2 and marked_at is null) as "openExports"
       from assay.outbox
      where platform = $1 and partition = $2 and sent_at is null and refused is null`,
    [drain.platform, drain.partition],
  );
  return row ?? { spans: 0, scores: 0, openExports: 0 };
}
