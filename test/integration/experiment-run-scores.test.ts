import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ExperimentView } from '../../src/client/experiment-view.js';
import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';
import { until } from '../support/until.js';

const project = 'run-scores';
const items = 6;

interface PlatformScore {
  readonly id: string;
  readonly name: string;
  readonly value: number;
  readonly dataType: string;
  readonly timestamp: string;
}

interface PlatformExperiment {
  readonly id: string;
  readonly name: string;
  readonly itemCount: number;
  readonly scores: readonly PlatformScore[];
}

describe('the scores of a run as a whole', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      files: {
        'assay.config.ts': configFile({
          project,
          prelude: `
            // Without an output for the first item, so that a score lacks a cell.
            const half = ({ text }) => {
              if (text.includes('(case 1)')) throw new Error('on purpose');
              return { category: 'billing' };
            };
            const slow = async () => {
              await new Promise((resolve) => setTimeout(resolve, 1_000));
              return { category: 'billing' };
            };
            const length = ({ output }) => output.category.length;`,
          targets: `
            half: { kind: 'function', run: half, evaluators: ['category', 'length'] },
            slow: { kind: 'function', run: slow, evaluators: ['category', 'length'] },`,
          evaluators: `length: { kind: 'function', run: length },`,
        }),
        ...datasetFiles(items),
        ...promptFiles,
      },
    });
    await harness.startWorkers();
  });
  afterAll(() => harness.stop());

  /** The experiments as the platform shows them, with the scores that stand on each as a whole. */
  async function experimentsOf(name: string): Promise<readonly PlatformExperiment[]> {
    const query = new URLSearchParams({
      fromStartTime: '2000-01-01T00:00:00.000Z',
      fields: 'core,scores',
      limit: '100',
    });
    const { data } = (await harness.platform.admin(
      'GET',
      `/api/public/experiments?${query.toString()}`,
    )) as { readonly data: readonly PlatformExperiment[] };
    return data
      .filter((each) => each.name === name || each.name.startsWith(`${name} (`))
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  const scoreDetails = async (runId: string) => {
    const { data } = (await harness.platform.admin(
      'GET',
      `/api/public/v3/scores?experimentId=${runId}&fields=details`,
    )) as { readonly data: readonly (PlatformScore & { readonly comment: string })[] };
    return data;
  };

  const publicationOf = (view: ExperimentView) => view.publication[0];

  it('stand on the run of each repetition, with their denominators, and are verified apart', async () => {
    const view = await harness.run({ name: 'shares', target: 'half', repetitions: 2 });
    expect(view.status).toBe('completed');
    expect(view.counts).toMatchObject({ planned: 12, ok: 10, target_error: 2 });
    expect(publicationOf(view)).toMatchObject({
      expectedTraces: 12,
      verifiedTraces: 12,
      expectedScores: 20,
      verifiedScores: 20,
      expectedRunScores: 4,
      verifiedRunScores: 4,
      refused: 0,
    });
    const experiments = await experimentsOf('shares');
    expect(experiments.map(({ name, itemCount }) => [name, itemCount])).toEqual([
      ['shares', items],
      ['shares (repetition 2)', items],
    ]);
    for (const { id, scores } of experiments) {
      // Items 1 and 4 are billing; item 1 has no output.
      const byName = new Map(scores.map((score) => [score.name, score]));
      expect([...byName.keys()].sort()).toEqual(['category', 'length']);
      expect(byName.get('category')).toMatchObject({ value: 0.2, dataType: 'NUMERIC' });
      expect(byName.get('length')).toMatchObject({ value: 7, dataType: 'NUMERIC' });
      const details = await scoreDetails(id);
      const category = details.find(({ name }) => name === 'category');
      expect(JSON.parse(category?.comment ?? '')).toEqual({
        passed_items: [],
        failed_items: [],
        reasoning: 'Pass rate: 1 of 5 passed; 5 of 6 planned cells have this score.',
        suggestions: [],
      });
    }
    const all = experiments.flatMap(({ scores }) => scores);
    expect(new Set(all.map(({ id }) => id)).size).toBe(4);
    expect(new Set(all.map(({ timestamp }) => timestamp)).size).toBe(1);
  });

  it('are shown where the report links to', async () => {
    const report = await harness.client.experiments.report({ project, name: 'shares' }, 'json');
    const { run } = JSON.parse(report) as {
      run: {
        platforms: { runs: { name: string; url: string }[] }[];
        links: { label: string; url: string }[];
      };
    };
    const [first, second] = run.platforms[0]?.runs ?? [];
    const ids = (await experimentsOf('shares')).map(({ id }) => id);
    expect(new URL(first?.url ?? '').pathname).toMatch(
      new RegExp(`^/project/project-test/datasets/[^/]+/runs/${ids[0] ?? ''}$`),
    );
    for (const { url } of [first, second].flatMap((each) => each ?? [])) {
      const answer = await fetch(url);
      expect(answer.status).toBe(200);
      const page = await answer.text();
      expect(page).toContain('category');
      expect(page.match(/\/project\/project-test\/traces\/[0-9a-f]{32}/g)).toHaveLength(items);
    }
    expect(run.links.map(({ label }) => label)).toEqual(['langfuse: traces']);
    expect((await fetch(run.links[0]?.url ?? '')).status).toBe(200);
    const markdown = await harness.client.experiments.report(
      { project, name: 'shares' },
      'markdown',
    );
    expect(markdown).toContain(`](<${first?.url ?? ''}>)`);
  });

  it('are of what ended, where a run is cancelled', async () => {
    const name = 'stopped';
    await harness.client.experiments.start({
      project,
      name,
      dataset: { name: 'items' },
      target: 'slow',
      concurrency: 1,
    });
    await until(async () => {
      const { counts } = await harness.client.experiments.get({ project, name });
      return counts.ok > 0;
    });
    await harness.client.experiments.cancel({ project, name });
    const view = await harness.client.experiments.wait({ project, name }, { timeoutMs: 90_000 });
    expect(view.status).toBe('cancelled');
    const { planned, ok, skipped } = view.counts;
    expect(ok).toBeGreaterThan(0);
    expect({ planned, ended: ok + skipped }).toEqual({ planned: items, ended: items });
    expect(publicationOf(view)?.expectedRunScores).toBe(2);
    const [experiment] = await experimentsOf(name);
    expect(experiment?.scores).toHaveLength(2);
    for (const { comment } of await scoreDetails(experiment?.id ?? '')) {
      expect(comment).toContain(`${ok} of ${planned} planned cells`);
    }
  });
});
