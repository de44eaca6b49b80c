import type { GovernorState } from '../../contracts/governor-state.js';
import { countOf, rowsOf, type Queryable } from '../query.js';

/** A key that a worker shares with others. */
export interface SharedKey {
  readonly key: string;
  /** Of a run's key. */
  readonly experimentId?: string | undefined;
}

/** A key as it stands. */
export interface KeyRow {
  readonly key: string;
  /** 0: nobody has used it yet. */
  readonly version: number;
  /** As it was written; to be parsed. */
  readonly state: unknown;
  /** Of the run that the key belongs to, as it is now. */
  readonly concurrency: number | undefined;
}

/** A state that was computed from a row of this version. */
export interface KeyChange extends SharedKey {
  readonly version: number;
  readonly state: GovernorState;
}

/** Keys by name, with Postgres' clock in milliseconds since the epoch. */
export async function readKeys(
  on: Queryable,
  keys: readonly SharedKey[],
): Promise<{ readonly now: number; readonly rows: readonly KeyRow[] }> {
  const rows = await rowsOf<{
    key: string;
    version: string | null;
    state: unknown;
    concurrency: number | null;
    now: number;
  }>(
    on,
    `select t.key, k.version, k.state, e.concurrency,
            (extract(epoch from clock_timestamp()) * 1000)::float8 as now
       from unnest($1::text[], $2::text[]) as t (key, experiment_id)
       left join assay.governor_keys k on k.key = t.key
       left join assay.experiments e on e.id = t.experiment_id`,
    [keys.map(({ key }) => key), keys.map(({ experimentId }) => experimentId ?? null)],
  );
  return {
    now: Math.max(0, ...rows.map(({ now }) => now)),
    rows: rows.map(({ key, version, state, concurrency }) => ({
      key,
      version: Number(version ?? 0),
      state: state ?? undefined,
      concurrency: concurrency ?? undefined,
    })),
  };
}

/**
 * Writes states whose rows nobody has written since they were read. A row that is being written just now is left alone: that
 * write comes first, and this one would fail after it.
 *
 * @returns the keys that were written.
 */
export async function writeKeys(
  on: Queryable,
  changes: readonly KeyChange[],
): Promise<ReadonlySet<string>> {
  const rows = await rowsOf<{ key: string }>(
    on,
    `with given as (
       select * from unnest($1::text[], $2::bigint[], $3::json[], $4::text[])
                as t (key, version, state, experiment_id)
     ),
     free as materialized (
       select k.key from assay.governor_keys k join given g on g.key = k.key and g.version = k.version
        order by k.key for update of k skip locked
     ),
     updated as (
       update assay.governor_keys k
          set version = k.version + 1, state = g.state, seen_at = clock_timestamp()
         from given g
        where k.key = g.key and k.version = g.version and k.key in (select key from free)
       returning k.key
     ),
     inserted as (
       insert into assay.governor_keys (key, experiment_id, version, state)
       select g.key, e.id, 1, g.state
         from given g left join assay.experiments e on e.id = g.experiment_id
        where g.version = 0
        order by g.key
       on conflict (key) do nothing
       returning key
     )
     select key from updated union all select key from inserted`,
    [
      changes.map(({ key }) => key),
      changes.map(({ version }) => version),
      changes.map(({ state }) => JSON.stringify(state)),
      changes.map(({ experimentId }) => experimentId ?? null),
    ],
  );
  return new Set(rows.map(({ key }) => key));
}

/** Drops keys that nobody has used for a week, with what was learned of them. */
export async function dropUnusedKeys(on: Queryable): Promise<number> {
  return countOf(
    on,
    `delete from assay.governor_keys where seen_at < clock_timestamp() - interval '7 days'`,
  );
}
