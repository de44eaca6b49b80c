import { sha256 } from '../../core/ids/hash.js';
import { countOf, rowsOf, type Queryable } from '../query.js';
import type { PushKey } from './pushes.js';

/** An item as a platform holds it: by what it is found, its id there, and the packed keys of its fields. */
export interface ListedItem {
  readonly key: ItemKey;
  readonly platformId: string;
  /** 80 hex digits, of `packKeys`. */
  readonly fieldKeys: string;
}

/** By what an item of the files finds its twin on the platform: 16 bytes of a hash, as hex. */
export type ItemKey = string;

/** @param id the platform's own where it can be told from the item, else the item's external key. */
export const itemKey = (id: string): ItemKey => sha256(id).slice(0, 32);

/**
 * Keeps what was listed; what is known already takes the newer content.
 *
 * @param key.kept whether the dataset has them, too: of those that were just written.
 */
export async function putListed(
  on: Queryable,
  { pushId, platform, kept = false }: PushKey & { readonly kept?: boolean },
  items: readonly ListedItem[],
): Promise<void> {
  if (items.length === 0) return;
  await countOf(
    on,
    `insert into assay.dataset_push_items (push_id, platform, item_key, platform_id, field_keys, kept)
     select $1, $2, decode(key, 'hex'), id, decode(fields, 'hex'), $6
       from unnest($3::text[], $4::text[], $5::text[]) as given (key, id, fields)
     on conflict (push_id, platform, item_key) do update
       set field_keys = excluded.field_keys, kept = dataset_push_items.kept or excluded.kept`,
    [
      pushId,
      platform,
      items.map(({ key }) => key),
      items.map(({ platformId }) => platformId),
      items.map(({ fieldKeys }) => fieldKeys),
      kept,
    ],
  );
}

/**
 * Keeps what is listed once more amid the writing: what differs from what was known then, the push has written. What was noted as
 * written stays so.
 */
export async function putWritten(
  on: Queryable,
  { pushId, platform }: PushKey,
  items: readonly ListedItem[],
): Promise<void> {
  if (items.length === 0) return;
  await countOf(
    on,
    `insert into assay.dataset_push_items (push_id, platform, item_key, platform_id, field_keys, written_as)
     select $1, $2, decode(key, 'hex'), id, decode(fields, 'hex'), 'added'
       from unnest($3::text[], $4::text[], $5::text[]) as given (key, id, fields)
     on conflict (push_id, platform, item_key) do update
       set field_keys = excluded.field_keys,
           written_as = coalesce(dataset_push_items.written_as, 'changed')
       where dataset_push_items.field_keys <> excluded.field_keys`,
    [
      pushId,
      platform,
      items.map(({ key }) => key),
      items.map(({ platformId }) => platformId),
      items.map(({ fieldKeys }) => fieldKeys),
    ],
  );
}

/** An item that the platform holds. */
export interface FoundItem {
  readonly fieldKeys: string;
  /** Where this push has written it, as what. */
  readonly writtenAs: 'added' | 'changed' | undefined;
}

/** Those items that the platform holds. */
export async function findListed(
  on: Queryable,
  { pushId, platform }: PushKey,
  keys: readonly ItemKey[],
): Promise<ReadonlyMap<ItemKey, FoundItem>> {
  const rows = await rowsOf<{
    readonly key: string;
    readonly fields: string;
    readonly written_as: 'added' | 'changed' | null;
  }>(
    on,
    `select encode(item_key, 'hex') as key, encode(field_keys, 'hex') as fields, written_as
       from assay.dataset_push_items
      where push_id = $1 and platform = $2
        and item_key in (select decode(key, 'hex') from unnest($3::text[]) as given (key))`,
    [pushId, platform, keys],
  );
  return new Map(
    rows.map(({ key, fields, written_as }) => [
      key,
      { fieldKeys: fields, writtenAs: written_as ?? undefined },
    ]),
  );
}

/** Notes that the dataset has these items, too. */
export async function keepListed(
  on: Queryable,
  { pushId, platform }: PushKey,
  keys: readonly ItemKey[],
): Promise<void> {
  if (keys.length === 0) return;
  await countOf(
    on,
    `update assay.dataset_push_items set kept = true
      where push_id = $1 and platform = $2 and not kept
        and item_key in (select decode(key, 'hex') from unnest($3::text[]) as given (key))`,
    [pushId, platform, keys],
  );
}

/** How many items only the platform has. */
export async function countRemoved(on: Queryable, { pushId, platform }: PushKey): Promise<number> {
  const [row] = await rowsOf<{ readonly n: number }>(
    on,
    `select count(*)::int as n from assay.dataset_push_items
      where push_id = $1 and platform = $2 and not kept`,
    [pushId, platform],
  );
  return row?.n ?? 0;
}

/** Some of the items that only the platform has. */
export async function someRemoved(
  on: Queryable,
  { pushId, platform }: PushKey,
  limit: number,
): Promise<readonly { readonly key: ItemKey; readonly platformId: string }[]> {
  const rows = await rowsOf<{ readonly key: string; readonly platform_id: string }>(
    on,
    `select encode(item_key, 'hex') as key, platform_id from assay.dataset_push_items
      where push_id = $1 and platform = $2 and not kept order by item_key limit $3`,
    [pushId, platform, limit],
  );
  return rows.map(({ key, platform_id }) => ({ key, platformId: platform_id }));
}

/** Forgets what was listed. */
export async function dropListed(on: Queryable, { pushId, platform }: PushKey): Promise<void> {
  await countOf(on, `delete from assay.dataset_push_items where push_id = $1 and platform = $2`, [
    pushId,
    platform,
  ]);
}
