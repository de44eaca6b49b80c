import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { ScoreRecord } from '../../src/contracts/records.js';
import { commitCells } from '../../src/store/cell-commit.js';
import { insertPage } from '../../src/store/items.js';
import { pendingCells } from '../../src/store/cells.js';
import { expectedRecords } from '../../src/store/outbox.js';
import { publicationCounts } from '../../src/store/publication.js';
import { expectedOfRun, putRunScores, scoreFigures } from '../../src/store/run-scores.js';
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

const number = (name: string, value: number, passed?: boolean): ScoreRecord => ({
  name,
  evaluator: `of ${name}`,
  value: { type: 'NUMERIC', value },
  ...(passed === undefined ? {} : { passed }),
});

describe('the figures of a run', () => {
  it('are those of each repetition and score name, over all planned cells', async () => {
    const experimentId = await newExperiment(test.store);
    await insertPage(test.store, {
      experimentId,
      items: [0, 1].map((ordinal) => ({ ordinal, item: itemOf(ordinal), hash: `h${ordinal}` })),
      repetitions: 2,
      positionOf: (ordinal, repetition) => ordinal * 2 + repetition - 1,
    });
    const cells = await pendingCells(test.store, { experimentId, fromPosition: 0, toPosition: 4 });
    const scores = (repetition: number, ordinal: number): readonly ScoreRecord[] =>
      repetition === 2 && ordinal === 1
        ? []
        : [
            number('graded', ordinal + 1, ordinal === 0),
            number('mean', repetition * 10 + ordinal),
            number('huge', 1e300),
            { name: 'label', evaluator: 'l', value: { type: 'CATEGORICAL', value: 'x' } },
          ];
    await commitCells(
      test.store,
      cells.map(({ cellId, ordinal, repetition }) =>
        commitOf(cellId, { repetition, scores: scores(repetition, ordinal) }),
      ),
    );
    const none = { planned: 2, graded: 0, passed: 0, numbers: 0, sum: 0 };
    const first = { ...none, repetition: 1 };
    const second = { ...none, repetition: 2 };
    expect(await scoreFigures(test.store, experimentId)).toEqual([
      {
        ...first,
        name: 'graded',
        evaluator: 'of graded',
        graded: 2,
        passed: 1,
        numbers: 2,
        sum: 3,
      },
      { ...first, name: 'huge', evaluator: 'of huge' },
      { ...first, name: 'label', evaluator: 'l' },
      { ...first, name: 'mean', evaluator: 'of mean', numbers: 2, sum: 21 },
      {
        ...second,
        name: 'graded',
        evaluator: 'of graded',
        graded: 1,
        passed: 1,
        numbers: 1,
        sum: 1,
      },
      { ...second, name: 'huge', evaluator: 'of huge' },
      { ...second, name: 'label', evaluator: 'l' },
      { ...second, name: 'mean', evaluator: 'of mean', numbers: 1, sum: 20 },
    ]);
  });
});

describe('the scores of a run as a whole', () => {
  it('stand in the outbox once however often they are put, and in counts of their own', async () => {
    const { experimentId, cellIds } = await newCells(test.store, 1);
    await commitCells(test.store, [commitOf(cellIds[0] ?? '', {}, experimentId)]);
    const put = {
      experimentId,
      platform: 'langfuse',
      partition: experimentId,
      records: [
        { runId: 'run-1', body: '[{},{}]', ids: ['a1', 'b1'] },
        { runId: 'run-2', body: '[{}]', ids: ['a2'] },
      ],
    };
    const all = await Promise.all([putRunScores(test.store, put), putRunScores(test.store, put)]);
    expect(all.sort()).toEqual([0, 2]);
    expect(await putRunScores(test.store, put)).toBe(0);
    expect(await publicationCounts(test.store, experimentId)).toMatchObject([
      { expectedTraces: 1, expectedScores: 1, expectedRunScores: 3, verifiedRunScores: 0 },
    ]);
    const selection = { experimentId, platform: 'langfuse' };
    expect(await expectedOfRun(test.store, selection)).toEqual([
      { runId: 'run-1', ids: expect.arrayContaining(['a1', 'b1']) },
      { runId: 'run-2', ids: ['a2'] },
    ]);
    const runs: unknown[] = [];
    for await (const page of expectedRecords(test.store, { ...selection, kind: 'scores' })) {
      runs.push(...page.map(({ cellId, runId }) => [cellId !== undefined, runId]));
    }
    expect(runs).toEqual([
      [true, undefined],
      [false, 'run-1'],
      [false, 'run-2'],
    ]);
  });

  it('that the platform refused are expected no more', async () => {
    const { experimentId } = await newCells(test.store, 1);
    await putRunScores(test.store, {
      experimentId,
      platform: 'langfuse',
      partition: experimentId,
      records: [{ runId: 'run-1', body: '[{},{}]', ids: ['a1', 'b1'] }],
    });
    await test.store.query(
      `update assay.outbox set sent_at = now(), refused = '[{"id":"b1","reason":"no"}]'
        where experiment_id = $1`,
      [experimentId],
    );
    const selection = { experimentId, platform: 'langfuse' };
    expect(await expectedOfRun(test.store, selection)).toEqual([{ runId: 'run-1', ids: ['a1'] }]);
    expect(await publicationCounts(test.store, experimentId)).toMatchObject([
      { expectedScores: 0, expectedRunScores: 1, refused: 1 },
    ]);
  });
});
