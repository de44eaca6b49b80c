import { setTimeout as wait } from 'node:timers/promises';
import { pino } from 'pino';

import { createMigrationActivities } from '../../../src/activities/migration/index.js';
import type { MigrationPorts } from '../../../src/activities/migration/ports.js';
import {
  platformMigrationSchema,
  type MovedKind,
  type MoveFigures,
  type MoveReport,
  type MoveSlice,
  type MoveStep,
  type PlatformMigrationInput,
} from '../../../src/contracts/platform-migration.js';
import { AssayError, type ErrorDocument } from '../../../src/core/errors/assay-error.js';
import type { LangfuseServerOptions } from '../../../src/devstack/langfuse/server.js';
import { connectPlatforms } from '../../../src/platforms/connect.js';
import type { Platform } from '../../../src/platforms/port.js';
import { openTestStore, type TestStore } from '../../integration/store-fixtures.js';
import { startLangsmith, type LangsmithServer } from '../../support/langsmith/server.js';
import { keys, TestServer } from '../langfuse-support.js';
import { inActivity } from '../../support/in-activity.js';

type Activities = ReturnType<typeof createMigrationActivities>['publishing'];

export type MoveAsked = Partial<PlatformMigrationInput> & { readonly name: string };

/** Both platforms and the store, and moves between them in this process, without Temporal: the activities as the workflow calls them. */
export interface Moves {
  readonly langfuse: TestServer;
  readonly langsmith: LangsmithServer;
  readonly store: TestStore['store'];
  /** The activities of a worker of its own, as one that was just started. */
  worker(change?: WorkerChange): Worker;
  /** A whole move: what was put out is sent when all is. */
  run(asked: MoveAsked, options?: RunOptions): Promise<MoveReport>;
  stop(): Promise<void>;
}

export interface WorkerChange {
  readonly langfuseUrl?: string;
  readonly langsmithKey?: string;
}

export interface Worker {
  readonly activities: Activities;
  close(): Promise<void>;
}

export interface RunOptions {
  readonly worker?: Worker;
  /** Called before each slice; one that throws ends the move where it is, as where its worker is killed. */
  readonly before?: (step: MoveStep) => Promise<void>;
  /** Default a minute: a step is one slice then. At 0 a slice is one page. */
  readonly sliceMs?: number;
}

const project = 'moves';
/** How long what was sent is looked for. */
const lookForMs = 5_000;

export async function startMoves(
  options: Pick<LangfuseServerOptions, 'mode' | 'version'> = {},
): Promise<Moves> {
  const [test, langfuse, langsmith] = await Promise.all([
    openTestStore(),
    TestServer.start(options),
    startLangsmith({ otherKey: 'lsv2_pt_other' }),
  ]);
  const workers: Worker[] = [];
  const newWorker = ({ langfuseUrl = langfuse.url, langsmithKey }: WorkerChange = {}): Worker => {
    const platforms = connectPlatforms(
      {
        langfuse: { baseUrl: langfuseUrl, ...keys, release: undefined },
        langsmith: {
          endpoint: langsmith.url,
          apiKey: langsmithKey ?? langsmith.apiKey,
          project: undefined,
          workspaceId: undefined,
        },
      },
      { environment: 'assay' },
    );
    const worker = {
      activities: createMigrationActivities(portsOf(test, platforms)).publishing,
      close: async () => {
        await Promise.all(platforms.map((platform) => platform.close()));
      },
    };
    workers.push(worker);
    return worker;
  };
  return {
    langfuse,
    langsmith,
    store: test.store,
    worker: newWorker,
    run: (asked, on = {}) => drive(on.worker ?? newWorker(), asked, on),
    async stop() {
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all([langfuse.stop(), langsmith.close()]);
      await test.close();
    },
  };
}

const portsOf = (
  { store, database }: TestStore,
  platforms: readonly Platform[],
): MigrationPorts => ({
  store,
  databaseUrl: database.url,
  project: {
    config: { platform: { visibilityDeadlineMs: 500 } },
  } as unknown as MigrationPorts['project'],
  platforms,
  holder: 'test',
  draining: new AbortController().signal,
  log: pino({ level: 'silent' }),
});

async function drive(
  { activities }: Worker,
  asked: MoveAsked,
  { before, sliceMs = 60_000 }: RunOptions,
): Promise<MoveReport> {
  const spec = platformMigrationSchema.parse({
    project,
    direction: 'langsmith-to-langfuse',
    ...asked,
  });
  const call = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await inActivity(work);
    } catch (error) {
      const [document] =
        (error as { details?: readonly (ErrorDocument | undefined)[] }).details ?? [];
      throw document === undefined ? error : AssayError.from(document);
    }
  };
  const { migrationId } = await call(() => activities.beginMove(spec));
  let step: MoveStep = 'inventory';
  const begun = performance.now();
  try {
    while (step !== 'done') {
      await before?.(step);
      const at: MoveStep = step;
      const lastLook = performance.now() - begun > lookForMs;
      const reply: MoveSlice = await call(() =>
        activities.moveSlice({ migrationId, step: at, sliceMs, lastLook }),
      );
      if (reply.away !== undefined) throw AssayError.from(reply.away.error);
      if (at === 'traces' && reply.step !== at) await send(activities, migrationId, call);
      ({ step } = reply);
      if (reply.unseen !== undefined) await wait(100);
    }
  } catch (error) {
    if (!AssayError.is(error)) throw error;
    return call(() => activities.endMove({ migrationId, error: error.toJSON() }));
  }
  return call(() => activities.endMove({ migrationId }));
}

async function send(
  activities: Activities,
  migrationId: string,
  call: <Result>(work: () => Promise<Result>) => Promise<Result>,
): Promise<void> {
  for (;;) {
    const reply = await call(() => activities.publishMove({ migrationId }));
    if (reply.state === 'done') return;
    await wait(Math.min(reply.waitMs, 200));
  }
}

export const figuresOf = (report: MoveReport, kind: MovedKind): MoveFigures | undefined =>
  report.kinds.find((each) => each.kind === kind);
