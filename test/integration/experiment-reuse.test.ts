import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ExperimentView } from '../../src/client/experiment-view.js';
import type { SupervisedWorkers } from '../../src/workers/supervisor.js';
import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';
import { until } from '../support/until.js';

const project = 'reuse';
const items = 12;
const judges = (rubric: string): string =>
  configFile({
    project,
    targets: `judged: { kind: 'prompt', folder: 'targets/triage', evaluators: ['category', 'tone'] },`,
    evaluators: `tone: { kind: 'llm_judge', model: 'small', rubric: '${rubric}' },`,
  });
const firstRubric = '- names a category';

describe('a run that takes cells over from earlier ones', () => {
  let harness: Harness;
  let workers: SupervisedWorkers;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      files: {
        'assay.config.ts': judges(firstRubric),
        ...datasetFiles(items),
        ...promptFiles,
      },
    });
    workers = await harness.startWorkers();
  });
  afterAll(() => harness.stop());

  const calls = async (): Promise<number> =>
    [...(await harness.paidCalls()).values()].reduce((sum, count) => sum + count, 0);
  /** A run, and how many calls the model received for it. */
  const run = async (name: string, change: object = {}): Promise<[ExperimentView, number]> => {
    const before = await calls();
    const view = await harness.run({ name, target: 'judged', reuse: true, ...change });
    expect(view.status).toBe('completed');
    return [view, (await calls()) - before];
  };
  const withConfig = async (text: string): Promise<void> => {
    await workers.stop();
    await writeFile(join(harness.folder, 'assay.config.ts'), text);
    workers = await harness.startWorkers();
  };
  const spansPerTrace = async ({ runUid }: ExperimentView): Promise<Set<number>> => {
    const traces = new Map<string, number>();
    for (const [key, rows] of await harness.platform.spanRows(runUid)) {
      const trace = key.split('/')[0] ?? '';
      traces.set(trace, (traces.get(trace) ?? 0) + rows);
    }
    expect(traces.size).toBe(items);
    return new Set(traces.values());
  };

  it('calls no model where nothing changed, and publishes a root and all scores for each cell', async () => {
    const [first, paid] = await run('first');
    expect(paid).toBe(2 * items);
    expect(first.reuse).toMatchObject({ cells: 0 });

    const [second, again] = await run('second');
    expect(again).toBe(0);
    expect(second.counts).toMatchObject({ planned: items, ok: items });
    expect(second.reuse).toMatchObject({
      cells: items,
      details: {
        whole: items,
        sources: [{ experiment: 'first', cells: items }],
        evaluators: [
          { name: 'category', reused: items, judged: 0 },
          { name: 'tone', reused: items, judged: 0 },
        ],
      },
    });
    expect(await spansPerTrace(second)).toEqual(new Set([1]));
    expect(second.publication[0]).toMatchObject({
      verifiedTraces: items,
      expectedScores: 2 * items,
      verifiedScores: 2 * items,
    });
    const rows = await harness.platform.observations(second.runUid, 'core,metadata,usage');
    for (const row of rows) {
      const { metadata } = row as { metadata: Record<string, unknown> };
      expect(metadata['assay.reused_from']).toMatch(/^first\/[0-9a-f]{32}$/);
    }
    const costs = new Set<bigint | undefined>();
    const key = { project, name: 'second' };
    for await (const cell of harness.client.experiments.results(key)) {
      costs.add(cell.targetCostPico).add(cell.judgeCostPico);
      expect(cell.calls).toEqual([]);
      expect(Number(cell.reusedFrom?.output.costDollars)).toBeGreaterThan(0);
    }
    expect(costs).toEqual(new Set([0n]));
    const report = await harness.client.experiments.report(key, 'markdown');
    expect(report).toContain(`${items} of ${items} planned cells were taken over** from`);
  });

  it('takes nothing over where nobody asks for it', async () => {
    const [view, paid] = await run('unasked', { reuse: false });
    expect(paid).toBe(2 * items);
    expect(view.reuse).toBeUndefined();
  });

  it('asks the judge alone where the judge changed, and nobody where it is the one before last', async () => {
    await withConfig(judges('- names a category\\n- is polite'));
    const [view, paid] = await run('other-judge');
    expect(paid).toBe(items);
    expect(view.reuse).toMatchObject({ cells: items, details: { whole: 0 } });
    // The root, the judge and its call: no target.
    expect(await spansPerTrace(view)).toEqual(new Set([3]));
    await withConfig(judges(firstRubric));
    const [back, nothing] = await run('judge-of-before');
    expect(nothing).toBe(0);
    expect(back.reuse).toMatchObject({ cells: items, details: { whole: items } });
  }, 180_000);

  it('runs an added item alone', async () => {
    const file = join(harness.folder, 'datasets/items/test_cases.json');
    const before = await readFile(file, 'utf8');
    const added = { id: 'T-new', inputs: { text: 'The parcel is lost' } };
    await writeFile(file, JSON.stringify([...(JSON.parse(before) as object[]), added]));
    const [view, paid] = await run('added');
    await writeFile(file, before);
    expect(view.counts).toMatchObject({ planned: items + 1, ok: items + 1 });
    expect(view.reuse).toMatchObject({ cells: items });
    expect(paid).toBe(2);
  });

  it('runs everything where the prompt changed', async () => {
    const prompt = join(harness.folder, 'targets/triage/prompt.txt');
    const before = await readFile(prompt, 'utf8');
    await writeFile(prompt, before.replace('Classify', 'Sort'));
    const [view, paid] = await run('other-prompt');
    await writeFile(prompt, before);
    expect(view.reuse).toMatchObject({ cells: 0 });
    expect(paid).toBe(2 * items);
  });

  it('pays nothing in two runs at once that both take over, nor for a sample of what is there', async () => {
    const before = await calls();
    const [one, two] = await Promise.all([
      harness.run({ name: 'at-once-1', target: 'judged', reuse: true }),
      harness.run({ name: 'at-once-2', target: 'judged', reuse: true }),
    ]);
    expect([one.reuse?.cells, two.reuse?.cells]).toEqual([items, items]);
    const quick = await harness.run({
      name: 'sampled',
      target: 'judged',
      reuse: true,
      quick: { items: 6 },
    });
    expect(quick.counts).toMatchObject({ planned: 6, ok: 6 });
    expect(quick.reuse?.cells).toBe(6);
    expect((await calls()) - before).toBe(0);
  });

  it('takes over what a re-judgement gave as well', async () => {
    await withConfig(judges('- is short'));
    const key = { project, name: 'first' };
    const before = await calls();
    await harness.client.experiments.rejudge(key);
    await until(
      async () => (await harness.client.experiments.get(key)).passes[0]?.finishedAt !== undefined,
    );
    expect((await calls()) - before).toBe(items);
    const [view, paid] = await run('after-rejudge');
    expect(paid).toBe(0);
    expect(view.reuse).toMatchObject({ cells: items, details: { whole: items } });
  });

  it('pays no call twice and takes over the rest where its workers are killed in the middle', async () => {
    await withConfig(judges('- names a category\\n- is short\\n- is polite'));
    await harness.model.admin('POST', '/admin/latency', { latencyMs: 400 });
    const before = await harness.paidCalls();
    await harness.client.experiments.start({
      project,
      name: 'killed',
      dataset: { name: 'items' },
      target: 'judged',
      reuse: true,
      concurrency: 2,
    });
    await until(async () => (await calls()) > [...before.values()].length + 2);
    const inFlight = 2;
    for (const pid of workers.pids) process.kill(pid, 'SIGKILL');
    const view = await harness.client.experiments.wait(
      { project, name: 'killed' },
      { timeoutMs: 90_000 },
    );
    expect(view.status).toBe('completed');
    expect(view.reuse).toMatchObject({ cells: items, details: { whole: 0 } });
    const after = await harness.paidCalls();
    const made = [...after].filter(([call]) => !before.has(call));
    expect(made).toHaveLength(items);
    const repeated = made.reduce((sum, [, count]) => sum + count - 1, 0);
    expect(repeated).toBeLessThanOrEqual(inFlight);
  }, 180_000);
});
