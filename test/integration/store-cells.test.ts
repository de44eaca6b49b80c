import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { commitCells } from '../../src/store/cell-commit.js';
import { cellsByIds, streamResults } from '../../src/store/cell-results.js';
import {
  claimCells,
  loadCells,
  countCells,
  pendingCells,
  unclaimCells,
  waitingCells,
  recountCells,
} from '../../src/store/cells.js';
import { skipPending } from '../../src/store/skip-cells.js';
import { insertPage } from '../../src/store/items.js';
import type { ErrorDocument } from '../../src/core/errors/assay-error.js';
import {
  commitOf,
  itemOf,
  newCells,
  newExperiment,
  openTestStore,
  type TestStore,
} from './store-fixtures.js';

let test: TestStore;
beforeAll(async () => {
  test = await openTestStore();
});
afterAll(() => test.close());

const cancelled: ErrorDocument = {
  code: 'EXPERIMENT_CANCELLED',
  title: 'The experiment was cancelled',
  message: 'Cancelled by ops.',
  problems: [],
};

const collect = async <T>(stream: AsyncIterable<T>): Promise<readonly T[]> => {
  const all: T[] = [];
  for await (const entry of stream) all.push(entry);
  return all;
};

const rowsIn = async (table: string, cellId: string): Promise<number> => {
  const { rows } = await test.store.pool.query<{ n: number }>(
    `select count(*)::int as n from assay.${table} where cell_id = $1`,
    [cellId],
  );
  return rows[0]?.n ?? -1;
};

describe('planning', () => {
  it('writes every cell once when a page is written twice', async () => {
    const experimentId = await newExperiment(test.store);
    const page = {
      experimentId,
      items: [0, 1, 2].map((ordinal) => ({
        ordinal,
        item: itemOf(ordinal),
        hash: `h${ordinal}`,
        platformItemId: `p${ordinal}`,
      })),
      repetitions: 2,
      positionOf: (ordinal: number, repetition: number) => 5 - (ordinal * 2 + repetition - 1),
    };
    await insertPage(test.store, page);
    const first = await pendingCells(test.store, { experimentId, fromPosition: 0, toPosition: 6 });
    await insertPage(test.store, page);
    const again = await pendingCells(test.store, { experimentId, fromPosition: 0, toPosition: 6 });
    expect(again).toEqual(first);
    expect(first.map(({ ordinal, repetition }) => [ordinal, repetition])).toEqual([
      [2, 2],
      [2, 1],
      [1, 2],
      [1, 1],
      [0, 2],
      [0, 1],
    ]);
    expect(first[0]).toMatchObject({ itemHash: 'h2', platformItemId: 'p2', item: itemOf(2) });
    expect(first[0]?.bytes).toBe(JSON.stringify(itemOf(2)).length);
    expect((await countCells(test.store, experimentId)).planned).toBe(6);
  });

  it('refuses a page in which an item changed', async () => {
    const experimentId = await newExperiment(test.store);
    const pageOf = (id: string, hash: string) => ({
      experimentId,
      items: [{ ordinal: 0, item: { ...itemOf(0), id }, hash }],
      repetitions: 1,
      positionOf: () => 0,
    });
    await insertPage(test.store, pageOf('a', 'one'));
    for (const changed of [pageOf('a', 'two'), pageOf('b', 'one')]) {
      await expect(insertPage(test.store, changed)).rejects.toMatchObject({
        code: 'EXPERIMENT_CONFLICT',
      });
    }
    expect((await countCells(test.store, experimentId)).planned).toBe(1);
  });

  it('refuses two cells in one position and leaves nothing of the page behind', async () => {
    const experimentId = await newExperiment(test.store);
    const items = [0, 1].map((ordinal) => ({ ordinal, item: itemOf(ordinal), hash: 'h' }));
    await expect(
      insertPage(test.store, { experimentId, items, repetitions: 1, positionOf: () => 7 }),
    ).rejects.toThrow(/position/);
    expect((await countCells(test.store, experimentId)).planned).toBe(0);
  });

  it('keeps NUL, half surrogates and the order of keys in the bodies of items', async () => {
    const experimentId = await newExperiment(test.store);
    const item = {
      id: 'hostile',
      input: { z: 'nul \u0000', a: 'half \ud800 \udc00', 10: '😀' },
      metadata: { 'key \u0000': [null, '\u2028'] },
    };
    await insertPage(test.store, {
      experimentId,
      items: [{ ordinal: 0, item, hash: 'h' }],
      repetitions: 1,
      positionOf: () => 0,
    });
    const [cell] = await pendingCells(test.store, {
      experimentId,
      fromPosition: 0,
      toPosition: 1,
    });
    expect(cell?.item).toEqual(item);
    expect(JSON.stringify(cell?.item)).toBe(JSON.stringify(item));
  });

  it('are listed with the items that are small enough together, and the others are read when they are asked for', async () => {
    const { experimentId, cellIds } = await newCells(test.store, 4);
    await commitCells(test.store, [commitOf(cellIds[1] ?? '')]);
    const bytes = JSON.stringify(itemOf(0)).length;
    const range = { experimentId, fromPosition: 0, toPosition: 4 };
    const waiting = await waitingCells(test.store, { ...range, bodyBytes: bytes * 2 - 1 });
    expect(waiting.map(({ position, item }) => [position, item?.id])).toEqual([
      [0, 'item-0'],
      [2, undefined],
      [3, undefined],
    ]);
    expect(waiting[0]?.bytes).toBe(bytes);
    await commitCells(test.store, [commitOf(cellIds[2] ?? '')]);
    const loaded = await loadCells(test.store, waiting.slice(1));
    expect(loaded).toEqual([{ ...waiting[2], item: itemOf(3) }]);
    const all = await waitingCells(test.store, { ...range, bodyBytes: 1_000_000 });
    expect(all).toEqual(await pendingCells(test.store, range));
  });
});

