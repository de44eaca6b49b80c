import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';

import { readStack, type StackServices } from '../../src/devstack/index.js';
import { loadState } from '../../src/devstack/stack-state.js';
import { isLocked, ParentProcess, processesOf, projectFolder } from '../support/parent-process.js';

const query = async (services: StackServices, text: string): Promise<readonly unknown[]> => {
  const client = new pg.Client({ connectionString: services.postgres?.url ?? '' });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};

const withTemporal = async <T>(
  services: StackServices,
  work: (client: Client) => Promise<T>,
): Promise<T> => {
  const connection = await Connection.connect({ address: services.temporal?.address ?? '' });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
};

describe('the embedded stack', () => {
  let folder: Awaited<ReturnType<typeof projectFolder>>;
  const parents: ParentProcess[] = [];
  const startParent = (options: { only?: string; ports?: Record<string, number> } = {}) => {
    const parent = new ParentProcess({ projectDir: folder.path, ...options });
    parents.push(parent);
    return parent;
  };

  beforeEach(async () => {
    folder = await projectFolder();
  });
  afterEach(async () => {
    for (const parent of parents.splice(0)) await parent.end('SIGKILL');
    await folder.remove();
  });

  it('leaves no process and no lock after Ctrl-C', async () => {
    const parent = startParent({ only: 'postgres,temporal' });
    await parent.ready();
    expect(processesOf(folder.path).length).toBeGreaterThanOrEqual(3);
    expect(readStack(folder.path)?.environment['DATABASE_URL']).toMatch(/^postgres:/);
    expect(await parent.end('SIGINT')).toBe(0);
    expect(processesOf(folder.path)).toEqual([]);
    expect(isLocked(folder.path)).toBe(false);
    expect(readStack(folder.path)).toBeUndefined();
  });

  it.each([50, 900])(
    'leaves no process and no lock after Ctrl-C %i ms into its start',
    async (ms) => {
      const parent = startParent({ only: 'postgres,temporal' });
      await parent.message((message) => message.starting === true);
      await new Promise((resolve) => setTimeout(resolve, ms));
      await parent.end('SIGINT');
      expect(parent.messages.some((message) => message.failed ?? message.stopped)).toBe(true);
      expect(processesOf(folder.path)).toEqual([]);
      expect(isLocked(folder.path)).toBe(false);
    },
  );

  it('takes over the servers of a parent that was killed, with their data', async () => {
    const first = startParent({ only: 'postgres,temporal' });
    const before = await first.ready();
    await query(before, 'CREATE TABLE kept AS SELECT 42 AS n');
    await withTemporal(before, (client) =>
      client.workflow.start('nobody', { workflowId: 'kept', taskQueue: 'nobody-polls-here' }),
    );
    const { processes } = loadState(folder.path);
    await first.end('SIGKILL');
    expect(readStack(folder.path)).toBeUndefined();

    const second = startParent({ only: 'postgres,temporal' });
    const after = await second.ready();
    expect(loadState(folder.path).processes).toEqual(processes);
    expect(after).toEqual(before);
    expect(await query(after, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
    const found = await withTemporal(after, (client) =>
      client.workflow.getHandle('kept').describe(),
    );
    expect(found.status.name).toBe('RUNNING');
    expect(await second.end('SIGINT')).toBe(0);
    expect(processesOf(folder.path)).toEqual([]);
  });

  it('starts again with its data after everything was killed at once', async () => {
    const first = startParent({ only: 'postgres,temporal' });
    const before = await first.ready();
    await query(before, 'CREATE TABLE kept AS SELECT 42 AS n');
    await withTemporal(before, (client) =>
      client.workflow.start('nobody', { workflowId: 'kept', taskQueue: 'nobody-polls-here' }),
    );
    const { processes } = loadState(folder.path);
    await first.end('SIGKILL');
    for (const { pid } of Object.values(processes)) process.kill(pid, 'SIGKILL');

    const second = startParent({ only: 'postgres,temporal' });
    const after = await second.ready();
    expect(await query(after, 'SELECT n FROM kept')).toEqual([{ n: 42 }]);
    const found = await withTemporal(after, (client) =>
      client.workflow.getHandle('kept').describe(),
    );
    expect(found.status.name).toBe('RUNNING');
  });

  it('refuses a second start in the same folder while the first lives, and names it', async () => {
    const first = startParent();
    await first.ready();
    const second = startParent();
    const refusal = await second.message((message) => message.failed === true);
    expect(await second.exit()).toBe(1);
    expect(refusal.code).toBe('STACK_RUNNING');
    expect(refusal.message).toContain(`pid ${readStack(folder.path)?.pid ?? 'nobody'}`);
    expect(await query(first.messages.at(-1)?.services ?? {}, 'SELECT 1 AS one')).toEqual([
      { one: 1 },
    ]);
  });

  it('runs beside another one in another folder', async () => {
    const other = await projectFolder();
    const neighbour = new ParentProcess({ projectDir: other.path });
    try {
      const [here, there] = await Promise.all([startParent().ready(), neighbour.ready()]);
      expect(here.postgres?.url).not.toBe(there.postgres?.url);
      await query(here, 'CREATE TABLE here (n int)');
      expect(await query(there, "SELECT to_regclass('here') IS NULL AS absent")).toEqual([
        { absent: true },
      ]);
      expect(await neighbour.end('SIGINT')).toBe(0);
      expect(await query(here, 'SELECT count(*)::int AS n FROM here')).toEqual([{ n: 0 }]);
    } finally {
      await neighbour.end('SIGKILL');
      await other.remove();
    }
  });
});
