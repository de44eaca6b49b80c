import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { CellResult } from '../../src/contracts/records.js';
import { commitCells, type CellCommit } from '../../src/store/cell-commit.js';
import { cellsByIds } from '../../src/store/cell-results.js';
import { finishExperiment } from '../../src/store/experiment-end.js';
import { pruneRun } from '../../src/store/retention.js';
import {
  countReused,
  findReusable,
  readOutputs,
  readScores,
  readSilent,
} from '../../src/store/reuse.js';
import { commitOf, newCells, openTestStore, type TestStore } from './store-fixtures.js';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const hex = (text: string): string => Buffer.from(text.padEnd(16, '.')).toString('hex');

/** A commit whose cell can be taken over. */
const reusable = (
  cellId: string,
  name: string,
  change: Partial<CellResult> & { costDollars?: string } = {},
): CellCommit => ({
  ...commitOf(cellId, change),
  identity: {
    targetHash: hex(name),
    scores: new Map([
      ['exact', { hash: hex(`exact ${name}`), costDollars: change.costDollars ?? '0' }],
      ['quiet', { hash: hex(`quiet ${name}`), costDollars: '0' }],
    ]),
  },
});

/** A run whose cells end as given, then another that is submitted after it. */
const earlierRun = async (
  commits: (cellIds: readonly string[]) => readonly CellCommit[],
): Promise<{ cellIds: readonly string[]; earlierId: string; laterId: string }> => {
  const earlier = await newCells(test.store, 4);
  await commitCells(test.store, commits(earlier.cellIds));
  const later = await newCells(test.store, 4);
  return { cellIds: earlier.cellIds, earlierId: earlier.experimentId, laterId: later.experimentId };
};

