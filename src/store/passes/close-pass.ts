import type { ErrorDocument } from '../../core/errors/assay-error.js';
import { rowsOf, throughCollisions, type Queryable } from '../query.js';
import { usualPage, type Walking } from '../walk.js';

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
export const abandonRetries = (
  on: Queryable,
  key: PassKey & Walking,
  error: ErrorDocument,
): Promise<number> =>
  endPending(on, key, {
    values: [JSON.stringify(error)],
    also: 'latest = false, error = $5,',
    after: `, restored as (
      update assay.experiment_cells c set latest = true from ended where c.id = ended.supersedes
    )`,
  });

/**
 * Gives up judgements whose cells stay as they are.
 *
 * @returns how many were given up.
 */
export const skipJudgements = (on: Queryable, key: PassKey & Walking): Promise<number> =>
  endPending(on, key, { values: [], also: '', after: '' });

/** Ends what still waits of a pass, each page in a transaction of its own. */
async function endPending(
  on: Queryable,
  { experimentId, pass, pageSize = usualPage, onProgress }: PassKey & Walking,
  statement: { readonly values: readonly unknown[]; readonly also: string; readonly after: string },
): Promise<number> {
  let ended = 0;
  let position: number | null = -1;
  while (position !== null) {
    const [page]: { ended: number; last: number | null }[] = await throughCollisions(() =>
      rowsOf<{ ended: number; last: number | null }>(
        on,
        `with page as materialized (
           select id, position, status = 'pending' as waits from assay.experiment_cells
            where experiment_id = $1 and pass = $2 and position > $3 order by position limit $4
         ), ended as (
           update assay.experiment_cells c
              set status = 'skipped', ${statement.also} attempts = 0, latency_ms = 0,
                  started_at = clock_timestamp(), ended_at = clock_timestamp()
             from page where c.id = page.id and page.waits and c.status = 'pending'
           returning c.supersedes
         )${statement.after}
         select (select count(*)::int from ended) as ended, (select max(position) from page) as last`,
        [experimentId, pass, position, pageSize, ...statement.values],
      ),
    );
    ended += page?.ended ?? 0;
    onProgress?.(ended);
    position = page?.last ?? null;
  }
  return ended;
}

/** Judgements that have not been made, by their place; a page of them, after a place. */
export async function pendingJudgements(
  on: Queryable,
  key: PassKey,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<
  readonly { readonly workId: string; readonly cellId: string; readonly position: number }[]
> {
  return rowsOf(
    on,
    `select id as "workId", supersedes as "cellId", position from assay.experiment_cells
      where experiment_id = $1 and pass = $2 and position > $3 and status = 'pending'
      order by position limit $4`,
    [key.experimentId, key.pass, after, limit],
  );
}
