import pg from 'pg';

export type Row = Record<string, unknown>;

/** Runs one statement; named statements are prepared once per connection. */
export interface Queries {
  rows<R extends object = Row>(
    sql: string,
    values?: readonly unknown[],
    name?: string,
  ): Promise<R[]>;
}

export interface Database extends Queries {
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** A pool on the server's own schema. Idle connections that break (a restart of Postgres) are replaced. */
export function openDatabase(url: string, reportError: (error: unknown) => void): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    application_name: 'assay-langfuse-dev',
    options: '-c search_path=langfuse_dev -c jit=off',
  });
  pool.on('error', reportError);
  return {
    ...queriesOn(pool),
    transaction: (work) => inTransaction(pool, work),
    close: () => pool.end(),
  };
}

function queriesOn(executor: Pick<pg.PoolClient, 'query'>): Queries {
  return {
    rows: async <R extends object>(sql: string, values: readonly unknown[] = [], name?: string) => {
      const config = { text: sql, values: [...values], ...(name === undefined ? {} : { name }) };
      return (await executor.query<R>(config)).rows;
    },
  };
}

async function inTransaction<T>(pool: pg.Pool, work: (queries: Queries) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // While it is checked out the pool does not listen: a session that ends then would end the process.
  client.on('error', ignore);
  const release = (broken?: Error) => {
    client.off('error', ignore);
    client.release(broken);
  };
  try {
    await client.query('begin');
    const result = await work(queriesOn(client));
    await client.query('commit');
    release();
    return result;
  } catch (error) {
    // A connection that cannot even roll back is broken: it must not return to the pool.
    await client.query('rollback').then(
      () => {
        release();
      },
      () => {
        release(new Error('connection lost'));
      },
    );
    throw error;
  }
}

/** The statement under way fails with the same error, which its caller sees. */
const ignore = (): void => undefined;

/** Whether a statement failed on a unique constraint. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === '23505';
}
