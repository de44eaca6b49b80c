import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';
import { until } from '../support/until.js';

const project = 'deploys';
const items = 60;

const config = (answer: string): string =>
  configFile({
    project,
    targets: `coded: { kind: 'function', evaluators: ['category'], run: async () => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      return { category: '${answer}' }; } },`,
  });

describe('an experiment and the deploys beside it', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      latencyMs: 150,
      files: { 'assay.config.ts': config('bug'), ...datasetFiles(items), ...promptFiles },
    });
  });
  afterAll(() => harness.stop());

  const start = (name: string, target: string) =>
    harness.client.experiments.start({
      project,
      name,
      dataset: { name: 'items' },
      target,
      concurrency: 4,
    });
  const done = async (name: string): Promise<number> => {
    const { counts } = await harness.client.experiments.get({ project, name });
    return counts.planned - counts.pending;
  };

  it('mixes no code: a worker with other code runs nothing, and the right one ends the run', async () => {
    const before = await harness.startWorkers();
    await start('mixed', 'coded');
    await until(async () => (await done('mixed')) >= 10);
    await before.stop();
    const atDeploy = await done('mixed');
    await writeFile(join(harness.folder, 'assay.config.ts'), config('billing'));
    const other = await harness.startWorkers();
    await wait(4_000);
    expect(await done('mixed')).toBe(atDeploy);
    const { status } = await harness.client.experiments.get({ project, name: 'mixed' });
    expect(status).toBe('running');
    await other.stop();
    await writeFile(join(harness.folder, 'assay.config.ts'), config('bug'));
    const right = await harness.startWorkers();
    const view = await harness.client.experiments.wait(
      { project, name: 'mixed' },
      { timeoutMs: 90_000 },
    );
    await right.stop();
    expect(view).toMatchObject({ status: 'completed', counts: { planned: items, ok: items } });
    for await (const cell of harness.client.experiments.results({ project, name: 'mixed' })) {
      expect(cell.output).toEqual({ category: 'bug' });
    }
  }, 180_000);

  it('ends as cancelled and publishes what is paid for, where the worker dies after the cancel', async () => {
    const workers = await harness.startWorkers();
    await start('cancelled-and-killed', 'triage');
    await until(async () => (await done('cancelled-and-killed')) >= 10);
    await harness.client.experiments.cancel({ project, name: 'cancelled-and-killed' });
    const [pid] = workers.pids;
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    const view = await harness.client.experiments.wait(
      { project, name: 'cancelled-and-killed' },
      { timeoutMs: 120_000 },
    );
    await workers.stop();
    expect(view.status).toBe('cancelled');
    expect(view.counts.pending).toBe(0);
    expect(view.counts.ok + view.counts.skipped).toBe(items);
    expect(view.counts.ok).toBeGreaterThanOrEqual(10);
    const rows = await harness.platform.spanRows(view.runUid);
    expect(new Set([...rows.keys()].map((key) => key.split('/')[0])).size).toBe(view.counts.ok);
    expect([...rows.values()].every((count) => count === 1)).toBe(true);
  }, 180_000);
});
