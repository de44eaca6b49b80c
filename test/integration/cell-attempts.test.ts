import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  createCellAttempts,
  type BatchWork,
} from '../../src/activities/experiment/cell-attempts.js';
import { createCellCommitter } from '../../src/activities/experiment/cell-committer.js';
import type { RunCell } from '../../src/activities/experiment/run-cell.js';
import { AssayError } from '../../src/core/errors/assay-error.js';
import { createGovernor } from '../../src/models/governor.js';
import { pendingCells, type PendingCell } from '../../src/store/cells.js';
import { openStore, type Store } from '../../src/store/store.js';
import { rowsOf } from '../../src/store/query.js';
import { until } from '../support/until.js';
import { newCells, openTestStore, resultOf, specOf, type TestStore } from './store-fixtures.js';
import { openProxy, type Proxy } from './store-proxy.js';

const away = new AssayError('POSTGRES_UNREACHABLE', 'Postgres does not answer.');

describe('attempts at cells', () => {
  let test: TestStore;
  let proxy: Proxy;
  let store: Store;

  beforeAll(async () => {
    test = await openTestStore();
    proxy = await openProxy(test.database.url);
    store = await openStore({ url: proxy.url, applicationName: 'assay test' });
  });
  afterAll(async () => {
    await store.close();
    await proxy.close();
    await test.close();
  });

  const newCell = async (): Promise<PendingCell> => {
    const { experimentId } = await newCells(test.store, 1);
    const [cell] = await pendingCells(test.store, {
      experimentId,
      fromPosition: 0,
      toPosition: 1,
    });
    if (cell === undefined) throw new Error('no cell was planned');
    return cell;
  };
  const claimsOf = async ({ cellId }: PendingCell): Promise<number | undefined> => {
    const rows = await rowsOf<{ claims: number }>(
      test.store,
      'select claims from assay.experiment_cells where id = $1',
      [cellId],
    );
    return rows[0]?.claims;
  };
  const workOf = (change: Partial<BatchWork> = {}): BatchWork => ({
    run: {
      experimentId: 'shop/x',
      spec: specOf('x'),
      concurrency: 4,
      target: {
        identity: { name: 't', kind: 'function', hash: 'h' },
        run: () => Promise.resolve(),
      },
      evaluators: [],
      publications: [],
      runUid: 'uid',
      identities: { targetHash: () => '0'.repeat(32), scoreHashes: () => new Map() },
    } as unknown as BatchWork['run'],
    stop: new AbortController().signal,
    abandon: new AbortController().signal,
    ...change,
  });
  const attemptsWith = (runCell: RunCell) =>
    createCellAttempts({
      store,
      governor: createGovernor(),
      runCell,
      committer: createCellCommitter(store),
    });

  it('run a cell once where its batch comes a second time to the same process, with one outcome', async () => {
    const cell = await newCell();
    let runs = 0;
    let end = (): void => undefined;
    const ending = new Promise<void>((resolve) => (end = resolve));
    const { attempt } = attemptsWith(async ({ cellId }) => {
      runs += 1;
      await ending;
      return resultOf(cellId);
    });
    const lost = attempt(cell, workOf());
    await until(() => runs === 1);
    const second = attempt(cell, workOf());
    await sleep(50);
    end();
    expect(await Promise.all([lost, second])).toEqual([
      { kind: 'ended', status: 'ok' },
      { kind: 'ended', status: 'ok' },
    ]);
    expect([runs, await claimsOf(cell)]).toEqual([1, 1]);
  });

  it('run a cell whose first attempt never started', async () => {
    const cell = await newCell();
    const { attempt } = attemptsWith(({ cellId }) => Promise.resolve(resultOf(cellId)));
    const stopped = attempt(cell, workOf({ stop: AbortSignal.abort(new Error('stopped')) }));
    const second = attempt(cell, workOf());
    expect(await stopped).toEqual({ kind: 'not_started' });
    expect(await second).toEqual({ kind: 'ended', status: 'ok' });
  });

  it('hold nothing against a cell whose attempt ended because Postgres was away', async () => {
    const cell = await newCell();
    const { attempt } = attemptsWith(async () => {
      await proxy.cut();
      throw away;
    });
    const failed = attempt(cell, workOf());
    const settled = failed.catch((error: unknown) => error);
    await sleep(500);
    await proxy.mend();
    expect(await settled).toBe(away);
    expect(await claimsOf(cell)).toBe(0);
  });

  it('hold nothing against a cell whose claim was committed and its answer lost', async () => {
    const cell = await newCell();
    let counted: number | undefined;
    const { attempt } = attemptsWith(({ cellId, claims }) => {
      counted = claims;
      return Promise.resolve(resultOf(cellId));
    });
    proxy.loseAnswers();
    const settled = attempt(cell, workOf()).catch((error: unknown) => error);
    await sleep(300);
    await proxy.cut();
    await proxy.mend();
    expect(await settled).toMatchObject({ code: 'POSTGRES_UNREACHABLE' });
    expect(await claimsOf(cell)).toBe(0);
    expect(await attempt(cell, workOf())).toEqual({ kind: 'ended', status: 'ok' });
    expect(counted).toBe(1);
  });

  it('give up on Postgres once the process is about to end', async () => {
    const cell = await newCell();
    const ending = new AbortController();
    const { attempt } = attemptsWith(async () => {
      await proxy.cut();
      throw away;
    });
    const settled = attempt(cell, workOf({ abandon: ending.signal })).catch(
      (error: unknown) => error,
    );
    await sleep(200);
    ending.abort(new Error('the time is over'));
    expect(await settled).toBe(away);
    await proxy.mend();
  });
});
