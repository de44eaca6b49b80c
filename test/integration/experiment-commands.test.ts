import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import type { ExperimentView } from '../../src/client/experiment-view.js';
import type { ExperimentSpecInput } from '../../src/contracts/experiment-spec.js';
import type { SupervisedWorkers } from '../../src/workers/supervisor.js';
import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';
import { until } from '../support/until.js';

const project = 'commands';

describe('commands on a run while its cells run', () => {
  let harness: Harness;
  let workers: SupervisedWorkers;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      latencyMs: 150,
      files: {
        'assay.config.ts': configFile({ project }),
        ...datasetFiles(120),
        ...datasetFiles(30, 'few'),
        ...promptFiles,
      },
    });
    workers = await harness.startWorkers();
  });
  afterEach(async () => {
    await harness.model.admin('POST', '/admin/latency', { latencyMs: 150 });
  });
  afterAll(() => harness.stop());

  const start = (name: string, change: Partial<ExperimentSpecInput> = {}) =>
    harness.client.experiments.start({
      project,
      name,
      dataset: { name: 'items' },
      target: 'triage',
      concurrency: 4,
      ...change,
    });
  const look = (name: string): Promise<ExperimentView> =>
    harness.client.experiments.get({ project, name });
  const done = async (name: string): Promise<number> => {
    const { counts } = await look(name);
    return counts.planned - counts.pending;
  };
  const end = (name: string): Promise<ExperimentView> =>
    harness.client.experiments.wait({ project, name }, { timeoutMs: 90_000 });
  const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;
  const coded = (code: string): unknown => expect.objectContaining({ code });

  it('says of a run that is still being admitted that it is too early, and obeys a cancel all the same', async () => {
    const key = { project, name: 'too-early' };
    const early = coded('EXPERIMENT_NOT_ADMITTED');
    const started = await onDatabase(async (held) => {
      await held.query('begin');
      // Rows can be read and none be written: no run is admitted before this connection ends, however long the commands take.
      await held.query('lock table assay.experiments in exclusive mode');
      const submission = start(key.name);
      submission.catch(() => undefined);
      await until(async () => (await look(key.name).catch(codeOf)) === 'EXPERIMENT_NOT_ADMITTED');
      await expect(harness.client.experiments.pause(key)).rejects.toEqual(early);
      await expect(harness.client.experiments.setConcurrency(key, 2)).rejects.toEqual(early);
      await harness.client.experiments.cancel(key);
      return { submission };
    });
    expect(await started.submission).toMatchObject({ outcome: 'started' });
    expect(await end(key.name)).toMatchObject({ status: 'cancelled', counts: { ok: 0 } });
    expect(await look('never-submitted').catch(codeOf)).toBe('EXPERIMENT_NOT_FOUND');
  });

  it('pauses: cells in flight finish, nothing new starts, and a resume ends the run whole', async () => {
    const key = { project, name: 'paused' };
    await start(key.name);
    await until(async () => (await done(key.name)) >= 8);
    const paused = await harness.client.experiments.pause(key, { reason: 'the model moves' });
    expect(paused).toMatchObject({
      status: 'paused',
      waitingFor: 'paused by a person: the model moves',
    });
    await expect(harness.client.experiments.pause(key)).rejects.toEqual(coded('EXPERIMENT_PAUSED'));
    // Heartbeats carry the news once a second, and a cell takes 150 ms.
    let before: number;
    do {
      before = await done(key.name);
      await wait(1_500);
    } while ((await done(key.name)) !== before);
    expect(before).toBeLessThan(120);
    const listed = await harness.client.experiments.list({ project, status: ['paused'] });
    expect(listed.experiments.map(({ name }) => name)).toEqual([key.name]);

    const resumed = await harness.client.experiments.resume(key);
    expect(resumed).toMatchObject({ status: 'running', waitingFor: undefined });
    await expect(harness.client.experiments.resume(key)).rejects.toEqual(
      coded('EXPERIMENT_NOT_PAUSED'),
    );
    const view = await end(key.name);
    expect(view).toMatchObject({ status: 'completed', counts: { planned: 120, ok: 120 } });
    await expect(harness.client.experiments.pause(key)).rejects.toEqual(
      coded('EXPERIMENT_FINISHED'),
    );
    await expect(harness.client.experiments.setBudget(key, 5)).rejects.toEqual(
      coded('EXPERIMENT_FINISHED'),
    );
    const paid = await harness.paidCalls();
    expect([...paid.values()].every((count) => count === 1)).toBe(true);
  });

  it('stays paused through kill -9 of every worker, and can be cancelled from there', async () => {
    const key = { project, name: 'paused-and-killed' };
    await start(key.name);
    await until(async () => (await done(key.name)) >= 4);
    await harness.client.experiments.pause(key);
    for (const pid of workers.pids) process.kill(pid, 'SIGKILL');
    await wait(14_000);
    const before = await look(key.name);
    expect(before.status).toBe('paused');
    await wait(1_500);
    expect((await look(key.name)).counts).toEqual(before.counts);
    await harness.client.experiments.cancel(key);
    const view = await end(key.name);
    expect(view.status).toBe('cancelled');
    expect(view.counts.pending).toBe(0);
    expect(view.counts.ok).toBe(before.counts.ok);
  });

  it('changes the concurrency up and down, and refuses what is out of range', async () => {
    const key = { project, name: 'faster' };
    await harness.model.admin('POST', '/admin/latency', { latencyMs: 400 });
    await start(key.name, { concurrency: 1 });
    await until(async () => (await done(key.name)) >= 2);
    for (const wrong of [0, 2_001, 1.5]) {
      await expect(harness.client.experiments.setConcurrency(key, wrong)).rejects.toEqual(
        coded('CONCURRENCY_INVALID'),
      );
    }
    const from = Date.now();
    const changed = await harness.client.experiments.setConcurrency(key, 60);
    expect(changed.concurrency).toBe(60);
    const view = await end(key.name);
    expect(view).toMatchObject({ status: 'completed', counts: { ok: 120 } });
    // One after the other, eleven would take 4 s.
    const { calls } = (await harness.model.admin('GET', '/admin/calls?after=0&limit=1000')) as {
      calls: readonly { receivedAt: number }[];
    };
    const moments = calls.map(({ receivedAt }) => receivedAt).filter((at) => at > from);
    expect(moments.some((at, index) => (moments[index + 10] ?? Infinity) - at < 4_000)).toBe(true);
  });

  it('aborts cells in flight with a cancel that must be now, and says so in their records', async () => {
    const key = { project, name: 'aborted' };
    await harness.model.admin('POST', '/admin/latency', { latencyMs: 40_000 });
    await start(key.name, { dataset: { name: 'few' }, concurrency: 4 });
    await until(async () => (await openClaims()) >= 4);
    await harness.client.experiments.cancel(key, { now: true });
    const view = await end(key.name);
    expect(view).toMatchObject({
      status: 'cancelled',
      counts: { planned: 30, skipped: 30, pending: 0 },
    });
    const codes: Record<string, number> = {};
    for await (const cell of harness.client.experiments.results(key)) {
      const code = cell.error?.code ?? 'none';
      codes[code] = (codes[code] ?? 0) + 1;
    }
    expect(codes).toEqual({ CELL_ABORTED: 4, EXPERIMENT_CANCELLED: 26 });
    expect(await openClaims()).toBe(0);
  });

  const onDatabase = async <Result>(work: (on: pg.Client) => Promise<Result>): Promise<Result> => {
    const client = new pg.Client({ connectionString: harness.databaseUrl });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };

  /** Claims of calls that nobody has answered or given back. */
  const openClaims = (): Promise<number> =>
    onDatabase(async (client) => {
      const { rows } = await client.query<{ open: number }>(
        `select count(*)::int as open from assay.call_journal j
           join assay.journal_owners o on o.owner = j.owner
          where j.state = 'claimed' and o.ended_at is null and o.lease_until > clock_timestamp()`,
      );
      return rows[0]?.open ?? 0;
    });
});
