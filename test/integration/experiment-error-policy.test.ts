import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ExperimentSpecInput } from '../../src/contracts/experiment-spec.js';
import type { StoredCell } from '../../src/store/cell-results.js';
import { openStore } from '../../src/store/store.js';
import type { SupervisedWorkers } from '../../src/workers/supervisor.js';
import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';
import { until } from '../support/until.js';

const project = 'policy';

const targets = `
    broken: { kind: 'function', evaluators: ['category'], run: async ({ text }) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (!text.includes('parcel')) throw new Error('the back end is down');
      return { category: 'shipping' }; } },
    hung: { kind: 'function', timeoutMs: 300, evaluators: ['category'],
      run: () => new Promise(() => undefined) },`;

describe('the error policy of a run', () => {
  let harness: Harness;
  let workers: SupervisedWorkers;
  beforeAll(async () => {
    harness = await startHarness({
      project,
      latencyMs: 100,
      files: {
        'assay.config.ts': configFile({ project, targets }),
        ...datasetFiles(120),
        ...datasetFiles(6, 'few'),
        ...promptFiles,
      },
    });
    workers = await harness.startWorkers();
  });
  afterAll(() => harness.stop());

  const keyOf = (name: string) => ({ project, name });
  const cellsOf = async (name: string): Promise<readonly StoredCell[]> => {
    const cells: StoredCell[] = [];
    for await (const cell of harness.client.experiments.results(keyOf(name))) cells.push(cell);
    return cells;
  };
  const start = (name: string, change: Partial<ExperimentSpecInput> = {}) =>
    harness.client.experiments.start({
      project,
      name,
      dataset: { name: 'items' },
      target: 'triage',
      concurrency: 4,
      ...change,
    });
  const coded = (code: string): unknown => expect.objectContaining({ code });

  it('ends a run early where more cells failed than it allows, and keeps what is there', async () => {
    const concurrency = 2;
    const view = await harness.run({
      name: 'stopped',
      target: 'broken',
      concurrency,
      maxFailures: { count: 5 },
    });
    expect(view).toMatchObject({ status: 'failed', error: { code: 'MAX_FAILURES' } });
    const { target_error: failed, ok, skipped, pending, planned } = view.counts;
    expect(failed).toBeGreaterThan(5);
    // Rows are looked at each second, and a cell takes 50 ms: what is started in between, and what is in flight.
    expect(failed).toBeLessThan(planned);
    expect({ sum: failed + ok + skipped, pending }).toEqual({ sum: 120, pending: 0 });
    expect(skipped).toBeGreaterThan(0);
    expect(view.error?.message).toContain(`${failed} of 120 cells failed; at most 5 cells may`);
    expect(view.error?.problems[0]).toMatchObject({
      at: 'TARGET_FAILED',
      message: `${failed} of ${failed} failed cells: the back end is down`,
    });
    const cells = await cellsOf('stopped');
    const reasons = new Set(
      cells.filter(({ status }) => status === 'skipped').map((cell) => cell.error?.code),
    );
    expect(reasons).toEqual(new Set(['MAX_FAILURES']));
    const report = await harness.client.experiments.report(keyOf('stopped'), 'markdown');
    expect(report).toContain('the back end is down');
    // What has an outcome is published.
    const rows = await harness.platform.spanRows(view.runUid);
    expect(new Set([...rows.keys()].map((row) => row.split('/')[0])).size).toBe(ok + failed);
  });

  it('lets a run go on where no more failed than it allows', async () => {
    const view = await harness.run({
      name: 'allowed',
      target: 'broken',
      dataset: { name: 'few' },
      maxFailures: { count: 4 },
    });
    expect(view).toMatchObject({ status: 'completed', counts: { target_error: 4, ok: 2 } });
  });

  it('takes the time limit of the target where the run has none of its own', async () => {
    const view = await harness.run({ name: 'own-limit', target: 'hung', dataset: { name: 'few' } });
    expect(view).toMatchObject({ status: 'completed', counts: { target_error: 6 } });
    for (const cell of await cellsOf('own-limit')) {
      expect(cell.error).toMatchObject({
        code: 'TARGET_TIMEOUT',
        message: 'The target did not return within 300 ms.',
      });
    }
  });

  it('pauses by itself where the budget is used up, and goes on when it is raised', async () => {
    const first = await harness.run({ name: 'price', target: 'triage', dataset: { name: 'few' } });
    expect(first.status).toBe('completed');
    const costs = (await cellsOf('price')).map(({ targetCostPico }) => targetCostPico ?? 0n);
    const perCell = Number(costs.reduce((sum, cost) => sum + cost, 0n)) / costs.length / 1e12;
    expect(perCell).toBeGreaterThan(0);

    const key = keyOf('budgeted');
    // The least that fits one call, which is far more than what the call will cost.
    const tooSmall: unknown = await start('budgeted', { budgetUsd: perCell }).catch(
      (error: unknown) => error,
    );
    expect(tooSmall).toEqual(coded('BUDGET_TOO_SMALL'));
    const [, least = ''] = /less than the \$([\d.e-]+)/.exec((tooSmall as Error).message) ?? [];
    await start('budgeted', { budgetUsd: Number(least) + perCell * 40 });
    await until(async () => (await harness.client.experiments.get(key)).status === 'paused');
    const paused = await harness.client.experiments.get(key);
    expect(paused.waitingFor).toMatch(
      /^budget: \$\S+ of \$\S+ are left and the next call must hold \$\S+; raise it: assay experiment budget budgeted --usd/,
    );
    expect(paused.counts.pending).toBeGreaterThan(0);
    expect(paused.counts.target_error).toBe(0);
    await expect(harness.client.experiments.resume(key)).rejects.toEqual(coded('BUDGET_EXHAUSTED'));
    await expect(harness.client.experiments.setBudget(key, perCell / 10)).rejects.toEqual(
      coded('BUDGET_TOO_SMALL'),
    );
    await harness.client.experiments.setBudget(key, 5);
    const view = await harness.client.experiments.wait(key, { timeoutMs: 60_000 });
    expect(view).toMatchObject({ status: 'completed', counts: { ok: 120 } });
    const paid = await harness.paidCalls();
    expect([...paid.values()].every((count) => count === 1)).toBe(true);
  });

  it('gives no budget to a run that was started without one', async () => {
    await start('unbudgeted', { concurrency: 1 });
    await until(
      async () => (await harness.client.experiments.get(keyOf('unbudgeted'))).counts.ok > 0,
    );
    await expect(harness.client.experiments.setBudget(keyOf('unbudgeted'), 5)).rejects.toEqual(
      coded('BUDGET_NOT_SET'),
    );
    await harness.client.experiments.cancel(keyOf('unbudgeted'));
    await harness.client.experiments.wait(keyOf('unbudgeted'), { timeoutMs: 30_000 });
  });

  it('makes no run of a name that the platform has from elsewhere', async () => {
    const asked = { name: 'elsewhere', dataset: { name: 'few' }, target: 'triage' };
    expect(await harness.run(asked)).toMatchObject({ status: 'completed', counts: { ok: 6 } });
    // Another installation's, as the platform has it from here on.
    const store = await openStore({ url: harness.databaseUrl, max: 1, applicationName: 'test' });
    await store.query("delete from assay.experiments where name = 'elsewhere'");
    await store.close();
    await expect(start('elsewhere', asked)).rejects.toEqual(coded('EXPERIMENT_EXISTS_ELSEWHERE'));
    await expect(harness.client.experiments.get(keyOf('elsewhere'))).rejects.toEqual(
      coded('EXPERIMENT_NOT_FOUND'),
    );
  });

  it('ends a run whose name was taken while it was planned, with its reason and all of its cells skipped', async () => {
    const asked = { name: 'meanwhile', dataset: { name: 'few' }, target: 'triage' };
    expect(await harness.run(asked)).toMatchObject({ status: 'completed', counts: { ok: 6 } });
    // Admitted before the platform had another's of this name: it is looked for once more when the cells are planned.
    const store = await openStore({ url: harness.databaseUrl, max: 1, applicationName: 'test' });
    for (const rows of ['experiment_cells', 'experiment_items'])
      await store.query(`delete from assay.${rows} where experiment_id = 'policy/meanwhile'`);
    await store.query(`update assay.experiments set run_uid = 'of-another', status = 'planning',
      planned_at = null, finished_at = null, cells_done_at = null, platform_runs = '[]'
      where id = 'policy/meanwhile'`);
    await store.close();
    expect(await harness.run(asked)).toMatchObject({
      status: 'failed',
      counts: { planned: 6, ok: 0, skipped: 6, pending: 0 },
      error: { code: 'EXPERIMENT_EXISTS_ELSEWHERE' },
    });
    const report = await harness.client.experiments.report(keyOf('meanwhile'), 'json');
    expect(JSON.parse(report)).toMatchObject({ cells: { planned: 6, skipped: 6 } });
  });

  it('makes a report of what is there while a run is paused', async () => {
    const key = keyOf('half');
    await start('half', { concurrency: 2 });
    await until(async () => (await harness.client.experiments.get(key)).counts.ok >= 5);
    await harness.client.experiments.pause(key);
    await expect(harness.client.experiments.report(key, 'markdown')).rejects.toEqual(
      coded('REPORT_NOT_READY'),
    );
    const report = await harness.client.experiments.report(key, 'markdown', { partial: true });
    expect(report).toContain('⏸️ paused');
    expect(report).toMatch(/Not the end\*\*: \d+ of 120 planned cells had ended/);
  });

  it('waits visibly where the target of a paused run is gone from the config when it resumes', async () => {
    const key = keyOf('half');
    await workers.stop();
    const config = configFile({ project, targets });
    const without = config.replace(
      "triage: { kind: 'prompt', evaluators: ['category', 'polite'] },",
      '',
    );
    expect(without).not.toBe(config);
    await writeFile(join(harness.folder, 'assay.config.ts'), without);
    const other = await harness.startWorkers();
    await harness.client.experiments.resume(key);
    await until(
      async () =>
        (await harness.client.experiments.get(key)).waitingFor?.includes(
          'cannot run what was planned',
        ) === true,
    );
    const { counts } = await harness.client.experiments.get(key);
    await other.stop();
    await writeFile(join(harness.folder, 'assay.config.ts'), config);
    await harness.startWorkers();
    const view = await harness.client.experiments.wait(key, { timeoutMs: 60_000 });
    expect(view).toMatchObject({ status: 'completed', counts: { planned: 120, ok: 120 } });
    expect(counts.ok).toBeLessThan(120);
  });
});
