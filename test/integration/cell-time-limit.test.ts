import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import type { ExperimentPorts } from '../../src/activities/experiment/ports.js';
import { cellLimits } from '../../src/core/experiment/cell-limits.js';
import { createRunCell } from '../../src/activities/experiment/run-cell.js';
import type { RunningExperiment } from '../../src/activities/experiment/running-experiment.js';
import { configSchema } from '../../src/contracts/config.js';
import type { CellResult } from '../../src/contracts/records.js';
import { createGovernor, type Governor } from '../../src/models/governor.js';
import { createModelCallers } from '../../src/models/model-caller.js';
import { createPaidCalls } from '../../src/models/paid-calls.js';
import { createOutbound, type Outbound } from '../../src/outbound/outbound.js';
import { pendingCells, type PendingCell } from '../../src/store/cells.js';
import { createJournal, type Journal } from '../../src/store/journal/journal.js';
import { openStore, type Store } from '../../src/store/store.js';
import type { Target } from '../../src/targets/port.js';
import { apiKey, startTestModel, type TestModel } from '../contract/model-support.js';
import { until } from '../support/until.js';
import { newCells, openTestStore, specOf, type TestStore } from './store-fixtures.js';
import { openProxy, type Proxy } from './store-proxy.js';

const targetMs = 1_000;

describe("a target's time limit", () => {
  let test: TestStore;
  let proxy: Proxy;
  let store: Store;
  let journal: Journal;
  let model: TestModel;
  let outbound: Outbound;
  let governor: Governor;
  let cells: PendingCell[];

  beforeAll(async () => {
    test = await openTestStore();
    proxy = await openProxy(test.database.url);
    store = await openStore({ url: proxy.url, applicationName: 'assay test' });
    journal = await createJournal(store, { worker: 'test' });
    model = await startTestModel();
    outbound = createOutbound({ allow: [] });
    governor = createGovernor();
    const { experimentId } = await newCells(test.store, 5);
    const range = { experimentId, fromPosition: 0, toPosition: 5 };
    cells = [...(await pendingCells(test.store, range))];
  });
  afterEach(async () => {
    await model.admin('DELETE', '/faults');
    await model.admin('DELETE', '/calls');
    await model.admin('POST', '/latency', { latencyMs: 0 });
  });
  afterAll(async () => {
    await journal.close();
    await outbound.close();
    await model.close();
    await store.close();
    await proxy.close();
    await test.close();
  });

  const runOne = (): Promise<CellResult> => {
    const cell = cells.pop();
    if (cell === undefined) throw new Error('the fixture has too few cells');
    const paidCalls = createPaidCalls({ journal, governor });
    const environment = { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: apiKey };
    const { models } = configSchema.parse({
      project: 'p',
      targets: {},
      evaluators: {},
      models: { small: { model: 'demo-small' } },
    });
    const callers = createModelCallers({ models, paidCalls, environment });
    const ports = { models: callers, paidCalls, outbound, environment };
    const target: Pick<Target, 'run'> = {
      run: async (_input, context) => {
        const messages = [{ role: 'user' as const, content: 'Say hello' }];
        return (await context.models.chat({ model: 'small', messages })).text;
      },
    };
    const spec = specOf('x');
    const run = {
      experimentId: 'shop/x',
      runUid: 'uid',
      spec,
      limits: cellLimits({ ...spec, timeouts: { ...spec.timeouts, targetMs } }),
      target,
      evaluators: [],
      publications: [],
    };
    return createRunCell(ports as unknown as ExperimentPorts)(
      cell,
      run as unknown as RunningExperiment,
      new AbortController().signal,
    );
  };

  it('takes no time while a paid answer waits for Postgres', async () => {
    await model.admin('POST', '/latency', { latencyMs: 300 });
    const running = runOne();
    await until(async () => (await model.calls()).length === 1);
    await proxy.cut();
    await sleep(2 * targetMs);
    await proxy.mend();
    expect(await running).toMatchObject({ status: 'ok' });
    expect(await model.calls()).toHaveLength(1);
  });

  it('takes no time while a claim waits for Postgres', async () => {
    await proxy.cut();
    const running = runOne();
    await sleep(2 * targetMs);
    await proxy.mend();
    expect(await running).toMatchObject({ status: 'ok' });
  });

  it('takes no time while a provider that asked to wait is obeyed', async () => {
    await model.admin('POST', '/faults', { kind: 'status', status: 429, retryAfter: 1.5, next: 1 });
    expect(await runOne()).toMatchObject({ status: 'ok' });
    governor.holdBack(`openai/demo-small ${model.url}`, 1.5 * targetMs);
    expect(await runOne()).toMatchObject({ status: 'ok' });
  });

  it('ends a request that takes longer', async () => {
    await model.admin('POST', '/latency', { latencyMs: 5_000 });
    expect(await runOne()).toMatchObject({
      status: 'target_error',
      error: { code: 'TARGET_TIMEOUT' },
    });
  });
});