describe('the counts of a run', () => {
  const counted = (experimentId: string) => countCells(test.store, experimentId);

  it('are those of its cells after every kind of write, also from many connections at once', async () => {
    const { experimentId, cellIds } = await newCells(test.store, 40);
    expect(await counted(experimentId)).toMatchObject({ planned: 40, pending: 40 });
    await claimCells(
      test.store,
      cellIds.map((cellId) => ({ cellId, token: randomUUID() })),
    );
    await Promise.all(
      cellIds
        .slice(0, 20)
        .map((cellId, index) =>
          commitCells(test.store, [
            commitOf(cellId, { status: index % 2 === 0 ? 'ok' : 'target_error' }, experimentId),
          ]),
        ),
    );
    // A second outcome of one cell changes nothing.
    await commitCells(test.store, [
      commitOf(cellIds[0] ?? '', { status: 'skipped' }, experimentId),
    ]);
    expect(await counted(experimentId)).toEqual({
      planned: 40,
      pending: 20,
      ok: 10,
      target_error: 10,
      evaluator_error: 0,
      skipped: 0,
    });
    const error = { code: 'EXPERIMENT_CANCELLED', title: 't', message: 'm', problems: [] };
    expect(await skipPending(test.store, experimentId, { waiting: error })).toBe(20);
    expect(await counted(experimentId)).toMatchObject({ pending: 0, skipped: 20 });
    expect(await recountCells(test.store, experimentId)).toEqual(await counted(experimentId));
  });

  it('are mended from the cells where somebody changed them', async () => {
    const { experimentId } = await newCells(test.store, 3);
    await test.store.query('delete from assay.cell_counts where experiment_id = $1', [
      experimentId,
    ]);
    expect(await counted(experimentId)).toMatchObject({ planned: 0 });
    expect(await recountCells(test.store, experimentId)).toMatchObject({ planned: 3, pending: 3 });
    expect(await counted(experimentId)).toMatchObject({ planned: 3, pending: 3 });
  });

  it('go with their run', async () => {
    const { experimentId } = await newCells(test.store, 2);
    await test.store.query('delete from assay.experiments where id = $1', [experimentId]);
    expect(await counted(experimentId)).toMatchObject({ planned: 0 });
  });
});

describe('claims on cells', () => {
  const claimsOn = (cellIds: readonly string[]) =>
    cellIds.map((cellId) => ({ cellId, token: randomUUID() }));

  it('count up, are taken back, and are refused for a cell that has ended', async () => {
    const { cellIds } = await newCells(test.store, 2);
    const [first = '', second = ''] = cellIds;
    expect(await claimCells(test.store, claimsOn(cellIds))).toEqual(
      new Map([
        [first, 1],
        [second, 1],
      ]),
    );
    const again = claimsOn([first]);
    expect((await claimCells(test.store, again)).get(first)).toBe(2);
    await unclaimCells(test.store, again);
    await commitCells(test.store, [commitOf(second)]);
    expect(await claimCells(test.store, claimsOn(cellIds))).toEqual(new Map([[first, 2]]));
  });

  it('count once and are taken back once, however often they are sent', async () => {
    const { cellIds } = await newCells(test.store, 2);
    const earlier = claimsOn(cellIds);
    await claimCells(test.store, earlier);
    const claims = claimsOn(cellIds);
    for (const cellId of cellIds) {
      const claim = claims.filter((each) => each.cellId === cellId);
      await claimCells(test.store, claims);
      expect((await claimCells(test.store, claim)).get(cellId)).toBe(2);
    }
    for (let time = 0; time < 3; time += 1) await unclaimCells(test.store, claims);
    // Nor does an attempt take back what another one counted.
    await unclaimCells(test.store, earlier);
    const counts = await claimCells(test.store, claimsOn(cellIds));
    expect([...counts.values()]).toEqual([2, 2]);
  });
});

