import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { costPico, picoFromDollars } from '../../src/core/money/pico.js';
import { budgetOf, type Budget } from '../../src/store/budget.js';
import { rowsOf } from '../../src/store/query.js';
import { openStore, type Store } from '../../src/store/store.js';
import { startHarness, type Harness } from '../support/harness.js';
import { datasetFiles, promptFiles } from '../support/project-files.js';
import { until } from '../support/until.js';

const project = 'budgets';
const items = 60;
const price = { input: 100, output: 400 };

const config = `
import { defineConfig } from 'assay';
export default defineConfig({
  project: '${project}',
  models: {
    small: { model: 'demo-small', price: ${JSON.stringify(price)}, parameters: { max_tokens: 60 } },
    free: { model: 'demo-large' },
    vectors: { model: 'demo-embedding', price: { input: 50, output: 0 } },
  },
  targets: {
    triage: { kind: 'prompt', evaluators: ['category'] },
    stubborn: {
      kind: 'function',
      evaluators: ['category'],
      run: async (input, { models }) => {
        const messages = [{ role: 'user' as const, content: String(input['text']) }];
        // Goes on with less where a call fails, as code of users does.
        const answer = await models.chat({ model: 'small', messages }).catch(() => undefined);
        return { category: answer === undefined ? 'gave up' : 'bug' };
      },
    },
    unpriced: {
      kind: 'function',
      evaluators: ['category'],
      run: async (input, { models }) => {
        const messages = [{ role: 'user' as const, content: String(input['text']) }];
        return { category: (await models.chat({ model: 'free', messages })).text };
      },
    },
    similar: {
      kind: 'function',
      evaluators: ['category'],
      run: async (input, { models }) => {
        const { vectors } = await models.embed({
          model: 'vectors',
          input: [String(input['text']), 'invoice'],
        });
        return { category: 'billing', dimensions: vectors[1]?.length ?? 0 };
      },
    },
    remote: { kind: 'http', url: 'https://example.com/answer', evaluators: ['category'] },
  },
  evaluators: {
    category: { kind: 'exact_match', path: '/category' },
    taste: { kind: 'llm_judge', model: 'free', rubric: '- It is polite' },
  },
});
`;

