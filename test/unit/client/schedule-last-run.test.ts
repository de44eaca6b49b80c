import { WorkflowNotFoundError, type Client } from '@temporalio/client';

import { afterAll, describe, expect, it } from '@jest/globals';

import { createSchedules } from '../../../src/client/schedules.js';
import { createTransport, type Transport } from '../../../src/client/transport.js';

const at = new Date('2026-01-05T01:30:00.000Z');
const described = (job: string) => ({
  action: {
    args: [{ project: 'shop', job, cron: '30 1 * * *', timezone: 'UTC', work: { kind: 'gate' } }],
  },
  info: {
    recentActions: [{ scheduledAt: at, takenAt: at, action: { workflow: { workflowId: job } } }],
    nextActionTimes: [],
    numActionsMissedCatchupWindow: 0,
  },
  policies: { catchupWindow: 0 },
  state: { paused: false },
});

const executions: Record<string, () => { status: string; result: unknown }> = {
  decided: () => ({ status: 'COMPLETED', result: { outcome: 'decided', verdict: 'regress' } }),
  running: () => ({ status: 'RUNNING', result: undefined }),
  forgotten: () => {
    throw new WorkflowNotFoundError('not found', 'forgotten', undefined);
  },
};

/** Temporal with a job for each execution. */
const temporal = {
  schedule: {
    async *list() {
      await Promise.resolve();
      for (const job of [...Object.keys(executions), 'forgotten']) {
        yield { scheduleId: `assay/shop/${job}` };
      }
    },
    getHandle: (id: string) => ({
      describe: () => Promise.resolve(described(id.split('/').at(-1) ?? '')),
    }),
  },
  workflow: {
    getHandle: (job: string) => ({
      describe: async () => {
        await Promise.resolve();
        return { status: { name: executions[job]?.().status } };
      },
      result: () => Promise.resolve(executions[job]?.().result),
    }),
  },
} as unknown as Client;

describe('jobs whose database does not answer', () => {
  const transport = createTransport({
    temporal: { address: '127.0.0.1:1', namespace: 'default' },
    // Nobody listens there.
    databaseUrl: 'postgres://nobody@127.0.0.1:1/none',
  });
  afterAll(() => transport.close());
  let asked = 0;
  const without: Transport = {
    ...transport,
    temporal: () => Promise.resolve(temporal),
    store: () => {
      asked += 1;
      return transport.store();
    },
  };
  const schedules = createSchedules(without);
  const name = expect.stringContaining('-20260105-013000');
  const unknown = {
    name,
    state: 'unknown',
    error: { code: 'POSTGRES_UNREACHABLE', message: expect.stringContaining('127.0.0.1:1/none') },
  };

  it('are told one by one, with the end of the last run where Temporal knows it', async () => {
    const lastOf = async (job: string) => (await schedules.get({ project: 'shop', job })).last;
    expect(await lastOf('forgotten')).toMatchObject(unknown);
    expect(await lastOf('decided')).toMatchObject({ name, state: 'decided', verdict: 'regress' });
    expect(await lastOf('running')).toMatchObject({ name, state: 'running' });
  });

  it('are listed, and the database is waited for once', async () => {
    asked = 0;
    const listed = await schedules.list('shop');
    expect(listed.map(({ job, last }) => [job, last?.state])).toEqual([
      ['decided', 'decided'],
      ['forgotten', 'unknown'],
      ['forgotten', 'unknown'],
      ['running', 'running'],
    ]);
    expect(listed[2]?.last).toMatchObject(unknown);
    expect(asked).toBe(1);
  });
});