describe('commitCells', () => {
  it('writes a cell, its scores and its outbox rows, and reads the same back', async () => {
    const { experimentId, cellIds } = await newCells(test.store, 1);
    const [cellId = ''] = cellIds;
    const commit = commitOf(cellId, {
      output: null,
      error: { ...cancelled, problems: [{ at: 'x', message: 'nul \u0000' }] },
      evaluatorFailures: [{ evaluator: 'tone', required: false, error: cancelled }],
      calls: [
        {
          path: 'target/call/1',
          kind: 'chat',
          purpose: 'target',
          provider: 'openai',
          model: 'm',
          parameters: { temperature: 0 },
          input: [{ role: 'user', content: 'half \ud83d' }],
          output: 'nul \u0000',
          startedAt: '2026-01-02T03:04:05.006Z',
          endedAt: '2026-01-02T03:04:05.906Z',
          costPico: 123_456_789_012_345_678n,
        },
        {
          path: 'judge:tone/call/1',
          kind: 'chat',
          purpose: 'judge',
          provider: 'openai',
          model: 'm',
          parameters: {},
          input: '',
          startedAt: '2026-01-02T03:04:05.006Z',
          endedAt: '2026-01-02T03:04:05.906Z',
        },
      ],
      scores: [
        { name: 'a', evaluator: 'e', value: { type: 'NUMERIC', value: 0.1 }, passed: false },
        {
          name: 'b',
          evaluator: 'e',
          value: { type: 'CATEGORICAL', value: 'good' },
          comment: {
            passed_items: ['p\u0000'],
            failed_items: [],
            reasoning: 'half \udc00',
            suggestions: [],
          },
        },
        { name: 'c', evaluator: 'e', value: { type: 'BOOLEAN', value: false } },
      ],
      targetCostPico: 1n,
      judgeCostPico: 999_999_999_999_999_999n,
      usage: { inputTokens: 3_000_000_000, outputTokens: 0, cachedInputTokens: 2 },
      sanitised: true,
    });
    expect(await commitCells(test.store, [commit])).toEqual(new Set([cellId]));
    const stored = await collect(streamResults(test.store, experimentId));
    expect(stored).toEqual([
      {
        ...commit.result,
        traceId: commit.traceId,
        ordinal: 0,
        item: itemOf(0),
        itemHash: 'hash-0',
        platformItemId: undefined,
      },
    ]);
    expect(await cellsByIds(test.store, [cellId])).toEqual(stored);
    expect(await rowsIn('outbox', cellId)).toBe(2);
  });

  it('keeps an output of null apart from no output', async () => {
    const { cellIds } = await newCells(test.store, 2);
    const [first = '', second = ''] = cellIds;
    const { output: _output, ...without } = commitOf(second).result;
    await commitCells(test.store, [
      commitOf(first, { output: null }),
      { ...commitOf(second), result: without },
    ]);
    const cells = await cellsByIds(test.store, cellIds);
    expect(cells.map((cell) => ('output' in cell ? cell.output : 'absent'))).toEqual([
      null,
      'absent',
    ]);
  });

  it('changes nothing for a zombie that commits a cell a second time', async () => {
    const { experimentId, cellIds } = await newCells(test.store, 1);
    const [cellId = ''] = cellIds;
    await commitCells(test.store, [commitOf(cellId)]);
    const before = await collect(streamResults(test.store, experimentId));
    const zombie = commitOf(cellId, {
      status: 'target_error',
      output: 'other',
      scores: [{ name: 'late', evaluator: 'late', value: { type: 'NUMERIC', value: 1 } }],
    });
    expect(await commitCells(test.store, [zombie])).toEqual(new Set());
    expect(await collect(streamResults(test.store, experimentId))).toEqual(before);
    expect([await rowsIn('scores', cellId), await rowsIn('outbox', cellId)]).toEqual([1, 2]);
  });

  it('lets exactly one of two commits at the same moment win, with its own scores', async () => {
    const { cellIds } = await newCells(test.store, 20);
    const commitsOf = (evaluator: string) =>
      cellIds.map((cellId) =>
        commitOf(cellId, {
          output: evaluator,
          scores: [{ name: evaluator, evaluator, value: { type: 'NUMERIC', value: 1 } }],
        }),
      );
    const [a, b] = await Promise.all([
      commitCells(test.store, commitsOf('a')),
      commitCells(test.store, commitsOf('b').reverse()),
    ]);
    expect([...a, ...b].sort()).toEqual([...cellIds].sort());
    for (const cell of await cellsByIds(test.store, cellIds)) {
      expect(cell.scores.map(({ name }) => name)).toEqual([cell.output]);
      expect(cell.output).toBe(a.has(cell.cellId) ? 'a' : 'b');
      expect(await rowsIn('outbox', cell.cellId)).toBe(2);
    }
  });

  it('takes the first of two commits of one cell in one batch', async () => {
    const { cellIds } = await newCells(test.store, 1);
    const [cellId = ''] = cellIds;
    await commitCells(test.store, [
      commitOf(cellId, { output: 'first' }),
      commitOf(cellId, { output: 'second' }),
    ]);
    const [cell] = await cellsByIds(test.store, [cellId]);
    expect(cell?.output).toBe('first');
    expect(await rowsIn('outbox', cellId)).toBe(2);
  });

  it('stores a categorical score and a usage that the columns cannot hold, in the nearest form', async () => {
    const { cellIds } = await newCells(test.store, 2);
    const [bad = '', good = ''] = cellIds;
    await commitCells(test.store, [
      commitOf(bad, {
        scores: [
          {
            name: 'n\u0000',
            evaluator: 'e',
            value: { type: 'CATEGORICAL', value: 'a\u0000\ud800' },
          },
        ],
        usage: { inputTokens: 1.5, outputTokens: Number.POSITIVE_INFINITY },
      }),
      commitOf(good),
    ]);
    const cells = await cellsByIds(test.store, cellIds);
    expect(cells[0]?.scores).toEqual([
      { name: 'n\ufffd', evaluator: 'e', value: { type: 'CATEGORICAL', value: 'a\ufffd\ufffd' } },
    ]);
    expect(cells[0]?.usage).toEqual({ inputTokens: 1, outputTokens: 0 });
    expect(cells[1]?.status).toBe('ok');
  });
});