describe('a run with a budget', () => {
  let harness: Harness;
  let store: Store;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      latencyMs: 80,
      files: {
        'assay.config.ts': config,
        ...datasetFiles(items),
        ...datasetFiles(6, 'few'),
        ...promptFiles,
      },
    });
    store = await openStore({ url: harness.databaseUrl, max: 2, applicationName: 'test' });
  });
  afterAll(async () => {
    await store.close();
    await harness.stop();
  });

  const start = async (
    name: string,
    spec: { target: string; budgetUsd: number; evaluators?: string[]; dataset?: string },
  ): Promise<void> => {
    const { dataset = 'items', ...rest } = spec;
    await harness.client.experiments.start({
      project,
      name,
      dataset: { name: dataset },
      concurrency: 8,
      ...rest,
    });
  };
  const budget = async (name: string): Promise<Budget> => {
    const found = await budgetOf(store, `${project}/${name}`);
    if (found === undefined) throw new Error('no budget');
    return found;
  };
  const paused = (name: string): Promise<void> =>
    until(async () => {
      const { waitingFor } = await harness.client.experiments.get({ project, name });
      return waitingFor?.includes('budget') === true;
    });
  /** What the answers in the journal cost, exactly. */
  const answeredCost = async (name: string): Promise<bigint> => {
    const rows = await rowsOf<{ usage: { inputTokens: number; outputTokens: number } }>(
      store,
      `select j.usage from assay.call_journal j join assay.experiment_cells c on c.id = j.cell_id
        where c.experiment_id = $1 and j.state = 'answered'`,
      [`${project}/${name}`],
    );
    return rows.reduce((sum, { usage }) => sum + costPico(usage, price), 0n);
  };
  const ended = (name: string) =>
    harness.client.experiments.wait({ project, name }, { timeoutMs: 120_000 });

  it('pauses at the cap with every other cell pending, and goes on to the end when it is raised', async () => {
    const workers = await harness.startWorkers({ count: 2 });
    await start('capped', { target: 'triage', budgetUsd: 0.4 });
    await paused('capped');
    const atCap = await budget('capped');
    const { counts } = await harness.client.experiments.get({ project, name: 'capped' });
    expect(counts.ok).toBeGreaterThan(0);
    expect(counts).toMatchObject({
      planned: items,
      target_error: 0,
      evaluator_error: 0,
      skipped: 0,
    });
    expect(counts.pending).toBe(items - counts.ok);
    expect(atCap.spentUsd + atCap.reservedUsd).toBeLessThanOrEqual(0.4);
    expect(picoFromDollars(atCap.spentUsd)).toBe(await answeredCost('capped'));

    await harness.client.experiments.setBudget({ project, name: 'capped' }, 50);
    const view = await ended('capped');
    await workers.stop();
    expect(view).toMatchObject({ status: 'completed', counts: { ok: items, pending: 0 } });
    // Every call was paid once: what the first part answered was not asked again.
    const { spentUsd, reservedUsd } = await budget('capped');
    expect(reservedUsd).toBe(0);
    expect(picoFromDollars(spentUsd)).toBe(await answeredCost('capped'));
    const calls = await harness.paidCalls();
    expect([...calls.values()].filter((count) => count > 1)).toEqual([]);
  }, 180_000);

  it('never passes its cap while workers are killed, and counts what the dead held in full', async () => {
    const workers = await harness.startWorkers({ count: 2 });
    await start('killed', { target: 'triage', budgetUsd: 2.4 });
    let most = 0;
    const look = async (): Promise<void> => {
      const now = await budgetOf(store, `${project}/killed`);
      if (now !== undefined) most = Math.max(most, now.spentUsd + now.reservedUsd);
    };
    const done = async (): Promise<number> => {
      await look();
      const { counts } = await harness.client.experiments.get({ project, name: 'killed' });
      return counts.planned - counts.pending;
    };
    for (const reached of [8, 24]) {
      await until(async () => (await done()) >= reached);
      // Whoever holds money at this moment: the other one may have none of the calls.
      await until(async () => {
        const [holder] = await rowsOf<{ pid: number }>(
          store,
          `select split_part(o.worker, ':', 2)::int as pid
             from assay.budget_reservations r join assay.journal_owners o using (owner)
            where r.experiment_id = $1 and split_part(o.worker, ':', 2)::int = any($2) limit 1`,
          [`${project}/killed`, [...workers.pids]],
        );
        if (holder !== undefined) process.kill(holder.pid, 'SIGKILL');
        return holder !== undefined;
      });
      await wait(300);
    }
    let name = 'killed';
    await until(async () => {
      await look();
      const view = await harness.client.experiments.get({ project, name: 'killed' });
      if (view.waitingFor?.includes('budget') === true)
        await harness.client.experiments.setBudget({ project, name: 'killed' }, 50);
      name = view.status;
      return view.status === 'completed';
    }, 120_000);
    await workers.stop();
    expect(name).toBe('completed');
    expect(most).toBeGreaterThan(0);
    const answered = await answeredCost('killed');
    const { spentUsd } = await budget('killed');
    const spent = picoFromDollars(spentUsd);
    const [dead] = await rowsOf<{ held: string; calls: number }>(
      store,
      `select coalesce(sum(amount), 0)::text as held, count(*)::int as calls
         from assay.budget_reservations where experiment_id = $1`,
      [`${project}/killed`],
    );
    // To the pico-dollar: the answers that stand, and in full what was held for calls that nobody can tell about.
    expect(spent).toBe(answered + picoFromDollars(dead?.held ?? '0'));
    expect(dead?.calls ?? 0).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(50);
  }, 180_000);

  it('leaves a cell pending whose code goes on without the answer that the budget refused', async () => {
    const workers = await harness.startWorkers();
    await start('stubborn', { target: 'stubborn', budgetUsd: 0.3 });
    await paused('stubborn');
    await harness.client.experiments.setBudget({ project, name: 'stubborn' }, 50);
    expect(await ended('stubborn')).toMatchObject({ counts: { ok: items } });
    await workers.stop();
    for await (const cell of harness.client.experiments.results({ project, name: 'stubborn' })) {
      expect(cell.output).toEqual({ category: 'bug' });
    }
  }, 180_000);

  it('is refused where a price is not known, with all of them, and where it is less than a call', async () => {
    const workers = await harness.startWorkers();
    const refused = { target: 'remote', evaluators: ['taste'], budgetUsd: 1 };
    await expect(start('refused', refused)).rejects.toMatchObject({
      code: 'PRICE_UNKNOWN',
      problems: [{ at: 'targets.remote.costPerRequestUsd' }, { at: 'models.free.price' }],
    });
    await expect(start('tiny', { target: 'triage', budgetUsd: 0.001 })).rejects.toMatchObject({
      code: 'BUDGET_TOO_SMALL',
    });
    await workers.stop();
  });

  it('ends cells of code in an error that would call a model without a known price', async () => {
    const workers = await harness.startWorkers();
    await start('unpriced', { target: 'unpriced', budgetUsd: 1, dataset: 'few' });
    expect(await ended('unpriced')).toMatchObject({ counts: { target_error: 6 } });
    await workers.stop();
    for await (const { error } of harness.client.experiments.results({
      project,
      name: 'unpriced',
    })) {
      expect(error?.code).toBe('PRICE_UNKNOWN');
    }
    expect((await budget('unpriced')).spentUsd).toBe(0);
  });

  it('tells the cost of embeddings from the others, and shows them as embeddings in the trace', async () => {
    const workers = await harness.startWorkers();
    await start('similar', { target: 'similar', budgetUsd: 1, dataset: 'few' });
    const view = await ended('similar');
    await workers.stop();
    expect(view).toMatchObject({ status: 'completed', counts: { ok: 6 } });
    let sum = 0n;
    for await (const cell of harness.client.experiments.results({ project, name: 'similar' })) {
      expect(cell.output).toMatchObject({ dimensions: 256 });
      expect(cell).toMatchObject({ targetCostPico: 0n, judgeCostPico: 0n });
      expect(cell.calls).toMatchObject([{ kind: 'embedding', output: { vectors: 2 } }]);
      expect(cell.embeddingCostPico).toBeGreaterThan(0n);
      sum += cell.embeddingCostPico ?? 0n;
    }
    expect(picoFromDollars((await budget('similar')).spentUsd)).toBe(sum);
    const rows = await harness.platform.observations(view.runUid, 'core,basic,model');
    expect(rows.filter(({ type }) => type === 'EMBEDDING')).toHaveLength(6);
  });
});
