import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { AssayClient } from '../../src/client/assay-client.js';
import { parseConnections } from '../../src/contracts/environment.js';
import { searchAttributes } from '../../src/core/experiment/naming.js';
import { resetStack, startStack, type Stack } from '../../src/devstack/index.js';
import { runMigrations } from '../../src/store/migrate.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';
import { createAmbushes, type Ambushes } from './ambush.js';
import { openDatabaseLog, type DatabaseLog } from './database.js';
import { openDatabaseRelay, type Relay } from './database-relay.js';
import type { Diary } from './diary.js';
import { openDiary } from './diary.js';
import { openHttpRelay } from './http-relay.js';
import { openModelLog, type ModelLog } from './model-log.js';
import { openPlatformLog, type PlatformLog } from './platform-log.js';
import { background } from './schedule.js';
import { useShortHistories } from './short-histories.js';

export const project = 'chaos';
export const evaluators = ['category', 'polite'] as const;

/** Everything that a run needs, in a folder of its own: nothing of the user's is touched. */
export interface Installation {
  readonly folder: string;
  readonly stack: Stack;
  readonly diary: Diary;
  readonly client: AssayClient;
  readonly model: ModelLog;
  readonly platform: PlatformLog;
  readonly database: DatabaseLog;
  readonly ambushes: Ambushes;
  /** What a worker is started with: ways to the services that lead past the ambushes. */
  readonly environment: Readonly<Record<string, string>>;
  stop(options: { readonly keep: boolean }): Promise<void>;
}

const given = <Value>(value: Value | undefined, name: string): Value => {
  if (value === undefined) throw new Error(`The stack runs without ${name}.`);
  return value;
};

const writeProject = async (folder: string, cells: number): Promise<void> => {
  const files = {
    'assay.config.ts': configFile({ project }),
    ...datasetFiles(cells),
    ...promptFiles,
  };
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
};

const startServices = (folder: string, seed: number, diary: Diary): Promise<Stack> =>
  startStack({
    projectDir: folder,
    searchAttributes,
    // Services of the user's own must not be struck.
    env: {},
    log: (line) => diary.note(line),
    model: {
      seed,
      latencyMs: { min: 300, max: 800 },
      faults: [{ kind: 'status', status: 500, share: background.modelErrors }],
    },
    langfuse: {
      seed,
      // The product is never told: it goes by the default of its visibility deadline.
      visibility: {
        spans: { minMs: 500, maxMs: 5_000 },
        scores: { minMs: 500, maxMs: 5_000 },
      },
      faults: [
        {
          kind: 'commit_then_drop',
          method: 'POST',
          pathPrefix: '/api/',
          probability: background.platformCommitThenDrop,
        },
        { kind: 'server_error', pathPrefix: '/api/', probability: background.platformErrors },
      ],
    },
  });

const serviceNames = /^(?:TEMPORAL_|DATABASE_URL|LANGFUSE_|LANGSMITH_|OPENAI_|ASSAY_)/;

const ownEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || serviceNames.test(name) ? [] : [[name, value] as [string, string]],
    ),
  );

interface Relays {
  readonly environment: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const openRelays = async (stack: Stack, ambushes: Ambushes): Promise<Relays> => {
  const { postgres, langfuse, model } = stack.services;
  const relays: Relay[] = [
    await openDatabaseRelay(given(postgres, 'Postgres').url, ambushes),
    await openHttpRelay(given(langfuse, 'a platform').url, { way: 'platform', ambushes }),
    await openHttpRelay(given(model, 'a model').url, { way: 'model', ambushes }),
  ];
  const [database, platform, calls] = relays.map(({ url }) => url);
  return {
    environment: {
      DATABASE_URL: database ?? '',
      LANGFUSE_HOST: platform ?? '',
      LANGFUSE_BASE_URL: platform ?? '',
      OPENAI_BASE_URL: calls ?? '',
    },
    close: async () => {
      await Promise.all(relays.map((relay) => relay.close()));
    },
  };
};

/** Starts the whole stack on free ports, with its faults in force from the first request on. */
export const startInstallation = async (options: {
  readonly seed: number;
  readonly cells: number;
  /** After how many events Temporal suggests to go on in a new execution. */
  readonly historyEvents: number;
}): Promise<Installation> => {
  const folder = await mkdtemp(join(tmpdir(), 'assay-chaos-'));
  // Postgres' own account must get through to its data below.
  await chmod(folder, 0o711);
  const diary = openDiary(folder, options.seed);
  const ends: (() => Promise<void>)[] = [];
  const stop = async ({ keep }: { readonly keep: boolean }): Promise<void> => {
    for (const end of ends.reverse()) await end();
    if (keep) return;
    await resetStack(folder);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await writeProject(folder, options.cells);
    const restorePath = await useShortHistories(folder, options.historyEvents);
    const stack = await startServices(folder, options.seed, diary).finally(restorePath);
    ends.push(() => stack.stop());
    const { postgres, model, langfuse } = stack.services;
    const databaseUrl = given(postgres, 'Postgres').url;
    await runMigrations(databaseUrl);
    const own = ownEnvironment();
    const connections = parseConnections({ ...own, ...stack.environment });
    const client = await AssayClient.connect({ connections });
    ends.push(() => client.close());
    const ambushes = createAmbushes();
    const relays = await openRelays(stack, ambushes);
    ends.push(() => relays.close());
    return {
      folder,
      stack,
      diary,
      client,
      ambushes,
      model: openModelLog(given(model, 'a model')),
      platform: openPlatformLog(given(langfuse, 'a platform')),
      database: openDatabaseLog(databaseUrl),
      environment: { ...own, ...stack.environment, ...relays.environment },
      stop,
    };
  } catch (error) {
    await stop({ keep: false });
    throw error;
  }
};
