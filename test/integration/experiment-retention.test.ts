import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';

const project = 'retention';
const items = 6;
const tomorrow = new Date(Date.now() + 86_400_000).toISOString();

describe('what an ended run keeps', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      files: {
        'assay.config.ts': configFile({ project }),
        ...datasetFiles(items),
        ...promptFiles,
      },
    });
    await harness.startWorkers();
  });
  afterAll(() => harness.stop());

  const ask = async (question: string, values: readonly unknown[]): Promise<number> => {
    const client = new pg.Client({ connectionString: harness.databaseUrl });
    await client.connect();
    try {
      const { rows } = await client.query<{ n: number }>(question, [...values]);
      return rows[0]?.n ?? Number.NaN;
    } finally {
      await client.end();
    }
  };

  it('drops what was sent once all of it was read back, and a prune leaves figures and report', async () => {
    const run = await harness.run({ name: 'old', target: 'triage' });
    expect(run.status).toBe('completed');
    const rows = `select count(*)::int as n from assay.outbox where experiment_id = $1`;
    expect(await ask(rows, [run.id])).toBeGreaterThan(items);
    expect(await ask(`${rows} and body is not null`, [run.id])).toBe(0);
    const report = await harness.client.experiments.report({ project, name: 'old' }, 'markdown');

    const { retention, experiments } = harness.client;
    const request = { project, finishedBefore: tomorrow };
    const listed = await retention.preview(request);
    expect(listed.map(({ name, cells }) => [name, cells])).toEqual([['old', items]]);
    const pruned = await retention.prune(request);
    expect(pruned).toMatchObject({ runs: 1, cells: items });
    expect(await retention.prune({ ...request, finishedBefore: new Date().toISOString() })).toEqual(
      {
        runs: 0,
        cells: 0,
        bytes: 0,
      },
    );

    const after = await experiments.get({ project, name: 'old' });
    expect(after.prunedAt).toBeDefined();
    expect(after.counts.ok).toBe(items);
    const cells = [];
    for await (const cell of experiments.results({ project, name: 'old' })) cells.push(cell);
    expect(cells).toHaveLength(items);
    expect(cells.every((cell) => cell.scores.length > 0 && !('output' in cell))).toBe(true);
    expect(await experiments.report({ project, name: 'old' }, 'markdown')).toBe(report);
    // Still the same run: it is not run and paid for again.
    const again = await experiments.start({
      project,
      name: 'old',
      dataset: { name: 'items' },
      target: 'triage',
    });
    expect(again.outcome).toBe('attached');
    expect((await harness.paidCalls()).size).toBe(items);
  });

  it('refuses a moment that is none', async () => {
    await expect(
      harness.client.retention.prune({ project, finishedBefore: 'yesterday' }),
    ).rejects.toMatchObject({ code: 'SPEC_INVALID' });
  });
});
