import pino from 'pino';

import { parseConnections } from '../contracts/environment.js';
import { toErrorDocument } from '../core/errors/assay-error.js';
import { catalogueEntry, isErrorCode } from '../core/errors/catalogue.js';
import { startWatchdog } from './watchdog.js';
import { startWorker, type WorkerRole } from './worker.js';

/** What the supervisor tells its worker, as JSON in this variable: never on the command line. */
export const workerOptionsVariable = 'ASSAY_WORKER_OPTIONS';

/** The options of one worker process. */
export interface WorkerProcessOptions {
  readonly folder: string;
  readonly roles?: readonly WorkerRole[];
  /** The process that must be there; without it the worker ends as on SIGTERM. */
  readonly parentPid?: number;
  /** How long the event loop may be blocked. Default 30 s. */
  readonly blockedAfterMs?: number;
  readonly logLevel?: string;
}

const log = pino(
  {
    base: { pid: process.pid },
    level: 'info',
    redact: ['*.secretKey', '*.apiKey', '*.authorization'],
  },
  pino.destination(2),
);

async function main(): Promise<void> {
  const options = JSON.parse(process.env[workerOptionsVariable] ?? '{}') as WorkerProcessOptions;
  if (options.logLevel !== undefined) log.level = options.logLevel;
  const connections = parseConnections(process.env);
  const watchdog = startWatchdog(options.blockedAfterMs, connections.databaseUrl);
  const worker = await startWorker({
    folder: options.folder,
    connections,
    onOwner: (owner) => {
      watchdog.guard(owner);
    },
    environment: process.env,
    log,
    ...(options.roles === undefined ? {} : { roles: options.roles }),
  });
  let stopping = false;
  const stop = (reason: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, 'worker stopping: nothing new starts, paid calls finish');
    void worker.stop();
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  watchParent(options.parentPid, () => stop('the supervisor is gone'));
  const { project, ...config } = worker.config;
  log.info({ project, ready: true, config }, 'worker ready');
  await worker.ended;
  await watchdog.stop();
}

function watchParent(parentPid: number | undefined, gone: () => void): void {
  if (parentPid === undefined) return;
  const timer = setInterval(() => {
    if (process.ppid !== parentPid) gone();
  }, 1_000);
  timer.unref();
}

// User code may leave a rejection behind: it belongs to its cell, which has a time limit, and not to its neighbours.
process.on('unhandledRejection', (reason) => {
  log.error(
    { error: reason instanceof Error ? reason.message : String(reason) },
    'unhandled rejection',
  );
});

try {
  await main();
  process.exit(0);
} catch (error) {
  const document = toErrorDocument(error);
  log.fatal({ error: document }, document.message);
  process.exit(isErrorCode(document.code) ? catalogueEntry(document.code).exit : 70);
}
