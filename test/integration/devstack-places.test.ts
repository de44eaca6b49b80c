import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { readStack, resetStack } from '../../src/devstack/index.js';
import { postgresFolders } from '../../src/devstack/postgres/index.js';
import { postgresAccount } from '../../src/devstack/postgres/account.js';
import { canReach } from '../../src/devstack/postgres/reach.js';
import { loadState } from '../../src/devstack/stack-state.js';
import { isLocked, ParentProcess, processesOf, projectFolder } from '../support/parent-process.js';

const isRoot = process.getuid?.() === 0;
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

const query = async (url: string | undefined, text: string): Promise<readonly unknown[]> => {
  const client = new pg.Client({ connectionString: url ?? '' });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};

describe('the embedded stack', () => {
  let folder: Awaited<ReturnType<typeof projectFolder>>;
  let parent: ParentProcess | undefined;
  const startParent = (options: Partial<ConstructorParameters<typeof ParentProcess>[0]> = {}) =>
    (parent = new ParentProcess({ projectDir: folder.path, ...options }));

  beforeEach(async () => {
    folder = await projectFolder();
  });
  afterEach(async () => {
    await parent?.end('SIGINT');
    await folder.remove();
  });

  // A plain user runs Postgres as itself, and reaches its own 0700 folder: there is nothing to step around.
  (isRoot ? it : it.skip)(
    'runs in a folder that Postgres’ account cannot enter, with private data outside',
    async () => {
      chmodSync(folder.path, 0o700);
      const services = await startParent().ready();
      expect(await query(services.postgres?.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      const [outside = ''] = postgresFolders(folder.path);
      expect(outside).toMatch(/^\/var\/tmp\/assay-0-[0-9a-f]{12}$/);
      expect(mode(outside)).toBe('700');
      expect(mode(join(outside, 'password'))).toBe('600');
      expect(statSync(outside).uid).toBe(postgresAccount()?.uid);
    },
  );

  (isRoot ? it : it.skip)(
    'keeps its data in the project where that account can enter',
    async () => {
      chmodSync(folder.path, 0o755);
      await startParent().ready();
      // A clone in a 0700 folder has its programs copied outside; the data stays in the project all the same.
      const inside = join(folder.path, '.assay', 'postgres');
      expect(postgresFolders(folder.path)).toContain(inside);
      expect(existsSync(join(inside, 'data', 'PG_VERSION'))).toBe(true);
    },
  );

  const plain = { uid: 65_534, gid: 65_534 };
  const isReachable = isRoot && canReach(process.cwd(), plain);
  // Without root nobody else can be played; and a clone in a 0700 folder is closed to every other user.
  (isReachable ? it : it.skip)('runs as a plain user, in its own private folder', async () => {
    await chown(folder.path, plain.uid, plain.gid);
    chmodSync(folder.path, 0o700);
    const services = await startParent({ account: plain }).ready();
    expect(await query(services.postgres?.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(statSync(join(folder.path, '.assay', 'postgres', 'data')).uid).toBe(plain.uid);
    expect(await parent?.end('SIGINT')).toBe(0);
    expect(processesOf(folder.path)).toEqual([]);
  });

  it('refuses connections without the password, over loopback too', async () => {
    const services = await startParent().ready();
    const url = new URL(services.postgres?.url ?? '');
    url.password = 'wrong';
    await expect(query(url.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    const rules = await query(services.postgres?.url, 'SELECT auth_method FROM pg_hba_file_rules');
    expect(new Set(rules.map((rule) => (rule as { auth_method: string }).auth_method))).toEqual(
      new Set(['scram-sha-256']),
    );
    expect(mode(join(folder.path, '.assay', 'stack.json'))).toBe('600');
  });

  it('names a port that is taken, and what changes it', async () => {
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const address = blocker.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const refusal = await startParent({ ports: { postgres: port } }).message(
        (message) => message.failed === true,
      );
      expect(await parent?.exit()).toBe(1);
      expect(refusal.code).toBe('PORT_TAKEN');
      expect(refusal.message).toContain(String(port));
      expect(refusal.mend).toContain('--postgres-port');
      expect(processesOf(folder.path)).toEqual([]);
      expect(isLocked(folder.path)).toBe(false);
    } finally {
      await new Promise((resolve) => blocker.close(resolve));
    }
  });

  it('keeps its ports and keys over a restart', async () => {
    const before = await startParent().ready();
    const { keys } = loadState(folder.path);
    await parent?.end('SIGINT');
    const after = await startParent().ready();
    expect(after).toEqual(before);
    expect(loadState(folder.path).keys).toEqual(keys);
  });

  it('is emptied by a reset, which refuses while it runs', async () => {
    const before = await startParent().ready();
    await query(before.postgres?.url, 'CREATE TABLE gone (n int)');
    await expect(resetStack(folder.path)).rejects.toMatchObject({ code: 'STACK_RUNNING' });
    await parent?.end('SIGINT');
    await resetStack(folder.path);
    expect(postgresFolders(folder.path)).toEqual([]);
    expect(readdirSync(join(folder.path, '.assay'))).toEqual([]);

    const after = await startParent().ready();
    expect(
      await query(after.postgres?.url, "SELECT to_regclass('gone') IS NULL AS absent"),
    ).toEqual([{ absent: true }]);
    expect(after.postgres?.url).not.toBe(before.postgres?.url);
  });

  it('stops the servers of a killed parent before a reset', async () => {
    await startParent({ only: 'postgres,temporal' }).ready();
    await parent?.end('SIGKILL');
    expect(processesOf(folder.path).length).toBeGreaterThanOrEqual(2);
    await resetStack(folder.path);
    expect(processesOf(folder.path)).toEqual([]);
  });

  it('says which file is damaged instead of making new keys over old data', async () => {
    await startParent().ready();
    await parent?.end('SIGINT');
    writeFileSync(
      join(folder.path, '.assay', 'stack.json'),
      '{"version":1,"keys":{"modelApiKey":"sk-',
    );
    const refusal = await startParent().message((message) => message.failed === true);
    expect(refusal.code).toBe('JSON_INVALID');
    expect(refusal.message).toContain('stack.json');
    expect(refusal.message).not.toContain('sk-');
    expect(readStack(folder.path)).toBeUndefined();
    expect(existsSync(join(folder.path, '.assay', 'stack.lock'))).toBe(false);
  });
});
