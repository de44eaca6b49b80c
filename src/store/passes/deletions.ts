import { storableText } from '../cell-codec.js';
import { countOf, rowsOf, type Queryable } from '../query.js';

/** Something that is to go from a platform. */
export interface PendingDeletion {
  readonly id: string;
  readonly kind: 'trace' | 'score';
  readonly targetId: string;
}

/** What is still to go, the oldest first. */
export async function pendingDeletions(
  on: Queryable,
  of: { readonly experimentId: string; readonly platform: string; readonly limit: number },
): Promise<readonly PendingDeletion[]> {
  return rowsOf(
    on,
    `select id, kind, target_id as "targetId" from assay.platform_deletions
      where experiment_id = $1 and platform = $2 and done_at is null order by id limit $3`,
    [of.experimentId, of.platform, of.limit],
  );
}

/** Notes that the platform took the deletions, or that it refuses them for good. */
export async function settleDeletions(
  on: Queryable,
  ids: readonly string[],
  refused?: string,
): Promise<void> {
  await countOf(
    on,
    `update assay.platform_deletions set done_at = clock_timestamp(), refused = $2
      where id = any($1::bigint[])`,
    [ids, refused === undefined ? null : storableText(refused)],
  );
}

/** How many deletions of a pass went through, and how many did not. */
export async function countDeletions(
  on: Queryable,
  of: { readonly experimentId: string; readonly pass: number },
): Promise<{ readonly deleted: number; readonly notDeleted: number }> {
  const [row] = await rowsOf<{ deleted: number; notDeleted: number }>(
    on,
    `select count(*) filter (where done_at is not null and refused is null)::int as deleted,
            count(*) filter (where done_at is null or refused is not null)::int as "notDeleted"
       from assay.platform_deletions where experiment_id = $1 and pass = $2`,
    [of.experimentId, of.pass],
  );
  return row ?? { deleted: 0, notDeleted: 0 };
}
