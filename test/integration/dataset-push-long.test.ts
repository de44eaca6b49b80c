import { Context } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import {
  datasetPushSchema,
  type DatasetActivities,
  type PushReply,
  type PushSlice,
  type PushState,
  type SliceReply,
} from '../../src/contracts/dataset-push.js';
import {
  datasetPushWorkflowId,
  datasetPushWorkflowType,
  pushProgressQuery,
  taskQueues,
} from '../../src/core/experiment/naming.js';
import { useShortHistories } from '../support/short-history-temporal.js';
import { testTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import { unique } from './store-fixtures.js';

/** The server suggests a new execution after so many events: four slices. */
const historyEvents = 40;
const dataset = 'long';
/** Longer than the hour that a platform asks to be left alone. */
const patienceMs = 86_400_000;
/** What production runs: the bundle of the build. */
const code = readFileSync(resolve('dist/workers/workflows.bundle.js'), 'utf8');

let server: { stop(): Promise<void> };
let connection: Connection;
let native: NativeConnection;
let stopWorkers: (() => Promise<void>) | undefined;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  server = await useShortHistories(historyEvents);
  const { address } = await testTemporal();
  connection = await Connection.connect({ address });
  native = await NativeConnection.connect({ address });
});
afterEach(async () => {
  await stopWorkers?.();
  stopWorkers = undefined;
});
afterAll(async () => {
  await native.close();
  await connection.close();
  await server.stop();
});

type Slices = DatasetActivities['pushSlice'];

/** Workers that run the workflow as it is, over activities that answer as the test says. */
async function startWorkers(project: string, platforms: readonly string[], pushSlice: Slices) {
  const queues = taskQueues(project);
  // An activity learns that it is cancelled by a heartbeat.
  const shared = {
    connection: native,
    workflowBundle: { code },
    maxHeartbeatThrottleInterval: 100,
  };
  const givenUp: { readonly platform: string; readonly code: string }[] = [];
  const activities: DatasetActivities = {
    checkPush: () => Promise.resolve({ checked: { stamp: 'a'.repeat(64), items: 100, platforms } }),
    pushSlice,
    async givePushUp(slice, error) {
      // As long as a database takes: the other platform's must not be lost meanwhile.
      await new Promise((resolve) => setTimeout(resolve, slice.platform === 'langfuse' ? 300 : 0));
      givenUp.push({ platform: slice.platform, code: error.code });
      return { ...at(slice, 0), phase: 'failed', error };
    },
  };
  const workers = await Promise.all(
    [queues.orchestration, queues.publishing].map((taskQueue) =>
      Worker.create({ ...shared, taskQueue, activities: { ...activities } }),
    ),
  );
  const running = workers.map((worker) => worker.run());
  stopWorkers = async () => {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
  };
  return { givenUp };
}

const at = ({ platform }: PushSlice, position: number): SliceReply => ({
  platform,
  phase: position >= 100 ? 'done' : 'writing',
  listed: 0,
  position,
  items: 100,
  unchanged: 0,
  added: position,
  changed: 0,
  removed: 0,
  archived: 0,
  requests: position,
});

const away = (waitMs: number): Pick<SliceReply, 'away'> => ({
  away: {
    error: { code: 'PLATFORM_UNREACHABLE', title: 'away', message: 'It is away.', problems: [] },
    waitMs,
  },
});

async function start(project: string, state?: PushState) {
  const client = new Client({ connection });
  const workflowId = datasetPushWorkflowId(project, dataset);
  const request = datasetPushSchema.parse({ project, dataset, patienceMs });
  const handle = await client.workflow.start(datasetPushWorkflowType, {
    workflowId,
    taskQueue: taskQueues(project).orchestration,
    args: [request, ...(state === undefined ? [] : [state])],
  });
  return {
    result: () => handle.result() as Promise<PushReply>,
    /** The query goes to the execution that runs now. */
    shown: () => client.workflow.getHandle(workflowId).query(pushProgressQuery),
    async histories() {
      const all: temporal.api.history.v1.IHistoryEvent[][] = [];
      let runId: string | undefined = handle.firstExecutionRunId;
      while (runId !== undefined) {
        const { events }: temporal.api.history.v1.IHistory = await client.workflow
          .getHandle(workflowId, runId)
          .fetchHistory();
        all.push(events ?? []);
        runId =
          events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId ??
          undefined;
      }
      return all;
    },
  };
}

const seconds = (of: temporal.api.history.v1.ITimerStartedEventAttributes): number =>
  Number(of.startToFireTimeout?.seconds ?? 0) + (of.startToFireTimeout?.nanos ?? 0) / 1e9;

