import { activityInfo } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import {
  platformMigrationSchema,
  type MoveReply,
  type MoveReport,
  type PlatformMigrationActivities,
} from '../../src/contracts/platform-migration.js';
import {
  platformMigrationWorkflowId,
  platformMigrationWorkflowType,
  taskQueues,
} from '../../src/core/experiment/naming.js';
import { useShortHistories } from '../support/short-history-temporal.js';
import { testTemporal } from '../support/temporal.js';
import { until } from '../support/until.js';
import { unique } from './store-fixtures.js';

/** The server suggests a new execution after so many events. */
const historyEvents = 40;
/** What production runs: the bundle of the build. */
const code = readFileSync(resolve('dist/workers/workflows.bundle.js'), 'utf8');

let server: { stop(): Promise<void> };
let connection: Connection;
let native: NativeConnection;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  server = await useShortHistories(historyEvents);
  const { address } = await testTemporal();
  connection = await Connection.connect({ address });
  native = await NativeConnection.connect({ address });
});
afterAll(async () => {
  await native.close();
  await connection.close();
  await server.stop();
});

/** Workers that run the workflow as it is, over activities that answer as the test says, until `work` is over. */
async function withWorkers(
  project: string,
  activities: Pick<PlatformMigrationActivities, 'moveSlice' | 'publishMove' | 'noteMove'>,
  work: () => Promise<void>,
): Promise<void> {
  const queues = taskQueues(project);
  const all: PlatformMigrationActivities = {
    beginMove: () => Promise.resolve({ migrationId: 'moved', visibleMs: 0 }),
    endMove: () => Promise.resolve({ status: 'verified' } as MoveReport),
    ...activities,
  };
  const workers = await Promise.all(
    [queues.orchestration, queues.publishing].map((taskQueue) =>
      Worker.create({
        connection: native,
        workflowBundle: { code },
        taskQueue,
        activities: { ...all },
      }),
    ),
  );
  const running = workers.map((worker) => worker.run());
  try {
    await work();
  } finally {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
  }
}

/** The execution of the workflow that asks. */
const execution = (): string => activityInfo().workflowExecution?.runId ?? '';

describe('a move that goes on in a new execution amid a wait', () => {
  it('tells no longer that it waits', async () => {
    const project = unique('handover');
    const spec = platformMigrationSchema.parse({
      project,
      name: 'long',
      direction: 'langsmith-to-langfuse',
    });
    const seen: string[] = [];
    const isFirst = (): boolean => {
      if (!seen.includes(execution())) seen.push(execution());
      return execution() === seen[0];
    };
    let shown: string | null = null;
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    await withWorkers(
      project,
      {
        // Traces are put out on and on, while the target takes none of them for an hour.
        async moveSlice({ step }) {
          if (step === 'inventory') return { step: 'traces', progress: 1, at: '' };
          if (step === 'verifying') return { step: 'done', progress: 1, at: '' };
          if (isFirst()) {
            await until(() => shown !== null);
            return { step: 'traces', progress: 1, at: '' };
          }
          await held;
          return { step: 'verifying', progress: 1, at: '' };
        },
        async publishMove() {
          if (isFirst()) return { state: 'wait', waitMs: 3_600_000, reason: 'it asks to wait' };
          await held;
          return { state: 'done', sent: 1 };
        },
        noteMove({ waiting }) {
          shown = waiting;
          return Promise.resolve();
        },
      },
      async () => {
        const handle = await new Client({ connection }).workflow.start(
          platformMigrationWorkflowType,
          {
            workflowId: platformMigrationWorkflowId(project, 'long'),
            taskQueue: taskQueues(project).orchestration,
            args: [{ spec }],
          },
        );
        try {
          await until(() => seen.length > 1);
          expect(shown).toBeNull();
        } finally {
          goOn();
        }
        const reply = (await handle.result()) as MoveReply;
        expect(reply).toMatchObject({ report: { status: 'verified' } });
      },
    );
  });
});
