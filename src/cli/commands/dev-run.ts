import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { AssayError } from '../../core/errors/assay-error.js';
import { searchAttributes } from '../../core/experiment/naming.js';
import {
  listenForInterrupt,
  resetStack,
  startStack,
  type Stack,
  type StackOptions,
} from '../../devstack/index.js';
import { listExperiments } from '../../store/experiment-list.js';
import { runMigrations } from '../../store/migrate.js';
import { openStore } from '../../store/store.js';
import { watchConfig } from '../../workers/config-watch.js';
import { configFileName } from '../../workers/load-config.js';
import type { Cli } from '../cli.js';
import { ensureStateFolder } from '../settings.js';
import { loadProject } from './config-load.js';
import { readyLine, readyText, type DevFacts } from './dev-ready.js';
import { createReload, type Reload } from './dev-reload.js';
import { openWorkerLog } from './dev-worker-log.js';
import { startWorkers, type ProjectWorkers, type StartedWorkers } from './worker-processes.js';

/** The options of `assay dev`. */
export interface DevOptions {
  readonly reset?: boolean;
  readonly temporalPort?: number;
  readonly temporalUiPort?: number;
  readonly postgresPort?: number;
  readonly langfusePort?: number;
  readonly modelPort?: number;
  readonly workers: number;
  /** False for `--no-worker`. */
  readonly worker: boolean;
  readonly modelLatency?: number;
}

/** Starts the stack and the workers of a folder, says where they are, and stops them in order at Ctrl-C. */
export async function runDev(cli: Cli, options: DevOptions): Promise<number> {
  const { folder, err } = cli;
  requireFolder(folder);
  const note = (line: string): void => void err.line(err.colours.dim(err.safe(line)));
  const interrupt = listenForInterrupt(() => note('Still stopping: paid calls finish first …'));
  const stops: (() => Promise<void>)[] = [];
  try {
    if (options.reset === true) await resetStack(folder);
    await ensureStateFolder(folder);
    const stack = await startStack(stackOptions(cli, options, { note, signal: interrupt.signal }));
    stops.push(() => stack.stop());
    await migrate(stack, note);
    const log = openWorkerLog(folder, err);
    stops.unshift(() => log.close());
    const workers = await startDevWorkers(cli, options, {
      stack,
      onLog: (line) => log.take(line),
      note,
      signal: interrupt.signal,
    });
    if (workers !== undefined) stops.unshift(() => workers.stop());
    const facts: DevFacts = {
      folder,
      services: stack.services,
      project: workers?.project ?? (await projectOf(folder, stack)),
      workers: workers === undefined ? 0 : options.workers,
    };
    await cli.out.line(cli.json ? readyLine(facts) : readyText(facts, cli.out));
    await interrupt.arrived;
    note('Stopping …');
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) return 0;
    throw error;
  } finally {
    await stopAll(stops);
    interrupt.dispose();
  }
}

/** A folder that is mistyped must not be made, and a whole stack be started in it. */
function requireFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  throw new AssayError('USAGE', `There is no folder ${folder}.`, {
    mend: 'Correct -C, or make the folder first.',
  });
}

/** In order: workers let paid calls finish, which needs the stack. One that cannot be stopped must not keep the others. */
async function stopAll(stops: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const stop of stops) await stop().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be stopped.');
}

function stackOptions(
  cli: Cli,
  options: DevOptions,
  on: { readonly note: (line: string) => void; readonly signal: AbortSignal },
): StackOptions {
  const { temporalPort, temporalUiPort, postgresPort, langfusePort, modelPort } = options;
  const ports = {
    ...(temporalPort === undefined ? {} : { temporal: temporalPort }),
    ...(temporalUiPort === undefined ? {} : { temporalUi: temporalUiPort }),
    ...(postgresPort === undefined ? {} : { postgres: postgresPort }),
    ...(langfusePort === undefined ? {} : { langfuse: langfusePort }),
    ...(modelPort === undefined ? {} : { model: modelPort }),
  };
  const { modelLatency } = options;
  return {
    projectDir: cli.folder,
    ports,
    searchAttributes,
    env: { ...cli.environment },
    log: on.note,
    signal: on.signal,
    ...(modelLatency === undefined ? {} : { model: { latencyMs: modelLatency } }),
  };
}

async function migrate(stack: Stack, note: (line: string) => void): Promise<void> {
  const { DATABASE_URL } = stack.environment;
  if (DATABASE_URL === undefined) return;
  const { applied } = await runMigrations(DATABASE_URL);
  if (applied.length > 0) note(`schema migrated: ${applied.join(', ')}`);
}

/** What a person is told of a worker that ended unasked, beside its code and signal. */
const crashed =
  'worker crashed; another one is started, and its cells are taken over some seconds later';

const hasConfig = (folder: string): boolean => existsSync(join(folder, configFileName));

async function startDevWorkers(
  cli: Cli,
  options: DevOptions,
  on: {
    readonly stack: Stack;
    readonly onLog: (line: string) => void;
    readonly note: (line: string) => void;
    readonly signal: AbortSignal;
  },
): Promise<ProjectWorkers | undefined> {
  if (!options.worker || !hasConfig(cli.folder)) return undefined;
  const { folder } = cli;
  const environment = { ...cli.environment, ...on.stack.environment };
  const start = (signal: AbortSignal): Promise<StartedWorkers> =>
    startWorkers(
      {
        folder,
        count: options.workers,
        environment,
        onLog: on.onLog,
        onCrash: (crash) =>
          on.onLog(JSON.stringify({ level: 50, time: Date.now(), ...crash, msg: crashed })),
      },
      signal,
    );
  const seen: { reload?: Reload; early: boolean } = { early: false };
  // From before the workers load it: an edit while they start is not missed.
  const watch = watchConfig(folder, {
    onChange: () => {
      if (seen.reload === undefined) seen.early = true;
      else seen.reload.changed();
    },
    onBroken: (error) => {
      const why = error instanceof Error ? error.message : String(error);
      if (seen.reload !== undefined) on.note(`${why} The workers keep the code of before.`);
    },
  });
  try {
    const workers = await start(on.signal);
    const { project } = workers;
    const databaseUrl = environment['DATABASE_URL'] ?? '';
    const made = createReload(workers, {
      start,
      note: on.note,
      underWay: () => runsUnderWay(databaseUrl, project),
    });
    seen.reload = made;
    if (seen.early) made.changed();
    return {
      project,
      async stop() {
        await watch.stop();
        await made.stop();
      },
    };
  } catch (error) {
    await watch.stop();
    throw error;
  }
}

/** Runs whose cells are planned or run. A connection for each look: edits are seldom. */
async function runsUnderWay(databaseUrl: string, project: string): Promise<readonly string[]> {
  const store = await openStore({ url: databaseUrl, max: 1, applicationName: 'assay-dev' });
  try {
    const { experiments } = await listExperiments(store, {
      project,
      status: ['planning', 'running'],
      limit: 5,
    });
    return experiments.map(({ name }) => name);
  } finally {
    await store.close();
  }
}

/** Without a worker of ours nobody has said which project this is. */
async function projectOf(folder: string, stack: Stack): Promise<string | undefined> {
  if (!hasConfig(folder)) return undefined;
  const { config } = await loadProject(folder, stack.environment);
  return config.project;
}
