import { countOf, rowsOf, type Queryable } from './query.js';

/** Remembers where a key leads. */
export async function keepPlace(on: Queryable, keyHash: string, place: string): Promise<void> {
  await countOf(
    on,
    `insert into assay.platform_places (key_hash, place) values ($1, $2)
     on conflict (key_hash) do update set place = excluded.place, seen_at = clock_timestamp()`,
    [keyHash, place],
  );
}

/** Where a key led when its platform was last asked; undefined where it never was. */
export async function findPlace(on: Queryable, keyHash: string): Promise<string | undefined> {
  const [row] = await rowsOf<{ place: string }>(
    on,
    'select place from assay.platform_places where key_hash = $1',
    [keyHash],
  );
  return row?.place;
}
