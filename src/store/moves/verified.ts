import { countOf, rowsOf, type Queryable } from '../query.js';

/** What is compared of a thing that was carried. */
export interface CarriedKey {
  readonly sourceId: string;
  readonly targetId: string;
  readonly sourceHash: string;
}

/** Begins to compare anew: what was found to be equal, or to differ, stands as written. */
export async function forgetVerified(on: Queryable, migrationId: string): Promise<void> {
  await countOf(
    on,
    `update assay.platform_migration_items
        set state = 'written', reason = case when state = 'differs' then null else reason end
      where migration_id = $1 and state in ('verified', 'differs')`,
    [migrationId],
  );
}

/** The items of a dataset that have these ids on the target. */
export async function carriedItems(
  on: Queryable,
  of: { readonly migrationId: string; readonly container: string },
  targetIds: readonly string[],
): Promise<readonly CarriedKey[]> {
  return rowsOf<CarriedKey>(
    on,
    `select source_id as "sourceId", target_id as "targetId", source_hash as "sourceHash"
       from assay.platform_migration_items
      where migration_id = $1 and kind = 'item' and target_id = any($3::text[]) and container = $2
        and state = 'written'`,
    [of.migrationId, of.container, targetIds],
  );
}

/** A trace that was carried, and where in time it is. */
export interface CarriedTrace extends CarriedKey {
  readonly beganAt: string;
  readonly lastAt: string;
}

/** A page of the traces of a group that are not found yet, by their time. */
export async function carriedTraces(
  on: Queryable,
  of: { readonly migrationId: string; readonly container: string },
  page: {
    readonly after: readonly [beganAt: string, sourceId: string] | undefined;
    readonly limit: number;
  },
): Promise<readonly CarriedTrace[]> {
  return rowsOf<CarriedTrace>(
    on,
    `select source_id as "sourceId", target_id as "targetId", source_hash as "sourceHash",
            began_at as "beganAt", last_at as "lastAt"
       from assay.platform_migration_items
      where migration_id = $1 and kind = 'trace' and container = $2 and state = 'written'
        and ($3::timestamptz is null or (began_at, source_id) > ($3::timestamptz, $4))
      order by began_at, source_id limit $5`,
    [of.migrationId, of.container, page.after?.[0] ?? null, page.after?.[1] ?? '', page.limit],
  );
}

/** What was carried and is neither found nor missed. */
export async function countUnseen(on: Queryable, migrationId: string): Promise<number> {
  const [row] = await rowsOf<{ readonly n: number }>(
    on,
    `select count(*)::int as n from assay.platform_migration_items
      where migration_id = $1 and kind in ('trace', 'score') and state = 'written'`,
    [migrationId],
  );
  return row?.n ?? 0;
}

/** What was not found differs: in a container, or of all traces and scores. */
export async function missUnseen(
  on: Queryable,
  of: {
    readonly migrationId: string;
    readonly kinds: readonly string[];
    readonly container?: string;
  },
): Promise<void> {
  await countOf(
    on,
    `update assay.platform_migration_items set state = 'differs', reason = 'the target does not show it'
      where migration_id = $1 and kind = any($2::text[]) and state = 'written'
        and ($3::text is null or container = $3)`,
    [of.migrationId, of.kinds, of.container ?? null],
  );
}

/**
 * What the target refused for good is left, with its word for it. Joined by equality alone: rows that were just put out are not counted
 * yet, and a plan made without counts compared each with each, for longer than a statement may take.
 */
export async function leaveRefused(on: Queryable, migrationId: string): Promise<void> {
  await countOf(
    on,
    `update assay.platform_migration_items i
        set state = 'left', reason = left('the target refused it: ' || r.reason, 300)
       from (select case o.kind when 'spans' then 'trace' else 'score' end as kind,
                    case o.kind when 'spans' then o.trace_id else r->>'id' end as target_id,
                    r->>'reason' as reason
               from assay.outbox o cross join lateral json_array_elements(o.refused) as r
              where o.migration_id = $1 and o.refused is not null and o.kind in ('spans', 'scores')) as r
      where i.migration_id = $1 and i.kind = r.kind and i.target_id = r.target_id and i.state <> 'left'`,
    [migrationId],
  );
}

/**
 * Settles groups by what became of their traces.
 */
export async function settleGroups(on: Queryable, migrationId: string): Promise<void> {
  await countOf(
    on,
    `with groups as (
       select g.kind, g.source_id, exists (
                select from assay.platform_migration_items i
                 where i.migration_id = $1 and i.kind = 'trace' and i.container = g.source_id
                   and i.state = 'differs') as differs
         from assay.platform_migration_items g
        where g.migration_id = $1 and g.kind in ('experiment', 'project') and g.state = 'written'
     )
     update assay.platform_migration_items g
        set state = case when groups.differs then 'differs' else 'verified' end,
            reason = case when groups.differs then 'some of its traces differ' else g.reason end
       from groups where g.migration_id = $1 and g.kind = groups.kind and g.source_id = groups.source_id`,
    [migrationId],
  );
}
