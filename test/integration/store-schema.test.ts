import { readFile } from 'node:fs/promises';

import { describe, expect, it } from '@jest/globals';

import { dumpSchema } from '../../src/store/dump.js';
import { assertSchema, runMigrations, schemaStatus } from '../../src/store/migrate.js';
import { dollarsFromPico, picoFromDollars } from '../../src/store/money.js';
import { openStore, withTransaction, type Store } from '../../src/store/store.js';
import { createTestDatabase } from '../support/database.js';
import { openProxy } from './store-proxy.js';

const withStore = async (
  template: 'template0' | 'assay_template',
  run: (store: Store, url: string) => Promise<void>,
): Promise<void> => {
  const database = await createTestDatabase(template);
  const store = await openStore({ url: database.url, applicationName: 'assay test' });
  try {
    await run(store, database.url);
  } finally {
    await store.close();
    await database.drop();
  }
};

describe('migrations', () => {
  it('run once when two runners start at the same moment', async () => {
    await withStore('template0', async (store, url) => {
      const { latest, pending } = await schemaStatus(store);
      const runs = await Promise.all([runMigrations(url), runMigrations(url), runMigrations(url)]);
      expect(runs.map(({ applied }) => applied.length).sort()).toEqual([0, 0, pending.length]);
      expect(runs.flatMap(({ applied }) => applied)).toEqual(pending);
      expect(await schemaStatus(store)).toEqual({
        current: latest,
        latest,
        pending: [],
        unknown: [],
      });
      expect((await runMigrations(url)).applied).toEqual([]);
    });
  });

  it('that are pending are SCHEMA_OUTDATED, with the mend', async () => {
    await withStore('template0', async (store, url) => {
      await expect(assertSchema(store)).rejects.toMatchObject({
        code: 'SCHEMA_OUTDATED',
        mend: expect.stringContaining('assay db migrate'),
      });
      await runMigrations(url);
      await expect(assertSchema(store)).resolves.toBeUndefined();
    });
  });

  it('of a later build are SCHEMA_TOO_NEW, and nothing is changed', async () => {
    await withStore('assay_template', async (store, url) => {
      await store.query(
        `insert into assay.migrations (name, run_on) values ('9999_from_the_future', now())`,
      );
      const tooNew = { code: 'SCHEMA_TOO_NEW', message: expect.stringContaining('9999_from') };
      await expect(assertSchema(store)).rejects.toMatchObject(tooNew);
      await expect(runMigrations(url)).rejects.toMatchObject(tooNew);
    });
  });

  it('come to the schema that is committed in src/store/schema.sql', async () => {
    await withStore('template0', async (store, url) => {
      await runMigrations(url);
      const committed = await readFile(
        new URL('../../src/store/schema.sql', import.meta.url),
        'utf8',
      );
      expect(await dumpSchema(store)).toBe(committed);
    });
  });
});

describe('Postgres that is away', () => {
  it('is POSTGRES_UNREACHABLE with host, port and database, and without the password', async () => {
    const database = await createTestDatabase();
    const proxy = await openProxy(database.url);
    const url = new URL(proxy.url);
    url.password = 'hunter2';
    await proxy.cut();
    for (const attempt of [
      openStore({ url: url.href, applicationName: 'assay test' }),
      runMigrations(url.href),
    ]) {
      const error: unknown = await attempt.then(
        () => undefined,
        (failure: unknown) => failure,
      );
      expect(error).toMatchObject({ code: 'POSTGRES_UNREACHABLE' });
      const { message, mend } = error as { message: string; mend: string };
      expect(message).toContain(`${url.host}${url.pathname}`);
      expect(JSON.stringify([message, mend, error])).not.toContain('hunter2');
    }
    await database.drop();
  });

  it('is reported for every kind of statement, and the store goes on when Postgres is back', async () => {
    const database = await createTestDatabase();
    const proxy = await openProxy(database.url);
    const store = await openStore({ url: proxy.url, applicationName: 'assay test' });
    const statements = [
      () => store.query('select 1'),
      () => store.journal.query('select 1'),
      () => withTransaction(store, (on) => on.query('select 1')),
      () => store.db.selectFrom('assay.projects').selectAll().execute(),
    ];
    await Promise.all(statements.map((statement) => statement()));
    const slow = withTransaction(store, (on) => on.query('select pg_sleep(30)'));
    const cut = expect(slow).rejects.toMatchObject({ code: 'POSTGRES_UNREACHABLE' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await proxy.cut();
    await cut;
    for (const statement of statements) {
      await expect(statement()).rejects.toMatchObject({ code: 'POSTGRES_UNREACHABLE' });
    }
    await proxy.mend();
    for (const statement of statements) await statement();
    await store.close();
    await proxy.close();
    await database.drop();
  });
});

describe('a transaction', () => {
  it('leaves nothing behind when it fails, and its connection can be used again', async () => {
    await withStore('assay_template', async (store) => {
      await expect(
        withTransaction(store, async (on) => {
          await on.query(`insert into assay.projects (id) values ('half')`);
          throw new Error('on purpose');
        }),
      ).rejects.toThrow('on purpose');
      expect(await store.db.selectFrom('assay.projects').selectAll().execute()).toEqual([]);
    });
  });
});

describe('money', () => {
  it('is the same after dollars and back, to the last pico-dollar', () => {
    const amounts = [0n, 1n, -1n, 999_999_999_999n, 10n ** 12n, -(10n ** 23n) - 7n];
    expect(amounts.map((pico) => picoFromDollars(dollarsFromPico(pico)))).toEqual(amounts);
    expect(dollarsFromPico(1_500_000_000_001n)).toBe('1.500000000001');
    expect(dollarsFromPico(-5n)).toBe('-0.000000000005');
    expect(picoFromDollars('2')).toBe(2_000_000_000_000n);
  });

  it('finer than a pico-dollar, or no number, is refused', () => {
    for (const text of ['0.0000000000001', '1e3', 'NaN', '', '1.', ' 1']) {
      expect(() => picoFromDollars(text)).toThrow(RangeError);
    }
  });
});
