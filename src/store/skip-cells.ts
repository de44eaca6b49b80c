import type { ErrorDocument } from '../core/errors/assay-error.js';
import { rowsOf, throughCollisions } from './query.js';
import type { Store } from './store.js';

/** Cells that are looked at in one statement. */
const skipPage = 5_000;

/**
 * Ends every cell that still waits as `skipped`, as a cancelled run does, in pages: one statement over a million cells would
 * exceed its time. One that is being run at this moment and is committed later changes nothing any more.
 *
 * @param skip.inFlight - of a cell that was claimed and has no outcome: it was being run when its run ended, and its call may
 *   have been paid for. Default: as the others.
 * @returns how many were skipped.
 */
export async function skipPending(
  store: Store,
  experimentId: string,
  skip: {
    readonly waiting: ErrorDocument;
    readonly inFlight?: ErrorDocument;
    readonly onProgress?: (skipped: number) => void;
  },
): Promise<number> {
  const { waiting, inFlight = waiting, onProgress } = skip;
  const errors = [JSON.stringify(waiting), JSON.stringify(inFlight)];
  let skipped = 0;
  let after: Key | undefined;
  do {
    const page = await skipAfter(store, { experimentId, after: after ?? beforeAll, errors });
    skipped += page.skipped;
    onProgress?.(skipped);
    after = page.last;
  } while (after !== undefined);
  return skipped;
}

/** Ordinal, repetition and revision: the key of a cell in its run. */
type Key = readonly [number, number, number];
const beforeAll: Key = [-1, 0, 0];

async function skipAfter(
  store: Store,
  page: {
    readonly experimentId: string;
    readonly after: Key;
    readonly errors: readonly string[];
  },
): Promise<{ readonly skipped: number; readonly last: Key | undefined }> {
  const [row] = await throughCollisions(() =>
    rowsOf<{ skipped: number; last: Key | null }>(
      store,
      `with page as materialized (
         select id, ordinal, repetition, revision, status = 'pending' and latest as waits
           from assay.experiment_cells
          where experiment_id = $1 and (ordinal, repetition, revision) > ($4, $5, $6)
          order by ordinal, repetition, revision limit ${skipPage}
       ), skipped as (
         update assay.experiment_cells c
            set status = 'skipped', error = case when claim_token is null then $2::json else $3::json end,
                attempts = case when claim_token is null then 0 else claims end, latency_ms = 0,
                started_at = clock_timestamp(), ended_at = clock_timestamp()
           from page where c.id = page.id and page.waits and c.status = 'pending' and c.latest
         returning c.id
       )
       select (select count(*)::int from skipped) as skipped,
              (select array[ordinal, repetition, revision] from page
                order by ordinal desc, repetition desc, revision desc limit 1) as last`,
      [page.experimentId, ...page.errors, ...page.after],
    ),
  );
  return { skipped: row?.skipped ?? 0, last: row?.last ?? undefined };
}
