import { countOf, rowsOf, throughCollisions } from './query.js';
import type { Store } from './store.js';

/** A row of the outbox without its body: what must be found on the platform. */
export interface ExpectedRecord {
  readonly rowId: string;
  /** Undefined for the scores of a run as a whole; they have a run on the platform instead, and no trace. */
  readonly cellId: string | undefined;
  readonly runId: string | undefined;
  readonly traceId: string;
  /** Span or score ids. */
  readonly ids: readonly string[];
  readonly sent: boolean;
  /** Those of `ids` that the platform refused for good. */
  readonly refusedIds: readonly string[];
}

export interface OutboxSelection {
  readonly experimentId: string;
  readonly platform: string;
}

interface ExpectedRow extends Omit<ExpectedRecord, 'cellId' | 'runId' | 'refusedIds'> {
  readonly cellId: string | null;
  readonly runId: string | null;
  readonly refused: readonly { id: string }[] | null;
}

/** All that an experiment has for a platform, a page at a time, the oldest first. */
export async function* expectedRecords(
  store: Store,
  of: OutboxSelection & { readonly kind: 'spans' | 'scores'; readonly pageSize?: number },
): AsyncGenerator<readonly ExpectedRecord[], void, undefined> {
  const pageSize = of.pageSize ?? 1000;
  let after = '0';
  for (;;) {
    const rows = await rowsOf<ExpectedRow>(
      store,
      `select id as "rowId", cell_id as "cellId", run_id as "runId", trace_id as "traceId", ids,
              refused, sent_at is not null as sent
         from assay.outbox
        where experiment_id = $1 and platform = $2 and kind = $3 and id > $4
        order by id limit $5`,
      [of.experimentId, of.platform, of.kind, after, pageSize],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ refused, cellId, runId, ...row }) => ({
      ...row,
      cellId: cellId ?? undefined,
      runId: runId ?? undefined,
      refusedIds: (refused ?? []).map(({ id }) => id),
    }));
    if (rows.length < pageSize) return;
    after = last.rowId;
  }
}

/**
 * Sends rows again that the platform has lost, or has refused. Their exports become open again, so that the publisher asks for each
 * first and then sends only what is missing, the same bytes under the same id.
 *
 * @returns how many rows are waiting again; those whose bytes were dropped are left alone.
 */
export async function requeueRows(store: Store, rowIds: readonly string[]): Promise<number> {
  const [row] = await throughCollisions(() =>
    rowsOf<{ rows: number }>(
      store,
      `with again as (
         update assay.outbox set sent_at = null, refused = null
          where id = any($1::bigint[]) and num_nonnulls(sent_at, refused) > 0 and body is not null
         returning export_id
       ), opened as (
         update assay.outbox_exports set marked_at = null, outcome = null
          where export_id in (select export_id from again)
       )
       select count(*)::int as rows from again`,
      [rowIds],
    ),
  );
  return row?.rows ?? 0;
}

// Each chunk is a transaction of its own: one over 200,000 rows would hold its locks for seconds.
const CHUNK = 5_000;

const dropKind = async (
  store: Store,
  of: OutboxSelection & { readonly kind: 'spans' | 'scores' },
): Promise<number> => {
  let dropped = 0;
  let after = '0';
  for (;;) {
    const ids = await rowsOf<{ id: string }>(
      store,
      `select id from assay.outbox
        where experiment_id = $1 and platform = $2 and kind = $3 and id > $4
          and body is not null and sent_at is not null
        order by id limit $5`,
      [of.experimentId, of.platform, of.kind, after, CHUNK],
    );
    const last = ids.at(-1);
    if (last === undefined) return dropped;
    dropped += await countOf(
      store,
      `update assay.outbox set body = null
        where id = any($1::bigint[]) and sent_at is not null and body is not null`,
      [ids.map(({ id }) => id)],
    );
    after = last.id;
  }
};

/** Drops the bytes of what was sent, after it was verified; the ids stay. Returns how many rows had some. */
export async function dropBodies(store: Store, of: OutboxSelection): Promise<number> {
  const spans = await dropKind(store, { ...of, kind: 'spans' });
  return spans + (await dropKind(store, { ...of, kind: 'scores' }));
}
