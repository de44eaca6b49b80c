// Writes src/store/schema.sql: the schema that the migrations come to. `--check` only compares.
//
//   DATABASE_URL=postgres://… node tools/dump-schema.mjs [--check]
//
// DATABASE_URL names a server where a database may be created; without it an embedded Postgres is started for the
// moment. Our TypeScript runs through the loader of the tests, so that no build has to be fresh.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

import pg from 'pg';

await import('../test/support/register-ts.mjs');
const { runMigrations } = await import('../src/store/migrate.ts');
const { openStore } = await import('../src/store/store.ts');
const { dumpSchema } = await import('../src/store/dump.ts');

const file = new URL('../src/store/schema.sql', import.meta.url);

const withServer = async (run) => {
  if (process.env.DATABASE_URL) return run(process.env.DATABASE_URL);
  const { openRunFolder } = await import('../test/support/run-folder.ts');
  const { startTestPostgres } = await import('../test/support/test-postgres.ts');
  const folder = await openRunFolder();
  try {
    const server = await startTestPostgres(folder.path);
    try {
      return await run(server.address);
    } finally {
      await server.stop();
    }
  } finally {
    await folder.remove();
  }
};

const onServer = async (url, statement) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

const dumpOf = async (server) => {
  const name = `assay_dump_${randomBytes(6).toString('hex')}`;
  await onServer(server, `create database ${name} template template0`);
  try {
    const url = new URL(server);
    url.pathname = `/${name}`;
    await runMigrations(url.href);
    const store = await openStore({ url: url.href, applicationName: 'assay dump-schema' });
    try {
      return await dumpSchema(store);
    } finally {
      await store.close();
    }
  } finally {
    await onServer(server, `drop database if exists ${name} with (force)`);
  }
};

const dump = await withServer(dumpOf);
if (process.argv.includes('--check')) {
  const committed = await readFile(file, 'utf8').catch(() => '');
  if (committed !== dump) {
    console.error('src/store/schema.sql is stale: run `node tools/dump-schema.mjs`.');
    process.exitCode = 1;
  }
} else {
  await writeFile(file, dump);
}