describe('looking for what can be taken over', () => {
  it('finds a cell by what decided its output, its scores by what decided them, and who gave none', async () => {
    const { cellIds, earlierId, laterId } = await earlierRun(([a = '', b = '']) => [
      reusable(a, 'found', { output: null, costDollars: '0.5', latencyMs: 12 }),
      reusable(b, 'other'),
    ]);
    const [cellId = ''] = cellIds;
    const found = await findReusable(test.store, {
      experimentId: laterId,
      targetHashes: [hex('found'), hex('nowhere'), hex('found')],
    });
    expect([...found.keys()]).toEqual([hex('found')]);
    expect(found.get(hex('found'))).toMatchObject({ cellId, alike: [cellId] });
    const source = {
      experiment: earlierId.slice('shop/'.length),
      traceId: `trace-${cellId}`,
      runUid: expect.stringMatching(/^uid-/),
    };
    const outputs = await readOutputs(test.store, [cellId]);
    expect(outputs.get(cellId)).toEqual({
      output: null,
      latencyMs: 12,
      source: { ...source, costDollars: '0.000000000012' },
    });
    const hashes = [hex('exact found'), hex('quiet found'), hex('exact changed')];
    const scores = await readScores(test.store, { experimentId: laterId, hashes });
    expect([...scores]).toEqual([
      [
        hex('exact found'),
        {
          records: [{ name: 'exact', evaluator: 'exact', value: { type: 'BOOLEAN', value: true } }],
          source: { ...source, costDollars: '0.500000000000' },
        },
      ],
    ]);
    const silent = await readSilent(test.store, { cellIds: [cellId], hashes });
    expect([...silent]).toEqual([[hex('quiet found'), { records: [], source }]]);
  });

  it('takes no failed or skipped cell, none of the run itself, and none that ended after the submission', async () => {
    const error = { code: 'TARGET_FAILED', title: 't', message: 'm', problems: [] } as const;
    const earlier = await newCells(test.store, 4);
    const later = await newCells(test.store, 4);
    const [a = '', b = '', c = ''] = earlier.cellIds;
    const [own = ''] = later.cellIds;
    const { output: _output, ...failed } = reusable(a, 'failed').result;
    await commitCells(test.store, [
      { ...reusable(a, 'failed'), result: { ...failed, status: 'target_error', error } },
      reusable(b, 'late', { endedAt: '2099-01-01T00:00:00.000Z' }),
      reusable(c, 'judge', { status: 'evaluator_error' }),
      reusable(own, 'own'),
    ]);
    const found = await findReusable(test.store, {
      experimentId: later.experimentId,
      targetHashes: ['failed', 'late', 'judge', 'own'].map(hex),
    });
    expect([...found.keys()]).toEqual([hex('judge')]);
  });

  it('prefers what ended ok, then the newest, and knows a few alike for their scores', async () => {
    const ids: string[] = [];
    for (let run = 0; run < 10; run += 1) {
      const { cellIds } = await newCells(test.store, 1);
      ids.push(...cellIds);
    }
    const { laterId } = await earlierRun(() =>
      ids.map((id, index) =>
        reusable(id, 'many', index === 9 ? { status: 'evaluator_error' } : { output: index }),
      ),
    );
    const found = await findReusable(test.store, {
      experimentId: laterId,
      targetHashes: [hex('many')],
    });
    expect(found.get(hex('many'))).toMatchObject({
      cellId: ids[8],
      alike: [8, 7, 6, 5, 4, 3, 2, 9].map((index) => ids[index]),
    });
  });

  it('finds nothing of pruned runs', async () => {
    const { cellIds, earlierId, laterId } = await earlierRun(([a = '']) => [reusable(a, 'pruned')]);
    await finishExperiment(test.store, earlierId, { status: 'completed' });
    const look = { experimentId: laterId, targetHashes: [hex('pruned')] };
    expect((await findReusable(test.store, look)).size).toBe(1);
    await pruneRun(test.store, earlierId);
    expect((await findReusable(test.store, look)).size).toBe(0);
    expect((await readOutputs(test.store, cellIds)).size).toBe(0);
    const hashes = [hex('exact pruned'), hex('quiet pruned')];
    expect((await readScores(test.store, { experimentId: laterId, hashes })).size).toBe(0);
    expect((await readSilent(test.store, { cellIds, hashes })).size).toBe(0);
  });

  it('names the run that made a thing, however often it was taken over', async () => {
    const first = { experiment: 'first', runUid: 'uid-first', traceId: 'trace-first' };
    const { cellIds, laterId } = await earlierRun(([a = '']) => [
      reusable(a, 'chain', {
        reusedFrom: {
          output: { ...first, costDollars: '0.25' },
          scores: [{ evaluator: 'exact', ...first }],
        },
      }),
    ]);
    const [cellId = ''] = cellIds;
    expect((await readOutputs(test.store, [cellId])).get(cellId)?.source).toEqual({
      ...first,
      costDollars: '0.25',
    });
    const look = { experimentId: laterId, hashes: [hex('exact chain')] };
    expect((await readScores(test.store, look)).get(hex('exact chain'))?.source).toEqual(first);
    const [stored] = await cellsByIds(test.store, [cellId]);
    expect(stored?.reusedFrom?.output.experiment).toBe('first');
  });

  it('counts what a run took over', async () => {
    const from = { experiment: 'first', runUid: 'uid', traceId: 'trace' };
    const { earlierId } = await earlierRun(([a = '', b = '', c = '']) => [
      reusable(a, 'counted', { reusedFrom: { output: from, scores: [] } }),
      reusable(b, 'counted', { reusedFrom: { output: from, scores: [] } }),
      reusable(c, 'counted'),
    ]);
    await expect(countReused(test.store, earlierId)).resolves.toBe(2);
  });

  it('reads an index and no table, however many cells share the content of one', async () => {
    const crowd = await newCells(test.store, 400);
    await commitCells(
      test.store,
      crowd.cellIds.map((id) => reusable(id, 'crowd')),
    );
    const later = await newCells(test.store, 1);
    await test.store.query('analyze assay.experiment_cells');
    const statements: string[] = [];
    const spied = {
      ...test.store,
      query: async (text: string, values?: readonly unknown[]) => {
        const plan = await test.store.query(`explain ${text}`, values);
        statements.push(JSON.stringify(plan.rows));
        return test.store.query(text, values);
      },
    };
    const { experimentId } = later;
    await findReusable(spied, { experimentId, targetHashes: [hex('crowd')] });
    await readScores(spied, { experimentId, hashes: [hex('exact crowd')] });
    expect(statements.join()).toContain('experiment_cells_reusable');
    expect(statements.join()).toContain('scores_reusable');
    expect(statements.join()).not.toMatch(/Seq Scan on (experiment_cells|scores)/);
  });
});
