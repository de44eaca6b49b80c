import { sql } from 'kysely';

import { compress, decompress } from './compression.js';
import type { Store } from './store.js';

/** A file that a run made, such as `report.md`. */
export interface Artefact {
  readonly mediaType: string;
  readonly body: Buffer;
  readonly createdAt: string;
}

export interface ArtefactKey {
  readonly experimentId: string;
  /** `report.md`, `report.html`, `report.json`. */
  readonly name: string;
}

/** Keeps a file of a run; one of the same name is replaced. */
export async function putArtefact(
  store: Store,
  artefact: ArtefactKey & { readonly mediaType: string; readonly body: Buffer | string },
): Promise<void> {
  const written = {
    media_type: artefact.mediaType,
    body: await compress(artefact.body),
    bytes: Buffer.byteLength(artefact.body),
  };
  await store.db
    .insertInto('assay.artefacts')
    .values({ experiment_id: artefact.experimentId, name: artefact.name, ...written })
    .onConflict((conflict) =>
      conflict
        .columns(['experiment_id', 'name'])
        .doUpdateSet({ ...written, created_at: sql`clock_timestamp()` }),
    )
    .execute();
}

/** A file of a run, if it is there. */
export async function getArtefact(store: Store, key: ArtefactKey): Promise<Artefact | undefined> {
  const row = await store.db
    .selectFrom('assay.artefacts')
    .select(['media_type', 'body', 'created_at'])
    .where('experiment_id', '=', key.experimentId)
    .where('name', '=', key.name)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    mediaType: row.media_type,
    body: await decompress(row.body),
    createdAt: row.created_at,
  };
}

/** The files of a run, by name. */
export async function listArtefacts(
  store: Store,
  experimentId: string,
): Promise<readonly { name: string; mediaType: string; bytes: number; createdAt: string }[]> {
  return store.db
    .selectFrom('assay.artefacts')
    .select(['name', 'media_type as mediaType', 'bytes', 'created_at as createdAt'])
    .where('experiment_id', '=', experimentId)
    .orderBy('name')
    .execute();
}
