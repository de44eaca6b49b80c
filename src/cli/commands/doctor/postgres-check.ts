import { AssayError } from '../../../core/errors/assay-error.js';
import { count } from '../../../core/report/figures.js';
import { schemaStatus, type SchemaStatus } from '../../../store/migrate.js';
import { storeSizes, type StoreSizes } from '../../../store/sizes.js';
import { openStore, type Store } from '../../../store/store.js';
import { beforeAbort, type CheckResult } from './check.js';
import { bytesText } from './bytes-text.js';

const name = 'Postgres';

/** The server, the schema and what it holds. */
export async function checkPostgres(
  databaseUrl: string,
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const store = await openStore({ url: databaseUrl, max: 2, applicationName: 'assay-doctor' });
  try {
    const version = await serverVersion(store);
    const schema = await schemaStatus(store);
    const found = `${store.place}, version ${version}, schema ${schema.current ?? 'missing'}`;
    const trouble = schemaTrouble(schema);
    const facts = { place: store.place, version, schema: schema.current ?? null };
    if (trouble !== undefined) {
      return [{ name, state: 'fail', facts, ...trouble, found: `${found}: ${trouble.found}` }];
    }
    return [await sizesResult(store, { found, facts, signal })];
  } finally {
    // Statements that are still counting rows end with their connections.
    void store.close();
  }
}

async function serverVersion(store: Store): Promise<string> {
  const { rows } = await store.query('show server_version');
  const version = (rows[0] as Readonly<Record<string, unknown>> | undefined)?.['server_version'];
  return typeof version === 'string' ? version : 'unknown';
}

function schemaTrouble(
  schema: SchemaStatus,
): (Pick<CheckResult, 'mend'> & { found: string }) | undefined {
  if (schema.unknown.length > 0) {
    const { title } = new AssayError('SCHEMA_TOO_NEW', '').entry;
    return {
      found: `${title.toLowerCase()} (${schema.unknown.join(', ')})`,
      mend: 'Upgrade Assay to the version that migrated this database.',
    };
  }
  if (schema.pending.length === 0) return undefined;
  return { found: `it lacks ${schema.pending.join(', ')}`, mend: 'Run `assay db migrate`.' };
}

async function sizesResult(
  store: Store,
  known: {
    readonly found: string;
    readonly facts: Readonly<Record<string, string | null>>;
    readonly signal: AbortSignal;
  },
): Promise<CheckResult> {
  const { found, facts, signal } = known;
  let sizes: StoreSizes;
  try {
    sizes = await beforeAbort(storeSizes(store), signal);
  } catch (error) {
    // Rows are counted one by one: a large database takes longer than a look may.
    if (!signal.aborted) throw error;
    return { name, state: 'warn', found: `${found}; too large to count in time`, facts };
  }
  return {
    name,
    state: 'ok',
    found: `${found}, ${bytesText(sizes.bytes)}`,
    details: sizes.tables
      .filter(({ rows }) => rows > 0)
      .map(({ table, rows, bytes }) => `${table}: ${count(rows)} rows, ${bytesText(bytes)}`),
    facts: {
      ...facts,
      bytes: sizes.bytes,
      tables: sizes.tables.map(({ table, rows, bytes }) => ({ table, rows, bytes })),
    },
  };
}
