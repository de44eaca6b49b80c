import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ExperimentEstimate, Guess } from '../../src/contracts/estimate.js';
import { rowsOf } from '../../src/store/query.js';
import { openStore } from '../../src/store/store.js';
import type { SupervisedWorkers } from '../../src/workers/supervisor.js';
import { startHarness, type Harness } from '../support/harness.js';
import { datasetFiles, promptFiles } from '../support/project-files.js';

const project = 'estimates';
const items = 24;

const config = `
import { defineConfig } from 'assay';
export default defineConfig({
  project: '${project}',
  models: {
    small: { model: 'demo-small', price: { input: 1, output: 4 }, parameters: { max_tokens: 200 } },
    unpriced: { model: 'demo-large' },
  },
  targets: {
    triage: { kind: 'prompt', evaluators: ['category'] },
    code: {
      kind: 'function',
      evaluators: ['category'],
      run: async (input, { models }) => {
        const messages = [{ role: 'user' as const, content: String(input['text']) }];
        await models.chat({ model: 'small', messages });
        return { category: (await models.chat({ model: 'small', messages })).text };
      },
    },
    remote: { kind: 'http', url: 'https://example.com/answer', costPerRequestUsd: 0.5, evaluators: ['category'] },
  },
  evaluators: {
    category: { kind: 'exact_match', path: '/category' },
    taste: { kind: 'llm_judge', model: 'small', rubric: '- It is polite' },
    odd: { kind: 'llm_judge', model: 'unpriced', rubric: '- It is polite' },
  },
});
`;

const known = (guess: Guess): Exclude<Guess, { unknown: string }> => {
  if ('unknown' in guess) throw new Error(guess.unknown);
  return guess;
};

describe('the plan of an experiment', () => {
  let harness: Harness;
  let workers: SupervisedWorkers;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      files: { 'assay.config.ts': config, ...datasetFiles(items), ...promptFiles },
    });
    workers = await harness.startWorkers();
  });
  afterAll(async () => {
    await workers.stop();
    await harness.stop();
  });

  const plan = (spec: Record<string, unknown>): Promise<ExperimentEstimate> =>
    harness.client.experiments.estimate({
      project,
      name: 'plan',
      dataset: { name: 'items' },
      target: 'triage',
      ...spec,
    });

  it('counts calls and tokens from the prompts, and writes and calls nothing', async () => {
    const estimate = await plan({ repetitions: 3, evaluators: ['category', 'taste'] });
    expect(estimate).toMatchObject({ items, cells: 3 * items });
    expect(estimate.parts.map(({ scope }) => scope)).toEqual(['target', 'judge:taste']);
    for (const { calls } of estimate.parts) expect(known(calls).likely).toBe(3 * items);
    const [target] = estimate.parts;
    expect(known(target?.inputTokens ?? { unknown: '' }).basis).toContain('all 24 items');
    // Nobody ran it yet: the limit of the call is the most that an answer can have.
    expect(target?.outputTokens).toMatchObject({ low: 0, high: 3 * items * 200 });
    expect(estimate.seconds).toHaveProperty('unknown');
    const store = await openStore({ url: harness.databaseUrl, max: 1, applicationName: 'test' });
    const [row] = await rowsOf<{ runs: number }>(
      store,
      'select count(*)::int as runs from assay.experiments',
    );
    await store.close();
    expect(row?.runs).toBe(0);
    expect((await harness.paidCalls()).size).toBe(0);
  });

  it('says unknown and never zero where nobody can tell', async () => {
    const code = await plan({ target: 'code' });
    expect(code.total.calls).toHaveProperty('unknown');
    expect(code.total.costUsd).toHaveProperty('unknown');
    const unpriced = await plan({ evaluators: ['odd'], budgetUsd: 5 });
    expect(known(unpriced.total.calls).likely).toBe(2 * items);
    expect(unpriced.total.costUsd).toEqual({ unknown: 'the price is not known' });
    expect(unpriced.budget).toEqual({ budgetUsd: 5, fits: 'unknown' });
  });

  it('prices requests of an HTTP target by the config, and compares the whole with the budget', async () => {
    const estimate = await plan({ target: 'remote', budgetUsd: 11 });
    expect(known(estimate.total.costUsd).likely).toBe(items * 0.5);
    expect(estimate.budget?.fits).toBe('no');
    expect((await plan({ target: 'remote', budgetUsd: 12 })).budget?.fits).toBe('yes');
  });

  it('takes a sample as the run would', async () => {
    const estimate = await plan({ quick: { items: 6 } });
    expect(estimate).toMatchObject({ items: 6, ofItems: items, cells: 6 });
  });

  it('goes by earlier runs where there are some, and comes near to what the run costs', async () => {
    for (const target of ['triage', 'code']) {
      const ran = await harness.run({ name: `ran-${target}`, target });
      expect(ran.status).toBe('completed');
      let cost = 0n;
      for await (const cell of harness.client.experiments.results({ project, name: ran.name })) {
        cost += cell.targetCostPico ?? 0n;
      }
      const estimate = await plan({ target });
      const { likely, low, high } = known(estimate.total.costUsd);
      expect(low).toBeLessThanOrEqual(likely);
      expect(likely).toBeLessThanOrEqual(high);
      // The demo model has a tokenizer of its own, so the counted prompts are near and not equal.
      expect(likely / (Number(cost) / 1e12)).toBeGreaterThan(0.5);
      expect(likely / (Number(cost) / 1e12)).toBeLessThan(2);
      expect(known(estimate.seconds).basis).toContain('24 cells of 1 earlier run');
    }
    expect(known((await plan({ target: 'code' })).total.calls).likely).toBe(2 * items);
  });

  it('tells what would stand in the way of the run', async () => {
    await expect(plan({ target: 'nobody' })).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
    await expect(plan({ dataset: { name: 'nothing' } })).rejects.toMatchObject({
      code: 'DATASET_NOT_FOUND',
    });
  });
});
