import { describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { createTestDatabase } from '../support/database.js';

const query = async (url: string, text: string): Promise<readonly unknown[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};

describe('createTestDatabase', () => {
  it('gives each caller a database of its own', async () => {
    const [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    try {
      await query(first.url, 'CREATE TABLE mine (n int)');
      expect(await query(first.url, "SELECT to_regclass('mine') IS NULL AS absent")).toEqual([
        { absent: false },
      ]);
      expect(await query(second.url, "SELECT to_regclass('mine') IS NULL AS absent")).toEqual([
        { absent: true },
      ]);
    } finally {
      await first.drop();
      await second.drop();
    }
  });

  it('removes a database whose sessions are still open', async () => {
    const database = await createTestDatabase('template0');
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => undefined);
    await client.connect();
    await database.drop();
    await expect(query(database.url, 'SELECT 1')).rejects.toThrow(/does not exist/);
  });
});
