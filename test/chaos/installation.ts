import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { AssayClient } from '../../src/client/assay-client.js';
import { parseConnections } from '../../src/contracts/environment.js';
import { searchAttributes } from '../../src/core/experiment/naming.js';
import { resetStack, startStack, type Stack } from '../../src/devstack/index.js';
import { runMigrations } from '../../src/store/migrate.js';
import { startLangsmith, type LangsmithServer } from '../support/langsmith/server.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';
import { createAmbushes, type Ambushes } from './ambush.js';
import { openDatabaseLog, type DatabaseLog } from './database.js';
import { openDatabaseRelay, type Relay } from './database-relay.js';
import type { Diary } from './diary.js';
import { openDiary } from './diary.js';
import { openHttpRelay } from './http-relay.js';
import { openLangsmithLog, type LangsmithLog } from './langsmith-log.js';
import { openModelLog, type ModelLog } from './model-log.js';
import type { ChaosOptions } from './options.js';
import { openPlatformLog, type PlatformLog } from './platform-log.js';
import { createRelayFaults, type RelayFaults } from './relay-faults.js';
import { background, langsmithBackground } from './schedule.js';
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
  /** Of the ways to the platforms. */
  readonly faults: Readonly<Record<'langfuse' | 'langsmith', RelayFaults>>;
  /** Only with both platforms. */
  readonly langsmith: { readonly server: LangsmithServer; readonly log: LangsmithLog } | undefined;
  readonly database: DatabaseLog;
  readonly ambushes: Ambushes;
  /** What a worker is started with: ways to the services that lead past the ambushes. */
  readonly environment: Readonly<Record<string, string>>;
  /** Everything serves as it should from now on. */
  endFaults(): Promise<void>;
  stop(options: { readonly keep: boolean }): Promise<void>;
}

export interface InstallationOptions extends Pick<ChaosOptions, 'cells' | 'backend' | 'langfuse'> {
  readonly seed: number;
  /** After how many events Temporal suggests to go on in a new execution. */
  readonly historyEvents: number;
}

const given = <Value>(value: Value | undefined, name: string): Value => {
  if (value === undefined) throw new Error(`The stack runs without ${name}.`);
  return value;
};

const writeProject = async (
  folder: string,
  { cells, backend }: InstallationOptions,
): Promise<void> => {
  const files = {
    'assay.config.ts': configFile({ project, rest: `platform: { backend: '${backend}' },` }),
    ...datasetFiles(cells),
    ...promptFiles,
  };
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
};

const startServices = (
  folder: string,
  { seed, langfuse: mode }: InstallationOptions,
  diary: Diary,
): Promise<Stack> =>
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
      mode,
      ...(mode === 'legacy' ? { version: '3.140.0' } : {}),
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

type RelayParts = Pick<Installation, 'stack' | 'ambushes' | 'faults' | 'langsmith'>;

const openRelays = async ({ stack, ambushes, faults, langsmith }: RelayParts): Promise<Relays> => {
  const { postgres, langfuse, model } = stack.services;
  const relays: Relay[] = [];
  const open = async (relay: Promise<Relay>): Promise<string> => {
    relays.push(await relay);
    return (await relay).url;
  };
  const database = await open(openDatabaseRelay(given(postgres, 'Postgres').url, ambushes));
  const platform = await open(
    openHttpRelay(given(langfuse, 'a platform').url, {
      way: 'platform',
      ambushes,
      faults: faults.langfuse,
    }),
  );
  const calls = await open(openHttpRelay(given(model, 'a model').url, { way: 'model', ambushes }));
  const onLangsmith: Record<string, string> = {};
  if (langsmith !== undefined) {
    const { server, log } = langsmith;
    onLangsmith['LANGSMITH_API_KEY'] = server.apiKey;
    onLangsmith['LANGSMITH_ENDPOINT'] = await open(
      openHttpRelay(server.url, {
        way: 'langsmith',
        ambushes,
        faults: faults.langsmith,
        onDelivered: log.delivered,
      }),
    );
  }
  return {
    environment: {
      DATABASE_URL: database,
      LANGFUSE_HOST: platform,
      LANGFUSE_BASE_URL: platform,
      OPENAI_BASE_URL: calls,
      ...onLangsmith,
    },
    close: async () => {
      await Promise.all(relays.map((relay) => relay.close()));
    },
  };
};

/** LangSmith shows late what it took, as the other does; the product is not told. */
const openLangsmith = async (seed: number): Promise<NonNullable<Installation['langsmith']>> => {
  const delays = { runsMs: 1_500, feedbackMs: 3_000 };
  const server = await startLangsmith({ seed, delays });
  return { server, log: openLangsmithLog(server) };
};

/** Starts the whole stack on free ports, with its faults in force from the first request on. */
export const startInstallation = async (options: InstallationOptions): Promise<Installation> => {
  const { seed } = options;
  const folder = await mkdtemp(join(tmpdir(), 'assay-chaos-'));
  // Postgres' own account must get through to its data below.
  await chmod(folder, 0o711);
  const diary = openDiary(folder, seed);
  const ends: (() => Promise<void>)[] = [];
  const stop = async ({ keep }: { readonly keep: boolean }): Promise<void> => {
    for (const end of ends.reverse()) await end();
    if (keep) return;
    await resetStack(folder);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await writeProject(folder, options);
    const restorePath = await useShortHistories(folder, options.historyEvents);
    const stack = await startServices(folder, options, diary).finally(restorePath);
    ends.push(() => stack.stop());
    const { postgres, model, langfuse } = stack.services;
    const databaseUrl = given(postgres, 'Postgres').url;
    await runMigrations(databaseUrl);
    const own = ownEnvironment();
    const connections = parseConnections({ ...own, ...stack.environment });
    const client = await AssayClient.connect({ connections });
    ends.push(() => client.close());
    const langsmith = options.backend === 'both' ? await openLangsmith(seed) : undefined;
    if (langsmith !== undefined) ends.push(() => langsmith.server.close());
    const ambushes = createAmbushes();
    const faults = {
      langfuse: createRelayFaults(seed),
      langsmith: createRelayFaults(seed + 104_729, langsmithBackground),
    };
    const relays = await openRelays({ stack, ambushes, faults, langsmith });
    ends.push(() => relays.close());
    const platform = openPlatformLog({
      ...given(langfuse, 'a platform'),
      mode: options.langfuse,
    });
    return {
      folder,
      stack,
      diary,
      client,
      ambushes,
      faults,
      langsmith,
      platform,
      model: openModelLog(given(model, 'a model')),
      database: openDatabaseLog(databaseUrl),
      environment: { ...own, ...stack.environment, ...relays.environment },
      endFaults: async () => {
        await platform.admin('DELETE', '/dev/faults');
        for (const each of Object.values(faults)) each.clear();
      },
      stop,
    };
  } catch (error) {
    await stop({ keep: false });
    throw error;
  }
};
