import { NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';

import { createDatasetActivities } from '../activities/datasets/index.js';
import { createExperimentActivities } from '../activities/experiment/index.js';
import { createMigrationActivities } from '../activities/migration/index.js';
import { createPromptActivities } from '../activities/prompts/index.js';
import { createRegressionActivities } from '../activities/regression/index.js';
import type { RunStarter } from '../activities/regression/ports.js';
import { createRetentionActivities } from '../activities/retention/index.js';
import type { ExperimentPorts } from '../activities/experiment/ports.js';
import type { Connections } from '../contracts/environment.js';
import { AssayError } from '../core/errors/assay-error.js';
import { mostBatches } from '../core/experiment/batches.js';
import { taskQueues } from '../core/experiment/naming.js';
import type { Environment } from '../models/secrets.js';
import { apiOfProject } from '../tracing/api-copies.js';
import { registerTracing } from '../tracing/register.js';
import { hasWorkflowBundle, workflowBundlePath, workflowsPath } from './bundle.js';
import { largeResultInterceptor } from './large-results.js';
import { configOutline, loadConfig, type ConfigOutline } from './load-config.js';
import { logTracing } from './log-tracing.js';
import { openPorts } from './ports.js';
import { createRunStarter } from './run-starter.js';
import { temporalLogger } from './temporal-logger.js';

/** The roles of a worker: which task queues it polls. */
export const workerRoles = ['orchestration', 'cells', 'publishing'] as const;
export type WorkerRole = (typeof workerRoles)[number];

export interface WorkerSettings {
  /** The folder of assay.config.ts. */
  readonly folder: string;
  readonly connections: Connections;
  /** Where `env:NAME` is looked up. */
  readonly environment: Environment;
  /** Default: all. */
  readonly roles?: readonly WorkerRole[];
  readonly log: Logger;
  /** Told of the lease that this worker claims calls under. */
  readonly onOwner?: (owner: string) => void;
}

/** A running worker. */
export interface RunningWorker {
  readonly config: ConfigOutline;
  /** Starts nothing new, lets paid calls finish, and ends. Resolves when all has ended. */
  stop(): Promise<void>;
  /** Resolves when the worker has ended, rejects where it failed. */
  readonly ended: Promise<void>;
}

/** How long cells in flight may take to finish after SIGTERM. */
const graceMs = 25_000;

/**
 * Starts a worker: loads the config, opens the store, polls the queues of its roles.
 *
 * @throws AssayError CONFIG_*, ENVIRONMENT_INVALID, POSTGRES_UNREACHABLE, SCHEMA_*, TEMPORAL_UNREACHABLE
 */
export async function startWorker(settings: WorkerSettings): Promise<RunningWorker> {
  const { connections, environment, log, roles = workerRoles } = settings;
  // Before the config: what registers first stays, and its own instrumentation may be part of it.
  const tracing = registerTracing(
    (event) => {
      logTracing(event, log);
    },
    await apiOfProject(settings.folder),
  );
  const loaded = await loadConfig(settings.folder);
  const draining = new AbortController();
  const aborting = new AbortController();
  // Every cell in flight listens to them.
  setMaxListeners(0, draining.signal, aborting.signal);
  const opened = await openPorts({
    loaded,
    connections,
    environment,
    tracing,
    draining: draining.signal,
    aborting: aborting.signal,
    log,
    ...(settings.onOwner === undefined ? {} : { onOwner: settings.onOwner }),
  });
  installRuntime(log);
  const { address, namespace } = connections.temporal;
  const connection = await NativeConnection.connect({ address }).catch(async (cause: unknown) => {
    await opened.close();
    throw new AssayError('TEMPORAL_UNREACHABLE', `Temporal does not answer at ${address}.`, {
      cause,
    });
  });
  const { project } = loaded.config;
  const workers = await createWorkers({
    connection,
    namespace,
    roles,
    project,
    activities: allActivities(opened.ports, createRunStarter(connection, namespace)),
  });
  let hard: NodeJS.Timeout | undefined;
  const shutDown = (): void => {
    draining.abort(new Error('the worker is stopping'));
    hard ??= setTimeout(() => aborting.abort(new Error('the time for finishing is over')), graceMs);
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  const ended = runTogether(workers, shutDown).finally(async () => {
    clearTimeout(hard);
    await opened.close();
    await connection.close();
  });
  // Observed by whoever awaits `ended`; a failure before that must not end the process by itself.
  ended.catch(() => undefined);
  return {
    config: configOutline(loaded.config),
    ended,
    async stop() {
      shutDown();
      await ended.catch(() => undefined);
    },
  };
}

/**
 * Runs the workers of all roles. One that fails for good takes the others with it, but in order: the store and the journal are
 * closed only when nobody works with them any more, or what the others have paid for could not be written.
 */
export async function runTogether(
  workers: readonly { run(): Promise<void> }[],
  shutDown: () => void,
): Promise<void> {
  const runs = workers.map((worker) => worker.run());
  for (const run of runs) run.catch(shutDown);
  const settled = await Promise.allSettled(runs);
  for (const each of settled) if (each.status === 'rejected') throw each.reason;
}

let installed = false;

// The runtime is one per process and must be installed before anything native is made.
function installRuntime(log: Logger): void {
  if (installed) return;
  installed = true;
  Runtime.install({ logger: temporalLogger(log), shutdownSignals: [] });
}

/** All activities, by the queue of their role. */
function allActivities(ports: ExperimentPorts, runs: RunStarter) {
  const experiments = createExperimentActivities(ports);
  const regression = createRegressionActivities({ ...ports, runs });
  const datasets = createDatasetActivities(ports);
  return {
    ...experiments,
    orchestration: {
      ...experiments.orchestration,
      ...regression.orchestration,
      ...createRetentionActivities(ports),
      ...datasets.orchestration,
    },
    publishing: {
      ...experiments.publishing,
      ...regression.publishing,
      ...datasets.publishing,
      ...createMigrationActivities(ports).publishing,
      ...createPromptActivities(ports),
    },
  };
}

async function createWorkers(on: {
  connection: NativeConnection;
  namespace: string;
  roles: readonly WorkerRole[];
  project: string;
  activities: ReturnType<typeof allActivities>;
}): Promise<Worker[]> {
  const { connection, namespace, roles, project, activities } = on;
  const queues = taskQueues(project);
  const common = {
    connection,
    namespace,
    shutdownGraceTime: graceMs,
    // Heartbeats carry cancellations: throttled to 80 % of the timeout by default, which is too late to be polite.
    maxHeartbeatThrottleInterval: '1 s',
    defaultHeartbeatThrottleInterval: '1 s',
    interceptors: { activity: [largeResultInterceptor] },
  } satisfies Partial<WorkerOptions>;
  const workflows: Partial<WorkerOptions> = hasWorkflowBundle()
    ? { workflowBundle: { codePath: workflowBundlePath } }
    : { workflowsPath };
  return Promise.all(
    roles.map((role) =>
      Worker.create({
        ...common,
        taskQueue: queues[role],
        activities: { ...activities[role] },
        maxConcurrentActivityTaskExecutions: role === 'cells' ? mostBatches : 24,
        ...(role === 'orchestration' ? { ...workflows, maxCachedWorkflows: 200 } : {}),
      }),
    ),
  );
}