describe('counts and results', () => {
  it('count every planned cell in exactly one state, and skip what still waits', async () => {
    const { experimentId, cellIds } = await newCells(test.store, 5);
    const [a = '', b = '', c = '', late = ''] = cellIds;
    await commitCells(test.store, [
      commitOf(a),
      commitOf(b, { status: 'target_error', error: cancelled }),
      commitOf(c, { status: 'evaluator_error' }),
    ]);
    expect(await countCells(test.store, experimentId)).toEqual({
      planned: 5,
      pending: 2,
      ok: 1,
      target_error: 1,
      evaluator_error: 1,
      skipped: 0,
    });
    expect(await skipPending(test.store, experimentId, { waiting: cancelled })).toBe(2);
    expect(await commitCells(test.store, [commitOf(late)])).toEqual(new Set());
    expect(await countCells(test.store, experimentId)).toMatchObject({ pending: 0, skipped: 2 });
    const [skipped] = await cellsByIds(test.store, [late]);
    expect(skipped).toMatchObject({ status: 'skipped', error: cancelled, traceId: undefined });
  });

  it('stream all cells by item and repetition whatever the size of the pages', async () => {
    const experimentId = await newExperiment(test.store);
    await insertPage(test.store, {
      experimentId,
      items: Array.from({ length: 7 }, (_, ordinal) => ({
        ordinal,
        item: itemOf(ordinal),
        hash: 'h',
      })),
      repetitions: 3,
      positionOf: (ordinal, repetition) => ((ordinal * 3 + repetition - 1) * 5) % 21,
    });
    const cells = await pendingCells(test.store, {
      experimentId,
      fromPosition: 0,
      toPosition: 21,
    });
    await commitCells(
      test.store,
      cells.map(({ cellId }, index) =>
        commitOf(cellId, { status: index % 2 === 0 ? 'ok' : 'target_error' }),
      ),
    );
    const expected = Array.from({ length: 21 }, (_, index) => [
      Math.floor(index / 3),
      (index % 3) + 1,
    ]);
    for (const pageSize of [1, 4, 7, 21, 100]) {
      const all = await collect(streamResults(test.store, experimentId, { pageSize }));
      expect(all.map(({ ordinal, repetition }) => [ordinal, repetition])).toEqual(expected);
    }
    const ok = await collect(
      streamResults(test.store, experimentId, { status: ['ok'], pageSize: 2 }),
    );
    expect(ok).toHaveLength(11);
    expect(new Set(ok.map(({ status }) => status))).toEqual(new Set(['ok']));
  });
});
