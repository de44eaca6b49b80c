import type { MovedKind } from '../../contracts/platform-migration.js';
import { countOf, rowsOf, type Queryable } from '../query.js';

export type MovedState = 'found' | 'written' | 'verified' | 'differs' | 'left';

/** `there` is what the target holds of a dataset: kept while it is compared. */
type RowKind = MovedKind | 'there';

/** A thing, where it came from and where it went. */
export interface MovedRow {
  readonly kind: RowKind;
  readonly sourceId: string;
  readonly container: string;
  readonly name: string;
  readonly targetId: string | undefined;
  readonly sourceHash: string | undefined;
  readonly state: MovedState;
  readonly writtenHere: boolean;
  readonly reason: string | undefined;
  /** How many things the source says are in it. */
  readonly held: number | undefined;
  /** ISO 8601: when the first and the last span of a trace began. */
  readonly beganAt: string | undefined;
  readonly lastAt: string | undefined;
  /** Of an experiment's trace: the name of the experiment that it is in there. */
  readonly run: string | undefined;
}

export type NewRow = Pick<MovedRow, 'kind' | 'sourceId' | 'state'> &
  Partial<Omit<MovedRow, 'kind' | 'sourceId' | 'state'>>;

const columns = `kind, source_id as "sourceId", container, name, target_id as "targetId",
  source_hash as "sourceHash", state, written_here as "writtenHere", reason, held::float8 as held,
  began_at as "beganAt", last_at as "lastAt", run`;

type Row = {
  [K in keyof MovedRow]: undefined extends MovedRow[K]
    ? Exclude<MovedRow[K], undefined> | null
    : MovedRow[K];
};

const rowOf = (row: Row): MovedRow => ({
  ...row,
  targetId: row.targetId ?? undefined,
  sourceHash: row.sourceHash ?? undefined,
  reason: row.reason ?? undefined,
  held: row.held ?? undefined,
  beganAt: row.beganAt ?? undefined,
  lastAt: row.lastAt ?? undefined,
  run: row.run ?? undefined,
});

/** Notes things that were found; those that are known already stay as they are. */
export async function putFound(
  on: Queryable,
  migrationId: string,
  rows: readonly NewRow[],
): Promise<void> {
  if (rows.length === 0) return;
  const column = <K extends keyof NewRow>(key: K) => rows.map((row) => row[key] ?? null);
  await countOf(
    on,
    `insert into assay.platform_migration_items
       (migration_id, kind, source_id, container, name, target_id, source_hash, state, written_here, reason, held,
        began_at, last_at, run)
     select $1, kind, source_id, coalesce(container, ''), coalesce(name, ''), target_id, source_hash, state,
            coalesce(written_here, false), reason, held, began_at, last_at, run
       from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::boolean[],
                   $10::text[], $11::bigint[], $12::timestamptz[], $13::timestamptz[], $14::text[])
         as t (kind, source_id, container, name, target_id, source_hash, state, written_here, reason, held, began_at, last_at,
               run)
     on conflict (migration_id, kind, source_id) do nothing`,
    [
      migrationId,
      column('kind'),
      column('sourceId'),
      column('container'),
      rows.map(({ name }) => storable(name)),
      column('targetId'),
      column('sourceHash'),
      column('state'),
      column('writtenHere'),
      rows.map(({ reason }) => storable(reason)),
      column('held'),
      column('beganAt'),
      column('lastAt'),
      rows.map(({ run }) => storable(run)),
    ],
  );
}

/** Postgres keeps no NUL in a text, and names come from elsewhere. */
const storable = (text: string | undefined): string | null =>
  text === undefined ? null : text.replaceAll('\u0000', '\ufffd').slice(0, 2_000);

/** What changes of a thing; what is not given stays. */
export interface MovedStep {
  readonly sourceId: string;
  readonly state?: MovedState;
  readonly targetId?: string;
  readonly writtenHere?: boolean;
  readonly reason?: string;
  readonly held?: number;
}

export async function stepItems(
  on: Queryable,
  of: { readonly migrationId: string; readonly kind: RowKind },
  steps: readonly MovedStep[],
): Promise<void> {
  if (steps.length === 0) return;
  const column = <K extends keyof MovedStep>(key: K) => steps.map((step) => step[key] ?? null);
  await countOf(
    on,
    `update assay.platform_migration_items i
        set state = coalesce(t.state, i.state), target_id = coalesce(t.target_id, i.target_id),
            written_here = coalesce(t.written_here, i.written_here), reason = coalesce(t.reason, i.reason),
            held = coalesce(t.held, i.held)
       from unnest($3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[], $8::bigint[])
              as t (source_id, state, target_id, written_here, reason, held)
      where i.migration_id = $1 and i.kind = $2 and i.source_id = t.source_id`,
    [
      of.migrationId,
      of.kind,
      column('sourceId'),
      column('state'),
      column('targetId'),
      column('writtenHere'),
      steps.map(({ reason }) => storable(reason)),
      column('held'),
    ],
  );
}

/** Things of a kind by their ids there. */
export async function findItems(
  on: Queryable,
  of: { readonly migrationId: string; readonly kind: RowKind },
  sourceIds: readonly string[],
): Promise<ReadonlyMap<string, MovedRow>> {
  if (sourceIds.length === 0) return new Map();
  const rows = await rowsOf<Row>(
    on,
    `select ${columns} from assay.platform_migration_items
      where migration_id = $1 and kind = $2 and source_id = any($3::text[])`,
    [of.migrationId, of.kind, sourceIds],
  );
  return new Map(rows.map((row) => [row.sourceId, rowOf(row)]));
}

/** A page of things in one of these states, by their ids. */
export async function pageOfItems(
  on: Queryable,
  of: {
    readonly migrationId: string;
    readonly kind: RowKind;
    readonly states: readonly MovedState[];
    readonly container?: string;
    readonly after?: string;
    readonly limit: number;
  },
): Promise<readonly MovedRow[]> {
  const rows = await rowsOf<Row>(
    on,
    `select ${columns} from assay.platform_migration_items
      where migration_id = $1 and kind = $2 and state = any($3::text[])
        and ($4::text is null or container = $4) and source_id > $5
      order by source_id limit $6`,
    [of.migrationId, of.kind, of.states, of.container ?? null, of.after ?? '', of.limit],
  );
  return rows.map(rowOf);
}

/** How many traces of each name a group has: of an experiment's trace the name is its item. */
export async function countNamed(
  on: Queryable,
  of: { readonly migrationId: string; readonly container: string },
  names: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await rowsOf<{ readonly name: string; readonly n: number }>(
    on,
    `select name, count(*)::int as n from assay.platform_migration_items
      where migration_id = $1 and kind = 'trace' and container = $2 and name = any($3::text[])
      group by name`,
    [of.migrationId, of.container, names],
  );
  return new Map(rows.map(({ name, n }) => [name, n]));
}

/** Forgets what the target holds of a dataset. */
export async function dropThere(
  on: Queryable,
  of: { readonly migrationId: string; readonly container: string },
): Promise<void> {
  await countOf(
    on,
    `delete from assay.platform_migration_items
      where migration_id = $1 and kind = 'there' and container = $2`,
    [of.migrationId, of.container],
  );
}
