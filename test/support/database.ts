import { randomBytes } from 'node:crypto';

import pg from 'pg';

import { askForService } from './ask-for-service.js';

/** A database of one test file's own. */
export interface TestDatabase {
  readonly url: string;
  /** Ends its sessions and removes it. */
  drop(): Promise<void>;
}

const onServer = async (url: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

/**
 * A fresh database in the test run's embedded Postgres, which the first call starts.
 *
 * @param template cloned from this one; default `assay_template`, the store's schema fully migrated.
 *   `template0` gives an empty database.
 */
export const createTestDatabase = async (template = 'assay_template'): Promise<TestDatabase> => {
  const server = await askForService('postgres');
  const name = `test_${randomBytes(8).toString('hex')}`;
  await onServer(server, `CREATE DATABASE ${name} TEMPLATE ${pg.escapeIdentifier(template)}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
};
