import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startHarness, type Harness } from '../support/harness.js';
import { datasetFiles, promptFiles } from '../support/project-files.js';

const project = 'evaluators';
const items = 6;

const config = (judgePort: number): string => `
import { defineConfig } from 'assay';
export default defineConfig({
  project: '${project}',
  models: {
    small: { model: 'demo-small', price: { input: 0.15, output: 0.6 } },
    vectors: { model: 'demo-embedding', price: { input: 0.02, output: 0 } },
  },
  targets: { triage: { kind: 'prompt', evaluators: ['label', 'quick', 'price', 'quality', 'safe'] } },
  evaluators: {
    label: { kind: 'classification', path: '/category' },
    quick: { kind: 'latency', maxMs: 600000 },
    price: { kind: 'cost', maxUsd: 1 },
    near: { kind: 'embedding_similarity', model: 'vectors', path: '/category' },
    remote: { kind: 'http', url: 'http://127.0.0.1:${judgePort}/judge', costPerRequestUsd: 0.001, passAt: 0.5 },
    quality: { kind: 'composite', mode: 'weighted_mean', of: { near: 1, remote: 3 } },
    safe: { kind: 'contains', text: 'password', not: true },
  },
  network: { allow: ['127.0.0.1:${judgePort}'] },
});
`;

interface Cell {
  readonly itemId: string;
  readonly scores: readonly {
    readonly name: string;
    readonly value: { readonly value: unknown };
  }[];
}

describe('evaluators of a run', () => {
  let harness: Harness;
  let judge: Server;
  const asked: { readonly output: unknown; readonly call: string | undefined }[] = [];

  beforeAll(async () => {
    judge = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
      request.on('end', () => {
        const { output } = JSON.parse(body) as { output: unknown };
        asked.push({ output, call: request.headers['x-assay-call'] as string | undefined });
        response.setHeader('content-type', 'application/json');
        response.end('{"value":0.75,"reasoning":"as ordered"}');
      });
    });
    await new Promise<void>((resolve) => judge.listen(0, '127.0.0.1', resolve));
    harness = await startHarness({
      project,
      files: {
        'assay.config.ts': config((judge.address() as AddressInfo).port),
        ...datasetFiles(items),
        ...promptFiles,
      },
    });
    await harness.startWorkers();
  });
  afterAll(async () => {
    await harness.stop();
    await new Promise((resolve) => judge.close(resolve));
  });

  const cellsOf = async (name: string): Promise<readonly Cell[]> => {
    const cells: Cell[] = [];
    for await (const cell of harness.client.experiments.results({ project, name }))
      cells.push(cell);
    return cells;
  };
  const scoresOf = ({ scores }: Cell): Record<string, unknown> =>
    Object.fromEntries(scores.map(({ name, value }) => [name, value.value]));
  const modelCalls = async (): Promise<number> =>
    [...(await harness.paidCalls()).values()].reduce((sum, count) => sum + count, 0);
  const runScores = async (name: string): Promise<Map<string, number>> => {
    const { data } = (await harness.platform.admin(
      'GET',
      '/api/public/experiments?fromStartTime=2000-01-01T00:00:00.000Z&fields=core,scores&limit=100',
    )) as { data: { name: string; scores: { name: string; value: number }[] }[] };
    const found = data.find((each) => each.name === name);
    return new Map(found?.scores.map((score) => [score.name, score.value]));
  };

  it('judge in rounds, through the journal, with what the target took', async () => {
    const view = await harness.run({ name: 'first', target: 'triage', budgetUsd: 1 });
    expect([view.status, view.counts.ok]).toEqual(['completed', items]);
    const cells = await cellsOf('first');
    expect(cells).toHaveLength(items);
    for (const cell of cells) {
      const scores = scoresOf(cell);
      // The parts of the composite run with it, though the target does not name them.
      expect(Object.keys(scores).sort()).toEqual([
        'label',
        'near',
        'price',
        'quality',
        'quick',
        'remote',
        'safe',
      ]);
      expect(scores['remote']).toBe(0.75);
      expect(scores['quality']).toBeCloseTo((Number(scores['near']) + 3 * 0.75) / 4, 12);
      expect(scores['safe']).toBe(true);
      expect(scores['price']).toBeGreaterThan(0);
      expect(scores['quick']).toBeGreaterThan(0);
    }
    // One chat and one request for vectors a cell; each call of the judge is named for the journal.
    expect(await modelCalls()).toBe(2 * items);
    expect(new Set(asked.map(({ call }) => call)).size).toBe(items);
    const report = JSON.parse(
      await harness.client.experiments.report({ project, name: 'first' }, 'json'),
    ) as {
      calls: Record<'judge' | 'embedding', { calls: number; costDollars: string }>;
      evaluators: { name: string; confusion: { macroF1: number } | null }[];
    };
    expect(report.calls.judge).toMatchObject({ calls: items });
    expect(Number(report.calls.judge.costDollars)).toBeCloseTo(items * 0.001, 12);
    expect(report.calls.embedding.calls).toBe(items);
    expect(Number(report.calls.embedding.costDollars)).toBeGreaterThan(0);
    const macroF1 = report.evaluators.find(({ name }) => name === 'label')?.confusion?.macroF1;
    const published = await runScores('first');
    expect(published.get('label.macro_f1')).toBeCloseTo(macroF1 ?? -1, 9);
    expect(published.get('label.accuracy')).toBe(published.get('label'));
    expect([...published.keys()].filter((name) => name.startsWith('label.f1.'))).toHaveLength(3);
  });

  it('pay for nothing again where a run is taken over, and keep the times that were measured', async () => {
    const [callsBefore, askedBefore] = [await modelCalls(), asked.length];
    const view = await harness.run({ name: 'second', target: 'triage', budgetUsd: 1, reuse: true });
    expect([view.status, view.counts.ok]).toEqual(['completed', items]);
    expect([await modelCalls(), asked.length]).toEqual([callsBefore, askedBefore]);
    const first = new Map((await cellsOf('first')).map((cell) => [cell.itemId, scoresOf(cell)]));
    for (const cell of await cellsOf('second')) {
      expect([cell.itemId, scoresOf(cell)]).toEqual([cell.itemId, first.get(cell.itemId)]);
    }
  });

  it('compute a composite again where a part is judged again, and ask no other part', async () => {
    const [callsBefore, askedBefore] = [await modelCalls(), asked.length];
    const started = await harness.client.experiments.rejudge(
      { project, name: 'first' },
      { evaluators: ['remote'], all: false },
    );
    expect(started).toMatchObject({ kind: 'rejudge', cells: items });
    const view = await harness.client.experiments.wait(
      { project, name: 'first' },
      { timeoutMs: 120_000 },
    );
    expect(view.status).toBe('completed');
    expect(await modelCalls()).toBe(callsBefore);
    expect(asked.length).toBe(askedBefore + items);
    for (const cell of await cellsOf('first')) {
      const scores = scoresOf(cell);
      expect(scores['quality']).toBeCloseTo((Number(scores['near']) + 3 * 0.75) / 4, 12);
    }
  });
});
