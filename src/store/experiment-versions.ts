import type { Backend } from '../contracts/backend.js';
import { versionOf } from '../core/experiment/version-name.js';
import { rowsOf } from './query.js';
import type { Store } from './store.js';

/**
 * The versions `{base}-v2`, `-v3`, … that a project has, each with the hash of its content; without it where it is published
 * elsewhere, since no submission to this backend is the same run.
 */
export async function versionsOf(
  store: Store,
  of: { readonly project: string; readonly base: string; readonly backend: Backend },
): Promise<ReadonlyMap<number, string | undefined>> {
  const rows = await rowsOf<{ name: string; hash: string | null }>(
    store,
    `select name, case when coalesce(spec ->> 'backend', 'langfuse') = $3 then manifest_hash end as hash from assay.experiments
      where project = $1 and starts_with(name, $2)`,
    [of.project, `${of.base}-v`, of.backend],
  );
  return new Map(
    rows.flatMap(({ name, hash }): [number, string | undefined][] => {
      const version = versionOf(name, of.base);
      return version === undefined ? [] : [[version, hash ?? undefined]];
    }),
  );
}
