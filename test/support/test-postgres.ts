import { existsSync } from 'node:fs';
import { join } from 'node:path';

import pg from 'pg';

import {
  postgresAccount,
  postgresBinaries,
  postgresPlace,
  startPostgres,
} from '../../src/devstack/postgres/index.js';
import { noteProcess } from './run-folder.js';
import type { TestService } from './test-services.js';

const TEMPLATE = 'assay_template';

/** Makes the database that test databases are cloned from: the store's schema, migrated once. */
const makeTemplate = async (url: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${TEMPLATE}`);
  } finally {
    await client.end();
  }
  const migrate = new URL('../../src/store/migrate.ts', import.meta.url);
  if (!existsSync(migrate)) return;
  const { runMigrations } = (await import(migrate.href)) as {
    runMigrations: (databaseUrl: string) => Promise<unknown>;
  };
  const template = new URL(url);
  template.pathname = `/${TEMPLATE}`;
  await runMigrations(template.href);
};

/** One embedded Postgres for the whole test run; its address is the URL of its superuser. */
export const startTestPostgres = async (folder: string): Promise<TestService> => {
  const account = postgresAccount();
  const place = postgresPlace(folder, account);
  const server = await startPostgres({
    folder: place.folder,
    account,
    binaries: await postgresBinaries({ account, copyFolder: () => place.copyFolder() }),
    logFile: join(folder, 'postgres.log'),
    // The machine's crash is not what tests are about; a killed server loses nothing without fsync.
    settings: { fsync: 'off', full_page_writes: 'off', shared_buffers: '128MB' },
    throwaway: true,
    log: () => undefined,
  });
  const { identity } = server.child;
  if (identity !== undefined) await noteProcess(folder, identity);
  try {
    await makeTemplate(server.url);
  } catch (error) {
    await server.child.stop();
    throw error;
  }
  return { address: server.url, stop: () => server.child.stop() };
};
