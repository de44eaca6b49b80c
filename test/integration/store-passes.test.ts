import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { passRequestSchema, type PassRequestInput } from '../../src/contracts/pass.js';
import { commitCells } from '../../src/store/cell-commit.js';
import { finishExperiment, markCellsDone } from '../../src/store/experiment-end.js';
import { retireJudged } from '../../src/store/passes/retire.js';
import { pendingDeletions, settleDeletions } from '../../src/store/passes/deletions.js';
import { commitJudgements } from '../../src/store/passes/judgements.js';
import { openPass } from '../../src/store/passes/open-pass.js';
import { rowsOf } from '../../src/store/query.js';
import { countFailedCells } from '../../src/store/run-commands.js';
import {
  commitOf,
  judgementOf,
  newCells,
  openTestStore,
  type TestStore,
  unique,
} from './store-fixtures.js';

describe('the rows of passes', () => {
  let test: TestStore;

  beforeAll(async () => {
    test = await openTestStore();
  });
  afterAll(() => test.close());

  const newEnded = async (items = 1): ReturnType<typeof newCells> => {
    const run = await newCells(test.store, items);
    await commitCells(
      test.store,
      run.cellIds.map((cellId) => commitOf(cellId)),
    );
    await test.store.query(
      'update assay.experiments set planned_at = clock_timestamp() where id = $1',
      [run.experimentId],
    );
    await finishExperiment(test.store, run.experimentId, { status: 'completed' });
    return run;
  };
  const open = async (experimentId: string, request: PassRequestInput): Promise<number> => {
    const opened = await openPass(test.store, {
      experimentId,
      request: passRequestSchema.parse(request),
      requestHash: unique('hash'),
      token: unique('token'),
      workflowRunId: 'run',
      manifestHash: undefined,
      details: {},
    });
    if (opened.state !== 'opened') throw new Error(opened.state);
    return opened.pass.pass;
  };
  const workOf = async (experimentId: string, pass: number): Promise<readonly string[]> => {
    const rows = await rowsOf<{ id: string }>(
      test.store,
      'select id from assay.experiment_cells where experiment_id = $1 and pass = $2 order by id',
      [experimentId, pass],
    );
    return rows.map(({ id }) => id);
  };

  it('delete no score that is given again, where an earlier deletion did not get through', async () => {
    const { experimentId, cellIds } = await newEnded();
    const [cellId = ''] = cellIds;
    const scores = commitOf(cellId).outbox[0]?.records.filter(({ kind }) => kind === 'scores');
    const [scoreId = ''] = scores?.[0]?.ids ?? [];
    const pass = await open(experimentId, { kind: 'rejudge' });
    for (const target of [scoreId, 'another']) {
      await test.store.query(
        `insert into assay.platform_deletions (experiment_id, platform, kind, target_id, pass)
         values ($1, 'langfuse', 'score', $2, 2)`,
        [experimentId, target],
      );
    }
    const [workId = ''] = await workOf(experimentId, pass);
    await commitJudgements(test.store, [
      judgementOf(workId, cellId, [
        { platform: 'langfuse', partition: 'shop', records: scores ?? [] },
      ]),
    ]);
    await retireJudged(test.store, { experimentId, pass });
    const left = await pendingDeletions(test.store, {
      experimentId,
      platform: 'langfuse',
      limit: 10,
    });
    expect(left.map(({ targetId }) => targetId)).toEqual(['another']);
  });

  it('of a pass that could not be closed keep no later pass from ending', async () => {
    const { experimentId } = await newEnded();
    await open(experimentId, { kind: 'rejudge' });
    expect(await markCellsDone(test.store, experimentId)).toBeUndefined();
    // Its judgement was never made, and the run has ended all the same.
    await finishExperiment(test.store, experimentId, { status: 'failed' });
    await open(experimentId, { kind: 'verify' });
    expect(await markCellsDone(test.store, experimentId)).toBeDefined();
  });

  it('count failed cells by their last revision', async () => {
    const { experimentId, cellIds } = await newCells(test.store, 3);
    expect(await countFailedCells(test.store, experimentId)).toBe(0);
    const statuses = ['target_error', 'evaluator_error', 'ok'] as const;
    await commitCells(
      test.store,
      cellIds.map((cellId, index) => commitOf(cellId, { status: statuses[index] ?? 'ok' })),
    );
    expect(await countFailedCells(test.store, experimentId)).toBe(2);
    await finishExperiment(test.store, experimentId, { status: 'completed' });
    await open(experimentId, { kind: 'retry' });
    expect(await countFailedCells(test.store, experimentId)).toBe(0);
  });

  it('keep why a platform refuses, whatever bytes it says that in', async () => {
    const { experimentId } = await newEnded();
    const [row] = await rowsOf<{ id: string }>(
      test.store,
      `insert into assay.platform_deletions (experiment_id, platform, kind, target_id, pass)
       values ($1, 'langfuse', 'trace', 'trace', 2) returning id`,
      [experimentId],
    );
    await settleDeletions(test.store, [row?.id ?? ''], 'not \u0000 today');
    const of = { experimentId, platform: 'langfuse', limit: 10 };
    expect(await pendingDeletions(test.store, of)).toEqual([]);
  });
});
