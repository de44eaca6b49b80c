import { countOf, rowsOf, type Queryable } from '../query.js';

interface Container {
  readonly migrationId: string;
  readonly container: string;
}

/** Begins to count the runs of a group's traces anew. */
export async function forgetSeen(
  on: Queryable,
  { migrationId, container }: Container,
): Promise<void> {
  await countOf(
    on,
    `update assay.platform_migration_items set seen = null
      where migration_id = $1 and kind = 'trace' and container = $2 and seen is not null`,
    [migrationId, container],
  );
}

/** Adds runs to what was seen of traces; those without a row are passed over. */
export async function addSeen(
  on: Queryable,
  { migrationId, container }: Container,
  runs: ReadonlyMap<string, number>,
): Promise<void> {
  if (runs.size === 0) return;
  await countOf(
    on,
    `update assay.platform_migration_items i set seen = coalesce(i.seen, 0) + t.runs
       from unnest($3::text[], $4::bigint[]) as t (source_id, runs)
      where i.migration_id = $1 and i.kind = 'trace' and i.container = $2 and i.source_id = t.source_id`,
    [migrationId, container, [...runs.keys()], [...runs.values()]],
  );
}

/** Traces that came after their place was read, that have more runs by now than were carried, or were left for this reason. */
export async function lateTraces(
  on: Queryable,
  of: Container & { readonly retried: string; readonly after: string; readonly limit: number },
): Promise<readonly string[]> {
  const rows = await rowsOf<{ readonly id: string }>(
    on,
    `select source_id as id from assay.platform_migration_items
      where migration_id = $1 and kind = 'trace' and container = $2 and source_id > $4
        and (state = 'found' or (state = 'written' and seen > held) or (state = 'left' and reason = $3))
      order by source_id limit $5`,
    [of.migrationId, of.container, of.retried, of.after, of.limit],
  );
  return rows.map(({ id }) => id);
}

/** Forgets rows that are about to be written anew. */
export async function dropItems(
  on: Queryable,
  of: { readonly migrationId: string; readonly kind: string },
  sourceIds: readonly string[],
): Promise<void> {
  await countOf(
    on,
    `delete from assay.platform_migration_items
      where migration_id = $1 and kind = $2 and source_id = any($3::text[])`,
    [of.migrationId, of.kind, sourceIds],
  );
}
