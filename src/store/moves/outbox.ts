import type { OutboxRecord } from '../../contracts/publication.js';
import { compress } from '../compression.js';
import { countOf, rowsOf, type Queryable } from '../query.js';

/** Puts records of a move out; its partition is the move. */
export async function putOut(
  on: Queryable,
  of: { readonly migrationId: string; readonly platform: string },
  records: readonly OutboxRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const bodies = await Promise.all(records.map(({ body }) => compress(body)));
  await countOf(
    on,
    `insert into assay.outbox (migration_id, platform, partition, kind, trace_id, ids, body, bytes)
     select $1, $2, $1, t.kind, t.trace_id, string_to_array(t.ids, ','), t.body, t.bytes
       from unnest($3::text[], $4::text[], $5::text[], $6::bytea[], $7::int[]) with ordinality
              as t (kind, trace_id, ids, body, bytes, place)
      order by t.place`,
    [
      of.migrationId,
      of.platform,
      records.map(({ kind }) => kind),
      records.map(({ traceId }) => traceId),
      records.map(({ ids }) => ids.join(',')),
      bodies,
      records.map(({ body }) => Buffer.byteLength(body)),
    ],
  );
}

/** The spans that a move put out of these traces (ids of the target), sent by now or not: the platform may not show them yet. */
export async function spansPutOut(
  on: Queryable,
  migrationId: string,
  traceIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await rowsOf<{ readonly traceId: string; readonly ids: readonly string[] }>(
    on,
    `select trace_id as "traceId", ids from assay.outbox
      where migration_id = $1 and kind = 'spans' and trace_id = any($2::text[])`,
    [migrationId, traceIds],
  );
  const spans = new Map<string, readonly string[]>();
  for (const { traceId, ids } of rows) {
    spans.set(traceId, [...(spans.get(traceId) ?? []), ...ids]);
  }
  return spans;
}

/** Drops the bytes of what was sent; the ids stay. */
export async function dropMovedBodies(on: Queryable, migrationId: string): Promise<void> {
  await countOf(
    on,
    `update assay.outbox set body = null
      where migration_id = $1 and sent_at is not null and body is not null`,
    [migrationId],
  );
}
