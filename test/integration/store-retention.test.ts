import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { commitCells } from '../../src/store/cell-commit.js';
import { cellsByIds, streamResults } from '../../src/store/cell-results.js';
import { finishExperiment } from '../../src/store/experiment-end.js';
import { getExperiment } from '../../src/store/experiments.js';
import { commitAnswers } from '../../src/store/journal/answers.js';
import { claimCalls } from '../../src/store/journal/claims.js';
import { registerOwner } from '../../src/store/journal/owners.js';
import { rowsOf } from '../../src/store/query.js';
import { prunableRuns, pruneRun } from '../../src/store/retention.js';
import { commitOf, newCells, openTestStore, unique, type TestStore } from './store-fixtures.js';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const tomorrow = new Date(Date.now() + 86_400_000).toISOString();

/** An ended run whose cells hold outputs, journal answers, scores with comments and outbox rows. */
const endedRun = async (items: number): Promise<{ experimentId: string; cellIds: string[] }> => {
  const { store } = test;
  const { experimentId, cellIds } = await newCells(store, items);
  const owner = unique('owner');
  await registerOwner(store, { owner, worker: 'test' });
  const calls = cellIds.map((cellId) => ({
    key: { cellId, requestHash: 'h', occurrence: 1 },
    purpose: 'target' as const,
  }));
  await claimCalls(store, { owner, calls });
  const now = new Date().toISOString();
  await commitAnswers(
    store,
    calls.map(({ key }) => ({
      key,
      owner,
      answer: {
        status: 200,
        headers: {},
        body: Buffer.from('{"secret":"of a customer"}'),
        usage: undefined,
        startedAt: now,
        endedAt: now,
        firstTokenMs: undefined,
      },
    })),
  );
  await commitCells(
    store,
    cellIds.map((cellId) => commitOf(cellId)),
  );
  await finishExperiment(store, experimentId, { status: 'completed' });
  return { experimentId, cellIds: [...cellIds] };
};

const bodiesOf = async (experimentId: string): Promise<Record<string, number>> => {
  const [row] = await rowsOf<Record<string, number>>(
    test.store,
    `select (select count(*)::int from assay.experiment_cells
              where experiment_id = $1 and (output is not null or calls is not null)) as cells,
            (select count(*)::int from assay.call_journal j join assay.experiment_cells c on c.id = j.cell_id
              where c.experiment_id = $1) as answers,
            (select count(*)::int from assay.outbox where experiment_id = $1 and body is not null) as outbox,
            (select count(*)::int from assay.experiment_items
              where experiment_id = $1 and body::text like '%What is%') as items`,
    [experimentId],
  );
  return row ?? {};
};

describe('retention', () => {
  it('takes every body of an ended run and leaves its figures', async () => {
    const { experimentId, cellIds } = await endedRun(3);
    const other = await endedRun(2);
    expect(await bodiesOf(experimentId)).toEqual({ cells: 3, answers: 3, outbox: 6, items: 3 });

    const pruned = await pruneRun(test.store, experimentId);

    expect(pruned?.cells).toBe(3);
    expect(pruned?.bytes).toBeGreaterThan(0);
    expect(await bodiesOf(experimentId)).toEqual({ cells: 0, answers: 0, outbox: 0, items: 0 });
    const cells = await cellsByIds(test.store, cellIds);
    expect(cells.map(({ status, itemId, latencyMs }) => [status, itemId, latencyMs])).toEqual([
      ['ok', 'item-0', 1001],
      ['ok', 'item-1', 1001],
      ['ok', 'item-2', 1001],
    ]);
    expect(cells.every(({ scores }) => scores.length === 1)).toBe(true);
    expect(cells.some((cell) => 'output' in cell)).toBe(false);
    expect((await getExperiment(test.store, experimentId)).prunedAt).toBeDefined();
    // Another run loses nothing.
    expect(await bodiesOf(other.experimentId)).toEqual({
      cells: 2,
      answers: 2,
      outbox: 4,
      items: 2,
    });
  });

  it('leaves a run that has not ended', async () => {
    const { experimentId } = await newCells(test.store, 2);
    expect(await pruneRun(test.store, experimentId)).toBeUndefined();
    expect((await bodiesOf(experimentId))['items']).toBe(2);
    expect((await getExperiment(test.store, experimentId)).prunedAt).toBeUndefined();
  });

  it('goes on where it was ended, and a second time finds nothing', async () => {
    const { experimentId } = await endedRun(4);
    const interrupted = new Error('killed');
    await expect(
      pruneRun(test.store, experimentId, () => {
        throw interrupted;
      }),
    ).rejects.toBe(interrupted);
    const selection = { project: 'shop', finishedBefore: tomorrow };
    const left = await prunableRuns(test.store, selection);
    expect(left.map((run) => run.experimentId)).toContain(experimentId);

    await pruneRun(test.store, experimentId);

    expect(await bodiesOf(experimentId)).toEqual({ cells: 0, answers: 0, outbox: 0, items: 0 });
    expect(await pruneRun(test.store, experimentId)).toBeUndefined();
    const after = await prunableRuns(test.store, selection);
    expect(after.map((run) => run.experimentId)).not.toContain(experimentId);
  });

  it('takes a run of several pages whole', async () => {
    const { experimentId } = await endedRun(4_100);
    const seen: number[] = [];
    const pruned = await pruneRun(test.store, experimentId, (rows) => seen.push(rows));
    expect(pruned?.cells).toBe(4_100);
    expect(await bodiesOf(experimentId)).toEqual({ cells: 0, answers: 0, outbox: 0, items: 0 });
    expect(seen.length).toBeGreaterThan(6);
    let rows = 0;
    for await (const _cell of streamResults(test.store, experimentId)) rows += 1;
    expect(rows).toBe(4_100);
  });

  it('finds only runs of the project that ended before the moment, the oldest first', async () => {
    const first = await endedRun(1);
    const second = await endedRun(1);
    const { finishedAt = '' } = await getExperiment(test.store, second.experimentId);
    const before = { project: 'shop', finishedBefore: finishedAt };
    const found = (await prunableRuns(test.store, before)).map((run) => run.experimentId);
    expect(found).toContain(first.experimentId);
    expect(found).not.toContain(second.experimentId);
    expect(await prunableRuns(test.store, { ...before, project: 'other' })).toEqual([]);
  });
});
