import { countOf, rowsOf, type Queryable } from '../query.js';

/** Of what a cursor tells how far it was read. */
export interface CursorKey {
  readonly migrationId: string;
  readonly kind:
    'inventory' | 'items' | 'there' | 'prompt' | 'traces' | 'sweep' | 'verify' | 'outbox';
  readonly container: string;
}

export interface Cursor {
  readonly cursor: string | undefined;
  readonly done: boolean;
}

/** How far a container was read; from its beginning where nothing is noted. */
export async function readCursor(on: Queryable, key: CursorKey): Promise<Cursor> {
  const [row] = await rowsOf<{ readonly cursor: string | null; readonly done: boolean }>(
    on,
    `select cursor, done from assay.platform_migration_cursors
      where migration_id = $1 and kind = $2 and container = $3`,
    [key.migrationId, key.kind, key.container],
  );
  return { cursor: row?.cursor ?? undefined, done: row?.done ?? false };
}

export async function putCursor(on: Queryable, key: CursorKey, at: Cursor): Promise<void> {
  await countOf(
    on,
    `insert into assay.platform_migration_cursors (migration_id, kind, container, cursor, done)
     values ($1, $2, $3, $4, $5)
     on conflict (migration_id, kind, container) do update
       set cursor = excluded.cursor, done = excluded.done`,
    [key.migrationId, key.kind, key.container, at.cursor ?? null, at.done],
  );
}

/** Begins anew with all containers of a kind. */
export async function dropCursors(
  on: Queryable,
  { migrationId, kind }: Pick<CursorKey, 'migrationId' | 'kind'>,
): Promise<void> {
  await countOf(
    on,
    `delete from assay.platform_migration_cursors where migration_id = $1 and kind = $2`,
    [migrationId, kind],
  );
}
