import type {
  MoveDirection,
  MoveReport,
  MoveSide,
  PlatformMigrationSpec,
} from '../../contracts/platform-migration.js';
import type { ErrorDocument } from '../../core/errors/assay-error.js';
import { countOf, rowsOf, type Queryable } from '../query.js';

export type MoveStatus = MoveReport['status'];

/** A move between platforms. */
export interface MoveRecord {
  readonly id: string;
  readonly project: string;
  readonly name: string;
  readonly direction: MoveDirection;
  readonly spec: PlatformMigrationSpec;
  readonly status: MoveStatus;
  readonly source: MoveSide | undefined;
  readonly target: MoveSide | undefined;
  readonly waiting: string | undefined;
  readonly error: ErrorDocument | undefined;
  readonly resends: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

type Nullable<T> = {
  [K in keyof T]: undefined extends T[K] ? Exclude<T[K], undefined> | null : T[K];
};

const columns = `id, project, name, direction, spec, status, source, target, waiting, error,
  ambiguous_resends as resends, created_at as "createdAt", updated_at as "updatedAt"`;

const moveOf = (row: Nullable<MoveRecord>): MoveRecord => ({
  ...row,
  source: row.source ?? undefined,
  target: row.target ?? undefined,
  waiting: row.waiting ?? undefined,
  error: row.error ?? undefined,
});

/** The key of a move in the store. A project holds no slash, so the first one parts them. */
export const moveId = (project: string, name: string): string => `${project}/${name}`;

/** Records a move that begins; one that is there already goes on, without what it had ended with. */
export async function beginMove(on: Queryable, spec: PlatformMigrationSpec): Promise<MoveRecord> {
  const { project, name, direction } = spec;
  const id = moveId(project, name);
  await countOf(
    on,
    `insert into assay.platform_migrations (id, project, name, direction, spec, status)
     values ($1, $2, $3, $4, $5, 'running')
     on conflict (id) do update set status = 'running', error = null, waiting = null,
       updated_at = clock_timestamp()`,
    [id, project, name, direction, JSON.stringify(spec)],
  );
  const move = await findMove(on, id);
  if (move === undefined) throw new Error('a move that was just recorded is not there');
  return move;
}

export async function findMove(on: Queryable, id: string): Promise<MoveRecord | undefined> {
  const [row] = await rowsOf<Nullable<MoveRecord>>(
    on,
    `select ${columns} from assay.platform_migrations where id = $1`,
    [id],
  );
  return row === undefined ? undefined : moveOf(row);
}

/** The moves of a project, newest first. */
export async function listMoves(on: Queryable, project: string): Promise<readonly MoveRecord[]> {
  const rows = await rowsOf<Nullable<MoveRecord>>(
    on,
    `select ${columns} from assay.platform_migrations where project = $1
      order by created_at desc limit 100`,
    [project],
  );
  return rows.map(moveOf);
}

/** Notes the projects of both sides, once. */
export async function putSides(
  on: Queryable,
  id: string,
  { source, target }: { readonly source: MoveSide; readonly target: MoveSide },
): Promise<void> {
  await countOf(
    on,
    `update assay.platform_migrations
        set source = coalesce(source, $2), target = coalesce(target, $3) where id = $1`,
    [id, JSON.stringify(source), JSON.stringify(target)],
  );
}

export async function noteWaiting(
  on: Queryable,
  id: string,
  waiting: string | null,
): Promise<void> {
  await countOf(
    on,
    `update assay.platform_migrations set waiting = $2, updated_at = clock_timestamp() where id = $1`,
    [id, waiting],
  );
}

export async function endMove(
  on: Queryable,
  id: string,
  end: { readonly status: MoveStatus; readonly error?: ErrorDocument },
): Promise<void> {
  await countOf(
    on,
    `update assay.platform_migrations
        set status = $2, error = $3, waiting = null, updated_at = clock_timestamp() where id = $1`,
    [id, end.status, end.error === undefined ? null : JSON.stringify(end.error)],
  );
}

/** Forgets what an inventory found, so that the next one looks afresh. */
export async function dropFound(on: Queryable, id: string): Promise<void> {
  await countOf(on, `delete from assay.platform_migration_items where migration_id = $1`, [id]);
  await countOf(on, `delete from assay.platform_migration_cursors where migration_id = $1`, [id]);
}
