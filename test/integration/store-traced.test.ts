import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startActiveObservation } from '@langfuse/tracing';

import type { CellResult } from '../../src/contracts/records.js';
import { encodeSpans } from '../../src/platforms/langfuse/v4/encode-spans.js';
import { commitCells, type CellCommit } from '../../src/store/cell-commit.js';
import { cellsByIds, streamResults } from '../../src/store/cell-results.js';
import { finishExperiment } from '../../src/store/experiment-end.js';
import { rowsOf } from '../../src/store/query.js';
import { pruneRun } from '../../src/store/retention.js';
import { registerTracing } from '../../src/tracing/register.js';
import { cellOf, collect } from '../unit/tracing/support.js';
import { item, run } from '../unit/platforms/langfuse/cell-fixture.js';
import { newCells, openTestStore, resultOf, type TestStore } from './store-fixtures.js';

const tracing = registerTracing(() => undefined);

describe('spans of users’ code in the store', () => {
  let test: TestStore;
  beforeAll(async () => {
    test = await openTestStore();
  });
  afterAll(() => test.close());

  /** One attempt at a cell: the same code, at another time and with another answer. */
  const attempt = async (cellId: string, answer: string): Promise<CellCommit> => {
    const of = cellOf('item-0');
    const { spans } = await collect(
      tracing,
      () =>
        startActiveObservation('answer', (outer) => {
          outer.startObservation('ask', { output: answer }, { asType: 'generation' }).end();
        }),
      of,
    );
    const cell: CellResult = resultOf(cellId, { spans, spansLeftOut: 2 });
    const record = encodeSpans({
      cell,
      item,
      run: { ...run, runUid: of.runUid },
      settings: { environment: 'assay', release: undefined },
    });
    return {
      result: cell,
      traceId: of.traceId,
      outbox: [{ platform: 'langfuse', partition: 'shop', records: [record] }],
    };
  };
  const outboxOf = (cellId: string) =>
    rowsOf<{ ids: readonly string[] }>(
      test.store,
      'select ids from assay.outbox where cell_id = $1',
      [cellId],
    );

  it('of two attempts that both end count those of the first, stored and sent once', async () => {
    const { cellIds } = await newCells(test.store, 1);
    const [cellId = ''] = cellIds;
    const [first, second] = [await attempt(cellId, 'one'), await attempt(cellId, 'two')];
    expect((await commitCells(test.store, [first])).size).toBe(1);
    expect((await commitCells(test.store, [second])).size).toBe(0);
    const [stored] = await cellsByIds(test.store, [cellId]);
    expect(stored?.spans).toEqual(first.result.spans);
    expect(stored?.spans?.map(({ output }) => output)).toEqual([undefined, 'one']);
    expect(stored?.spansLeftOut).toBe(2);
    const rows = await outboxOf(cellId);
    expect(rows).toHaveLength(1);
    // Whichever had won: root, target and two spans under the same four ids.
    expect(rows[0]?.ids).toEqual(second.outbox[0]?.records[0]?.ids);
    expect(new Set(rows[0]?.ids).size).toBe(4);
  });

  it('are not read where all cells of a run are, and cost nothing where there are none', async () => {
    const { cellIds, experimentId } = await newCells(test.store, 2);
    const [traced = '', plain = ''] = cellIds;
    await commitCells(test.store, [
      await attempt(traced, 'x'),
      { result: resultOf(plain), traceId: 't', outbox: [] },
    ]);
    const seen = [];
    for await (const cell of streamResults(test.store, experimentId)) seen.push(cell.spans);
    expect(seen).toEqual([undefined, undefined]);
    const rows = await rowsOf<{ traced: unknown }>(
      test.store,
      'select traced from assay.experiment_cells where id = $1',
      [plain],
    );
    expect(rows).toEqual([{ traced: null }]);
  });

  it('go with the other bodies when a run is pruned', async () => {
    const { cellIds, experimentId } = await newCells(test.store, 1);
    const [cellId = ''] = cellIds;
    await commitCells(test.store, [await attempt(cellId, 'x')]);
    await finishExperiment(test.store, experimentId, { status: 'completed' });
    await pruneRun(test.store, experimentId);
    const [stored] = await cellsByIds(test.store, [cellId]);
    expect(stored?.spans).toBeUndefined();
    expect(stored?.status).toBe('ok');
  });
});
