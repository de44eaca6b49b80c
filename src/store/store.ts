import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely';
import { createHash } from 'node:crypto';
import pg from 'pg';

import { codedFailure, placeOf } from './failures.js';
import type { Queryable } from './query.js';
import type { Tables } from './tables.js';

/** The database of Assay: four pools, and kysely over the first. */
export interface Store extends Queryable {
  readonly pool: pg.Pool;
  /** Leases, claims and answers have connections of their own: a slow read must never let a lease run out. */
  readonly journalPool: pg.Pool;
  /** The journal's connections as {@link Queryable}; its statements are prepared. */
  readonly journal: Queryable;
  /**
   * Money of calls, prepared. Connections of their own as well: of two hundred runs with a budget each waits for the row of its
   * budget by itself, and together they must not keep a lease from being renewed.
   */
  readonly budgets: Queryable;
  /**
   * For the statements that every cell needs (its claim, its commit), prepared: they find their rows by keys. Not for reads
   * whose best plan depends on what is asked.
   */
  readonly cells: Queryable;
  readonly db: Kysely<Tables>;
  /** `host:port/database`, for messages. */
  readonly place: string;
  close(): Promise<void>;
}

export interface StoreOptions {
  readonly url: string;
  /** Connections at most; the journal's four, the budgets' two and the cells' three are not counted. Default 10. */
  readonly max?: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
}

// One statement never runs for a minute; past that the server or the way to it is ill. The client waits a little
// longer than the server, or a server that vanished without a FIN would be waited for until TCP gives up.
const STATEMENT_TIMEOUT_MS = 60_000;
// The journal's statements are short, and a renewal that hangs on a dead connection costs the lease.
const JOURNAL_TIMEOUT_MS = 10_000;
// One renewal, one flush of claims, one of answers and one exchange of the governor at a time.
const JOURNAL_CONNECTIONS = 4;
// Reservations and settlements: few, since each is of many calls.
const BUDGET_CONNECTIONS = 2;
// Claims, commits and claims that are taken back.
const CELLS_CONNECTIONS = 3;

// Statements by key, planned once for a connection: planning took as long as running them. A plan that was made while a table
// was empty must be the right one when it has grown, so it may be nothing but a walk through indexes.
const BY_KEYS =
  '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off';

// The type's oid, as in pg_type.
const TIMESTAMPTZ = 1184;

const driversParser = pg.types.getTypeParser as (
  oid: number,
  format?: 'text' | 'binary',
) => unknown;

/** Times as ISO 8601 texts in UTC with milliseconds, as all records have them; int8 and numeric stay texts. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary'): unknown =>
    oid === TIMESTAMPTZ
      ? (text: string) => new Date(text).toISOString()
      : driversParser(oid, format)) as typeof pg.types.getTypeParser,
};

const openPool = (
  options: StoreOptions,
  {
    max,
    timeoutMs,
    settings,
  }: { readonly max: number; readonly timeoutMs: number; readonly settings?: string },
): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: options.url,
    max,
    application_name: options.applicationName,
    keepAlive: true,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + 2_000,
    // A process that is stopped inside a transaction must not keep its row locks.
    idle_in_transaction_session_timeout: 30_000,
    types: typeParsers,
    ...(settings === undefined ? {} : { options: settings }),
  });
  // A connection that breaks emits an error: an idle one on the pool, one that is checked out on itself. Without
  // listeners either would end the process; the statement in flight is rejected anyway, and the pool replaces it.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
  });
  return pool;
};

const names = new Map<string, string>();

// The same name on every connection and in every process, so that a log or a pooler can tell what it is.
const nameOf = (text: string): string => {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `assay_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
  names.set(text, name);
  return name;
};

// A pool whose statements are prepared, each once for a connection. Their texts must be few.
const prepared = (pool: pg.Pool, place: string): Queryable => ({
  query: async (text, values) => {
    try {
      return await pool.query<Record<string, unknown>>({
        name: nameOf(text),
        text,
        values: values === undefined ? [] : [...values],
      });
    } catch (error) {
      throw codedFailure(error, place);
    }
  },
});

/** A connection or pool whose failures are coded. */
export const coded = (on: pg.Pool | pg.ClientBase, place: string): Queryable => ({
  query: async (text, values) => {
    try {
      return await on.query<Record<string, unknown>>(text, values === undefined ? [] : [...values]);
    } catch (error) {
      throw codedFailure(error, place);
    }
  },
});

