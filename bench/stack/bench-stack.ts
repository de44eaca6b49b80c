import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import pg from 'pg';

import { AssayClient } from '../../src/client/assay-client.js';
import { parseConnections } from '../../src/contracts/environment.js';
import { searchAttributes } from '../../src/core/experiment/naming.js';
import { resetStack, startStack, type Stack } from '../../src/devstack/index.js';
import type { Latency } from '../../src/devstack/model/options.js';
import type { ServiceName } from '../../src/devstack/stack-options.js';
import { runMigrations } from '../../src/store/migrate.js';
import { superviseWorkers, type SupervisedWorkers } from '../../src/workers/supervisor.js';
import { demoModel, type DemoModel } from './demo-model.js';
import { readCpu, rssMiB } from './processes.js';
import { loadStatementCounter, underProfilers } from './profiling.js';
import type { CpuByName } from '../arithmetic/cpu.js';
import { projectFiles } from './project-files.js';

/** A whole installation for one figure, in a temporary folder: the embedded stack that `assay dev` starts, and workers. */
export interface BenchStack {
  /** The project's folder. */
  readonly folder: string;
  /** What a process must be given to find the stack. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly client: AssayClient;
  readonly model: DemoModel;
  readonly temporal: { readonly address: string; readonly namespace: string };
  /** Reads that no part of the product makes; a connection of the harness. */
  query<Row>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Worker processes from dist/, which their supervisor starts again when they end; stopped with the stack. */
  startWorkers(options?: {
    readonly count?: number;
    /** Other than the stack's. */
    readonly environment?: Readonly<Record<string, string>>;
  }): Promise<SupervisedWorkers>;
  /** The worker processes that run now. */
  workerPids(): readonly number[];
  addFiles(files: Readonly<Record<string, string>>): Promise<void>;
  /** CPU milliseconds so far, by process; Postgres with all its backends. */
  cpu(): CpuByName;
  /** Runs work under profilers where they were asked for; `label` is part of the files' names. */
  profiled<Result>(label: string, work: () => Promise<Result>): Promise<Result>;
}

export interface BenchStackOptions {
  readonly latencyMs: Latency;
  /** Where CPU profiles and counts of statements are written; the figures of such a run say little. */
  readonly profileFolder?: string | undefined;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** What a measurement does with its stack. */
export type OnStack<Result> = (stack: BenchStack) => Promise<Result>;

/**
 * Brings a stack up, runs the work on it and takes everything down again, whatever comes of the work. The dev server shows at
 * once what it took (visibility delay 0).
 */
export async function withBenchStack<Result>(
  options: BenchStackOptions,
  work: OnStack<Result>,
): Promise<Result> {
  const { latencyMs, signal, log } = options;
  signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), 'assay-bench-'));
  const ends: (() => Promise<unknown>)[] = [
    async () => {
      // Postgres' files may lie outside the folder.
      await resetStack(folder);
      await rm(folder, { recursive: true, force: true });
    },
  ];
  try {
    const stack = await startStack({
      projectDir: folder,
      searchAttributes,
      model: { latencyMs, logCapacity: 1_000_000 },
      langfuse: { visibility: 'none' },
      // Services of the user's own are not what is measured.
      env: {},
      log,
      signal,
    });
    ends.unshift(() => stack.stop());
    if (options.profileFolder !== undefined) await loadStatementCounter(stack);
    const bench = await connect({ folder, stack, ends, profileFolder: options.profileFolder });
    await bench.addFiles(projectFiles);
    return await unlessAborted(work(bench), signal);
  } finally {
    for (const end of ends) await end().catch((error: unknown) => log(String(error)));
  }
}

async function connect(on: {
  readonly folder: string;
  readonly stack: Stack;
  readonly ends: (() => Promise<unknown>)[];
  readonly profileFolder: string | undefined;
}): Promise<BenchStack> {
  const { folder, stack, ends, profileFolder } = on;
  const { postgres, temporal, model } = stack.services;
  if (postgres === undefined || temporal === undefined || model === undefined) {
    throw new Error('the embedded stack lacks a service');
  }
  await runMigrations(postgres.url);
  const database = new pg.Client({ connectionString: postgres.url, application_name: 'bench' });
  database.on('error', () => undefined);
  await database.connect();
  ends.unshift(() => database.end());
  const client = await AssayClient.connect({ connections: parseConnections(stack.environment) });
  ends.unshift(() => client.close());
  const running: SupervisedWorkers[] = [];
  const query = async <Row>(
    text: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> => (await database.query(text, [...values])).rows as Row[];
  const pidOf = (name: ServiceName): readonly number[] => {
    const pid = stack.service(name).identity?.pid;
    return pid === undefined ? [] : [pid];
  };
  const processIds = () => ({
    worker: running.flatMap((workers) => workers.pids),
    temporal: pidOf('temporal'),
    postgres: pidOf('postgres'),
    devServer: pidOf('langfuse'),
    demoModel: pidOf('model'),
  });
  const environment = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    ...stack.environment,
  };
  return {
    folder,
    environment,
    client,
    temporal,
    model: demoModel(model),
    query,
    async startWorkers({ count = 1, environment: other = {} } = {}) {
      const workers = superviseWorkers({
        folder,
        count,
        environment: { ...environment, ...other },
        entry: resolve('dist/workers/main.js'),
        onLog: () => undefined,
      });
      running.push(workers);
      ends.unshift(() => workers.stop());
      await workers.ready;
      return workers;
    },
    async addFiles(files) {
      for (const [path, text] of Object.entries(files)) {
        const file = join(folder, path);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, text);
      }
    },
    workerPids: () => processIds().worker.filter((pid) => rssMiB(pid) !== undefined),
    cpu: () => readCpu(processIds()),
    profiled: (label, work) =>
      profileFolder === undefined
        ? work()
        : underProfilers({ label, folder: profileFolder, pids: processIds, query }, work),
  };
}

/** What runs is left behind on Ctrl-C: the stack it works on goes down under it. */
async function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  let leave: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    leave = () => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
