import { messageOf } from '../error-facts.js';
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import { SupervisedChild } from '../child.js';
import { claimPort } from '../ports.js';
import type { ProcessIdentity } from '../process-facts.js';
import type { Account } from './account.js';
import { type Cluster, ensureCluster, POSTGRES_USER } from './cluster.js';
import {
  clearStaleLock,
  findOrphan,
  type OrphanServer,
  POSTGRES_STOP,
  stopOrphan,
} from './orphan.js';

const DATABASE = 'assay';

/** For a developer's machine. Durability is a promise of the product, so nothing here trades it away. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  // Loopback TCP only: a socket's path can be too long for the kernel below a deep project folder.
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  fsync: 'on',
  synchronous_commit: 'on',
  max_wal_size: '2GB',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // A failing statement's text may carry somebody's data.
  log_min_error_statement: 'panic',
};

export interface PostgresOptions {
  /** Holds `data` and `password`; belongs to the account. */
  readonly folder: string;
  readonly account: Account | undefined;
  readonly binaries: { readonly initdb: string; readonly postgres: string };
  /** A free one when left out. */
  readonly port?: number | undefined;
  readonly preferredPort?: number | undefined;
  readonly logFile: string;
  /** Over the defaults, for throwaway clusters of tests. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly throwaway?: boolean;
  readonly log: (line: string) => void;
  readonly onProcess?: (identity: ProcessIdentity | undefined) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A running Postgres: its URL (with the password: a secret) and its supervision. */
export interface PostgresServer {
  readonly url: string;
  readonly port: number;
  readonly child: SupervisedChild;
}

const urlOf = (cluster: Cluster, port: number, database: string): string =>
  `postgres://${POSTGRES_USER}:${cluster.password}@127.0.0.1:${port}/${database}`;

const withClient = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A server that goes down while we ask ends the query too; the listener keeps that from ending us.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** Fails unless the server at the URL answers and serves this very data folder. */
const probeServer = (cluster: Cluster, port: number): Promise<void> =>
  withClient(urlOf(cluster, port, 'postgres'), async (client) => {
    const answer = await client.query<{ data_directory: string }>('SHOW data_directory');
    const [row] = answer.rows;
    if (row?.data_directory !== cluster.data) throw new Error('another server listens there');
  });

/** True when the orphan answers on a port that suits; it may still be starting up or shutting down. */
const isAdoptable = async (
  cluster: Cluster,
  orphan: OrphanServer,
  port: number | undefined,
): Promise<boolean> => {
  if (port !== undefined && port !== 0 && port !== orphan.port) return false;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    try {
      await probeServer(cluster, orphan.port);
      return true;
    } catch {
      await sleep(100);
    }
  }
  return false;
};

const ensureDatabase = (cluster: Cluster, port: number): Promise<void> =>
  withClient(urlOf(cluster, port, 'postgres'), async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  });

const supervise = (options: PostgresOptions, cluster: Cluster, port: number): SupervisedChild => {
  const settings = { ...SETTINGS, ...options.settings };
  return new SupervisedChild({
    name: 'Postgres',
    command: options.binaries.postgres,
    args: [
      '-D',
      cluster.data,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    cwd: options.folder,
    account: options.account,
    logFile: options.logFile,
    probe: () => probeServer(cluster, port),
    readyTimeoutMs: 60_000,
    stopSteps: POSTGRES_STOP,
    beforeSpawn: async () => {
      const orphan = findOrphan(cluster.data);
      if (orphan !== undefined) await stopOrphan(orphan);
      await clearStaleLock(cluster.data);
    },
    ...(options.onProcess === undefined ? {} : { onProcess: options.onProcess }),
    log: options.log,
  });
};

/**
 * After a `kill -9` of the postmaster its backends hold the shared memory until they notice, some 100 ms
 * later, and until then a new one refuses to start: that refusal alone is worth further attempts.
 */
const startPatiently = async (child: SupervisedChild, signal?: AbortSignal): Promise<void> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await child.start(signal);
      return;
    } catch (error) {
      const held = messageOf(error).includes('shared memory block');
      if (!held || attempt === 10) throw error;
      await sleep(500);
    }
  }
};

/**
 * Starts Postgres on the folder's cluster (made when there is none), or takes over the server that a killed
 * parent left running on it. Resolves when a connection works and the database `assay` stands.
 *
 * @throws AssayError PORT_TAKEN, POSTGRES_START_FAILED, CHILD_NOT_READY.
 */
export const startPostgres = async (options: PostgresOptions): Promise<PostgresServer> => {
  const { folder, account, throwaway, signal } = options;
  const { initdb } = options.binaries;
  const cluster = await ensureCluster({
    folder,
    initdb,
    account,
    signal,
    ...(throwaway === undefined ? {} : { throwaway }),
  });
  const orphan = findOrphan(cluster.data);
  if (orphan !== undefined && (await isAdoptable(cluster, orphan, options.port))) {
    options.log(`Postgres runs already (pid ${orphan.identity.pid}), taking it over`);
    const child = supervise(options, cluster, orphan.port);
    await child.adopt(orphan.identity, signal);
    await ensureDatabase(cluster, orphan.port);
    return { url: urlOf(cluster, orphan.port, DATABASE), port: orphan.port, child };
  }
  if (orphan !== undefined) await stopOrphan(orphan);
  const port = await claimPort({
    port: options.port,
    preferred: options.preferredPort,
    service: 'Postgres',
    setBy: '--postgres-port',
  });
  const child = supervise(options, cluster, port);
  await startPatiently(child, signal);
  try {
    await ensureDatabase(cluster, port);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return { url: urlOf(cluster, port, DATABASE), port, child };
};