const checkOut = async (pool: pg.Pool, place: string): Promise<pg.PoolClient> => {
  try {
    return await pool.connect();
  } catch (error) {
    throw codedFailure(error, place);
  }
};

// What kysely asks of a pool, with coded failures.
const codedPool = (
  pool: pg.Pool,
  place: string,
): { connect(): Promise<PostgresPoolClient>; end(): Promise<void> } => ({
  connect: async () => {
    const client = await checkOut(pool, place);
    const query = async (text: string, values: readonly unknown[]): Promise<unknown> => {
      try {
        return await client.query<Record<string, unknown>>(text, [...values]);
      } catch (error) {
        throw codedFailure(error, place);
      }
    };
    return {
      query: query as PostgresPoolClient['query'],
      release: () => {
        client.release();
      },
    };
  },
  end: () => Promise.resolve(),
});

/**
 * Opens the database and makes sure that it answers; the schema is not looked at (see `assertSchema`).
 *
 * @throws AssayError POSTGRES_UNREACHABLE, naming host, port and database.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const place = placeOf(options.url);
  const pool = openPool(options, { max: options.max ?? 10, timeoutMs: STATEMENT_TIMEOUT_MS });
  const journalPool = openPool(options, {
    max: JOURNAL_CONNECTIONS,
    timeoutMs: JOURNAL_TIMEOUT_MS,
    settings: BY_KEYS,
  });
  const budgetPool = openPool(options, {
    max: BUDGET_CONNECTIONS,
    timeoutMs: JOURNAL_TIMEOUT_MS,
    settings: BY_KEYS,
  });
  const cellsPool = openPool(options, {
    max: CELLS_CONNECTIONS,
    timeoutMs: STATEMENT_TIMEOUT_MS,
    settings: BY_KEYS,
  });
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: codedPool(pool, place) }) });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await db.destroy();
    await Promise.all([pool.end(), journalPool.end(), budgetPool.end(), cellsPool.end()]);
  };
  const store: Store = {
    ...coded(pool, place),
    pool,
    journalPool,
    journal: prepared(journalPool, place),
    budgets: prepared(budgetPool, place),
    cells: prepared(cellsPool, place),
    db,
    place,
    close: () => (closing ??= close()),
  };
  try {
    await store.query('select 1');
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

/**
 * Runs statements in one transaction on one connection. A connection that failed is thrown away, never reused.
 *
 * @throws what `run` throws, after the rollback; AssayError POSTGRES_UNREACHABLE.
 */
export function withTransaction<T>(store: Store, run: (on: Queryable) => Promise<T>): Promise<T> {
  return transaction(store, 'begin', run);
}

/**
 * The same, on the database as it stands at the first statement: what others commit meanwhile is not seen, so that a walk over
 * many pages is over one state. A row that is written must not be one that others write meanwhile.
 *
 * @throws what `run` throws, after the rollback; AssayError POSTGRES_UNREACHABLE.
 */
export function withSnapshot<T>(store: Store, run: (on: Queryable) => Promise<T>): Promise<T> {
  return transaction(store, 'begin isolation level repeatable read', run);
}

async function transaction<T>(
  store: Store,
  begin: string,
  run: (on: Queryable) => Promise<T>,
): Promise<T> {
  const client = await checkOut(store.pool, store.place);
  const on = coded(client, store.place);
  let broken: Error | undefined;
  try {
    await on.query(begin);
    const result = await run(on);
    await on.query('commit');
    return result;
  } catch (error) {
    await on.query('rollback').catch((failure: unknown) => {
      broken = failure instanceof Error ? failure : new Error('rollback failed');
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
