import type { OutboundRecord } from '../../contracts/publication.js';
import { decompress } from '../compression.js';
import { rowsOf, type Queryable } from '../query.js';
import type { Drain } from './lock.js';

/** How much one request may hold. */
export interface ExportLimits {
  readonly kind: 'spans' | 'scores';
  /** Of the bodies before compression. */
  readonly maxBytes: number;
  /** Rows of the outbox. */
  readonly maxRecords: number;
  /** Span or score ids over all rows. Default: no limit. */
  readonly maxIds?: number;
}

interface Row {
  readonly id: string;
  readonly kind: 'spans' | 'scores';
  readonly trace_id: string;
  readonly ids: readonly string[];
  readonly body: Buffer;
}

const decode = async (row: Row): Promise<OutboundRecord> => ({
  rowId: row.id,
  kind: row.kind,
  traceId: row.trace_id,
  ids: row.ids,
  body: (await decompress(row.body)).toString(),
});

/**
 * The oldest rows that were in no export yet, as many as fit; one at least, however big, or it would block the
 * others for ever.
 */
export async function takeRows(
  on: Queryable,
  drain: Drain,
  limits: ExportLimits,
): Promise<readonly OutboundRecord[]> {
  const rows = await rowsOf<Row>(
    on,
    `with oldest as (
       select id, bytes, cardinality(ids) as entries from assay.outbox
        where platform = $1 and partition = $2 and kind = $3
          and sent_at is null and refused is null and export_id is null
          and id <> all (array(select unnest(row_ids) from assay.outbox_exports
                                where platform = $1 and partition = $2 and marked_at is null))
        order by id limit $4
     ), sized as (
       select id, row_number() over by_age as place, sum(bytes) over by_age as bytes,
              sum(entries) over by_age as entries
         from oldest window by_age as (order by id)
     )
     select o.id, o.kind, o.trace_id, o.ids, o.body
       from sized s join assay.outbox o using (id)
      where s.place = 1 or (s.bytes <= $5 and s.entries <= $6)
      order by o.id`,
    [
      drain.platform,
      drain.partition,
      limits.kind,
      limits.maxRecords,
      limits.maxBytes,
      limits.maxIds ?? Number.MAX_SAFE_INTEGER,
    ],
  );
  return Promise.all(rows.map(decode));
}

// num_nonnulls and not two `is null`: those would let the planner, which knows little of a table that grew a moment
// ago, read the whole index of pending rows instead of the few that are named.

/**
 * The rows of an export that are not settled, in the order in which they were first sent. Without scores of a cell that was judged
 * again since: those of now may stand already, under the same ids, and what is sent last would count.
 */
export async function exportRecords(
  on: Queryable,
  exportId: string,
): Promise<readonly OutboundRecord[]> {
  const rows = await rowsOf<Row>(
    on,
    `select o.id, o.kind, o.trace_id, o.ids, o.body
       from assay.outbox_exports e
       cross join lateral unnest(e.row_ids) with ordinality as t (id, place)
       join assay.outbox o using (id)
      where e.export_id = $1 and num_nonnulls(o.sent_at, o.refused) = 0 and o.body is not null
        and (o.kind <> 'scores' or not exists (
          select from assay.experiment_cells c
           cross join lateral (
             select w.supersedes, w.status, w.revision from assay.experiment_cells w
              where w.experiment_id = c.experiment_id and w.ordinal = c.ordinal
                and w.repetition = c.repetition and w.revision < 0
              offset 0) w
            join assay.experiment_passes p on p.experiment_id = c.experiment_id and p.pass = -w.revision
           where c.id = o.cell_id and w.supersedes = c.id and w.status in ('ok', 'evaluator_error')
             and p.created_at > o.created_at))
      order by t.place`,
    [exportId],
  );
  return Promise.all(rows.map(decode));
}

/**
 * Scores of a cell of a run that got through and that nothing is to replace: sent again they are replaced by themselves. Undefined where
 * there are none, or where their bytes were dropped.
 */
export async function sentScore(on: Queryable, drain: Drain): Promise<OutboundRecord | undefined> {
  const [row] = await rowsOf<Row>(
    on,
    `select o.id, o.kind, o.trace_id, o.ids, o.body
       from assay.outbox o
      where o.experiment_id = $2 and o.platform = $1 and o.kind = 'scores' and o.cell_id is not null
        and o.sent_at is not null and o.refused is null and o.body is not null
        and not exists (select from assay.outbox n
                         where n.experiment_id = $2 and n.platform = $1 and n.kind = 'scores'
                           and n.id > o.id and n.ids && o.ids)
      order by o.id desc limit 1`,
    [drain.platform, drain.partition],
  );
  return row === undefined ? undefined : decode(row);
}
