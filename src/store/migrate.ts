import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { runner } from 'node-pg-migrate';
import pg from 'pg';

import { AssayError } from '../core/errors/assay-error.js';
import { codedFailure, placeOf } from './failures.js';
import { rowsOf, type Queryable } from './query.js';
import { coded } from './store.js';

/** Where the database's schema stands against the migrations of this build. */
export interface SchemaStatus {
  /** The last migration that ran; undefined on an empty database. */
  readonly current: string | undefined;
  /** The last migration of this build. */
  readonly latest: string;
  readonly pending: readonly string[];
  /** Migrations that ran and that this build does not have: the database is newer. */
  readonly unknown: readonly string[];
}

// Read beside this module: src/store under Jest, dist/store after the build has copied them.
const folder = fileURLToPath(new URL('./migrations', import.meta.url));
const silent = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const migrationNames = async (): Promise<readonly string[]> =>
  (await readdir(folder))
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();

const appliedNames = async (on: Queryable): Promise<readonly string[]> => {
  const [table] = await rowsOf<{ there: boolean }>(
    on,
    `select to_regclass('assay.migrations') is not null as there`,
  );
  if (table?.there !== true) return [];
  const rows = await rowsOf<{ name: string }>(on, 'select name from assay.migrations order by id');
  return rows.map(({ name }) => name);
};

/** Compares the migrations that ran with those of this build. */
export async function schemaStatus(on: Queryable): Promise<SchemaStatus> {
  const [names, applied] = await Promise.all([migrationNames(), appliedNames(on)]);
  const latest = names.at(-1);
  if (latest === undefined) throw new AssayError('INTERNAL', `No migrations are in ${folder}.`);
  return {
    current: applied.at(-1),
    latest,
    pending: names.filter((name) => !applied.includes(name)),
    unknown: applied.filter((name) => !names.includes(name)),
  };
}

const refuseNewer = ({ unknown, latest }: SchemaStatus): void => {
  if (unknown.length === 0) return;
  throw new AssayError(
    'SCHEMA_TOO_NEW',
    `The database has migrations that this build does not know: ${unknown.join(', ')} (its last is ${latest}).`,
    { mend: 'Upgrade Assay to the version that migrated this database.' },
  );
};

/**
 * @throws AssayError SCHEMA_OUTDATED where migrations are pending, SCHEMA_TOO_NEW where the database was
 *   migrated by a later build.
 */
export async function assertSchema(on: Queryable): Promise<void> {
  const status = await schemaStatus(on);
  refuseNewer(status);
  if (status.pending.length === 0) return;
  throw new AssayError(
    'SCHEMA_OUTDATED',
    `The database lacks ${status.pending.join(', ')} (it is at ${status.current ?? 'no migration'}).`,
    { mend: 'Run `assay db migrate`.' },
  );
}

/**
 * Brings the schema up to date, forward only, each migration in a transaction of its own. A second runner waits
 * for the first and then finds nothing to do.
 *
 * @throws AssayError POSTGRES_UNREACHABLE; SCHEMA_TOO_NEW, with nothing changed.
 */
export async function runMigrations(
  databaseUrl: string,
): Promise<{ readonly applied: readonly string[] }> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'assay db migrate',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  // A connection that breaks also rejects the statement in flight; without a listener it would end the process.
  client.on('error', () => undefined);
  const place = placeOf(databaseUrl);
  try {
    await client.connect();
    refuseNewer(await schemaStatus(coded(client, place)));
    const ran = await runner({
      dbClient: client,
      dir: folder,
      direction: 'up',
      migrationsTable: 'migrations',
      migrationsSchema: 'assay',
      createMigrationsSchema: true,
      advisoryLockMode: 'wait',
      logger: silent,
    });
    return { applied: ran.map(({ name }) => name) };
  } catch (error) {
    throw codedFailure(error, place);
  } finally {
    await client.end().catch(() => undefined);
  }
}