describe('a push of many slices', () => {
  it('goes on in new executions as the same push, and no history grows beyond what the server suggests', async () => {
    const project = unique('many');
    const seen: PushSlice[] = [];
    await startWorkers(project, ['langfuse'], (slice) => {
      seen.push(slice);
      return Promise.resolve(at(slice, seen.length * 5));
    });
    const push = await start(project);
    expect(await push.result()).toMatchObject({
      pushed: { items: 100 },
      platforms: [{ platform: 'langfuse', phase: 'done', added: 100, position: 100 }],
    });
    expect(seen).toHaveLength(20);
    expect(new Set(seen.map(({ pushId }) => pushId)).size).toBe(1);
    // A slice doubles up to its longest also over the seam.
    expect(seen.map(({ sliceMs }) => sliceMs).slice(0, 7)).toEqual([
      20_000, 40_000, 80_000, 160_000, 320_000, 600_000, 600_000,
    ]);
    const histories = await push.histories();
    expect(histories.length).toBeGreaterThan(2);
    for (const events of histories) expect(events.length).toBeLessThan(historyEvents + 15);
    // Its files were looked at once.
    const checks = histories
      .flat()
      .filter(
        ({ activityTaskScheduledEventAttributes: scheduled }) =>
          scheduled?.activityType?.name === 'checkPush',
      );
    expect(checks).toHaveLength(1);
    expect(await push.shown()).toMatchObject({
      pushId: seen[0]?.pushId,
      request: { project, dataset },
    });
  });

  it('asks a platform that waits for an hour no earlier because the other one fills the history', async () => {
    const project = unique('aside');
    let waits = 0;
    let slices = 0;
    await startWorkers(project, ['langfuse', 'langsmith'], (slice) => {
      if (slice.platform === 'langsmith') {
        waits += 1;
        return Promise.resolve({ ...at(slice, 7), ...away(3_600_000) });
      }
      slices += 1;
      return Promise.resolve(at(slice, slices * 5));
    });
    const push = await start(project);
    await until(() => Promise.resolve(slices === 20));
    await until(async () => (await push.histories()).length > 2);
    expect(waits).toBe(1);
    const timers = (await push.histories()).flatMap((events) =>
      events.flatMap(({ timerStartedEventAttributes: timer }) => timer ?? []),
    );
    expect(timers.length).toBeGreaterThan(2);
    for (const timer of timers) expect(seconds(timer)).toBeGreaterThan(3_500);
    const client = new Client({ connection });
    await client.workflow.getHandle(datasetPushWorkflowId(project, dataset)).terminate();
  });
});

describe('a push that somebody cancels', () => {
  it('is recorded as given up on each platform that it was not done with, at work or waiting', async () => {
    const project = unique('cancelled');
    const { platforms, givenUp } = await cancelled(project, ['done', 'langfuse', 'langsmith']);
    expect(platforms).toEqual(['done', 'langfuse', 'langsmith']);
    expect([...givenUp].sort((a, b) => (a.platform < b.platform ? -1 : 1))).toEqual([
      { platform: 'langfuse', code: 'DATASET_PUSH_CANCELLED' },
      { platform: 'langsmith', code: 'DATASET_PUSH_CANCELLED' },
    ]);
  });

  /** One platform is done, one at work, one away for an hour; then it is cancelled. */
  async function cancelled(project: string, platforms: readonly string[]) {
    const begun = new Set<string>();
    const { givenUp } = await startWorkers(project, platforms, async (slice) => {
      begun.add(slice.platform);
      if (slice.platform === 'done') return at(slice, 100);
      if (slice.platform === 'langsmith') return { ...at(slice, 7), ...away(3_600_000) };
      const { heartbeat, cancelled: stopped } = Context.current();
      const beats = setInterval(() => {
        heartbeat();
      }, 50);
      await stopped.finally(() => {
        clearInterval(beats);
      });
      return at(slice, 0);
    });
    const push = await start(project);
    const waits = async (): Promise<boolean> =>
      (await push.histories()).flat().some((event) => event.timerStartedEventAttributes);
    await until(async () => begun.size === platforms.length && (await waits()));
    await new Client({ connection }).workflow
      .getHandle(datasetPushWorkflowId(project, dataset))
      .cancel();
    await expect(push.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    return { platforms: [...begun].sort(), givenUp };
  }
});

describe('a platform that is away for long', () => {
  it('is asked ever more rarely, over the seam of two executions too, and from the start again once it moved', async () => {
    const project = unique('away');
    let slices = 0;
    await startWorkers(project, ['langfuse'], (slice) => {
      slices += 1;
      const position = slices < 4 ? 0 : slices < 9 ? 50 : 100;
      return Promise.resolve({ ...at(slice, position), ...(slices < 9 ? away(50) : {}) });
    });
    const push = await start(project);
    expect(await push.result()).toMatchObject({ platforms: [{ phase: 'done' }] });
    const histories = await push.histories();
    expect(histories.length).toBeGreaterThan(1);
    const timers = histories.flatMap((events) =>
      events.flatMap(({ timerStartedEventAttributes: timer }) => timer ?? []),
    );
    expect(timers.map(seconds)).toEqual([0.05, 0.1, 0.2, 0.05, 0.1, 0.2, 0.4, 0.8]);
  });

  it.each([
    ['is given up once its silence has lasted as long over all executions as was said', patienceMs],
    ['is waited for where its silence has not', 0],
  ])(
    '%s',
    async (_guarantee, ms) => {
      const project = unique('silent');
      let slices = 0;
      await startWorkers(project, ['langfuse'], (slice) => {
        slices += 1;
        return Promise.resolve({ ...at(slice, slices < 3 ? 50 : 100), ...away(50) });
      });
      const before = {
        checked: { stamp: 'a'.repeat(64), items: 100, platforms: ['langfuse'] },
        sides: [{ platform: 'langfuse', sliceMs: 1, silence: { done: 50, ms, waits: 1 } }],
      };
      const push = await start(project, before);
      expect(await push.result()).toMatchObject({
        platforms: [{ phase: ms === 0 ? 'done' : 'failed' }],
      });
      expect(slices).toBe(ms === 0 ? 3 : 1);
    },
    150_000,
  );
});
