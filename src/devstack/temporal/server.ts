import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { SupervisedChild } from '../child.js';
import { claimPort } from '../ports.js';
import { endProcess, type ProcessIdentity, type StopStep } from '../process-facts.js';
import { probeTemporal } from './probe.js';
import { ensureSearchAttributes } from './search-attributes.js';
import { findOrphan, type TemporalState, writeState } from './state.js';

const NAMESPACE = 'default';
const STOP: readonly StopStep[] = [{ signal: 'SIGTERM', graceMs: 15_000 }];

/** Dynamic configuration as start-dev wants it: values are JSON. */
const DYNAMIC_CONFIG: Readonly<Record<string, string>> = {
  // One partition: twice as fast on a small machine, where four only wait for one another.
  'matching.numTaskqueueReadPartitions': '1',
  'matching.numTaskqueueWritePartitions': '1',
  'matching.useNewMatcher': 'true',
  'matching.enableFairness': 'true',
};

export interface TemporalOptions {
  /** The Temporal CLI. */
  readonly program: string;
  /** Holds the database and the state file. */
  readonly folder: string;
  readonly port?: number | undefined;
  readonly uiPort?: number | undefined;
  readonly preferredPort?: number | undefined;
  readonly preferredUiPort?: number | undefined;
  readonly logFile: string;
  /** Custom search attributes, name to type (`Keyword`, `Int`, …). */
  readonly searchAttributes?: Readonly<Record<string, string>>;
  /** Keep nothing on disk; for tests. */
  readonly inMemory?: boolean;
  readonly log: (line: string) => void;
  readonly onProcess?: (identity: ProcessIdentity | undefined) => void;
  readonly signal?: AbortSignal | undefined;
}

/** A running Temporal dev server and its supervision. */
export interface TemporalServer {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  readonly port: number;
  readonly uiPort: number;
  readonly child: SupervisedChild;
}

interface Plan {
  readonly port: number;
  readonly uiPort: number;
  readonly args: readonly string[];
}

const databaseOf = (options: TemporalOptions): string => join(options.folder, 'temporal.db');

/** All arguments but the ports. */
const commonArgs = (options: TemporalOptions): readonly string[] => [
  ...(options.inMemory === true ? [] : ['--db-filename', databaseOf(options)]),
  ...['journal_mode=wal', 'synchronous=normal'].flatMap((pragma) => ['--sqlite-pragma', pragma]),
  ...Object.entries(DYNAMIC_CONFIG).flatMap(([key, value]) => [
    '--dynamic-config-value',
    `${key}=${value}`,
  ]),
];

const addressOf = (plan: { readonly port: number }): string => `127.0.0.1:${plan.port}`;

const supervise = (options: TemporalOptions, plan: Plan): SupervisedChild =>
  new SupervisedChild({
    name: 'Temporal',
    command: options.program,
    args: [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--ui-ip', '127.0.0.1'],
      ...['--port', String(plan.port), '--ui-port', String(plan.uiPort)],
      ...['--log-level', 'warn', '--log-format', 'json'],
      ...plan.args,
    ],
    // A CLI profile of the user must not decide how our server runs.
    env: { PATH: process.env['PATH'], HOME: options.folder, TEMPORAL_CONFIG_FILE: '/dev/null' },
    cwd: options.folder,
    logFile: options.logFile,
    probe: async () => {
      const target = { address: addressOf(plan), namespace: NAMESPACE };
      await probeTemporal(target.address, target.namespace);
      await ensureSearchAttributes(target, options.searchAttributes ?? {});
    },
    readyTimeoutMs: 90_000,
    stopSteps: STOP,
    onProcess: (identity) => {
      if (identity !== undefined)
        writeState(join(options.folder, 'state.json'), { identity, ...plan });
      options.onProcess?.(identity);
    },
    log: options.log,
  });

const served = (plan: Plan, child: SupervisedChild): TemporalServer => ({
  address: addressOf(plan),
  namespace: NAMESPACE,
  uiUrl: `http://127.0.0.1:${plan.uiPort}`,
  port: plan.port,
  uiPort: plan.uiPort,
  child,
});

const suits = (wanted: number | undefined, actual: number): boolean =>
  wanted === undefined || wanted === 0 || wanted === actual;

/** Takes over an orphan that answers and runs as we would run it; any other one is stopped. */
const adopt = async (
  options: TemporalOptions,
  orphan: TemporalState,
): Promise<TemporalServer | undefined> => {
  const same =
    suits(options.port, orphan.port) &&
    suits(options.uiPort, orphan.uiPort) &&
    JSON.stringify(orphan.args) === JSON.stringify(commonArgs(options)) &&
    (await probeTemporal(addressOf(orphan), NAMESPACE).then(
      () => true,
      () => false,
    ));
  if (!same) {
    await endProcess(orphan.identity, STOP);
    return undefined;
  }
  options.log(`Temporal runs already (pid ${orphan.identity.pid}), taking it over`);
  const plan = { port: orphan.port, uiPort: orphan.uiPort, args: orphan.args };
  const child = supervise(options, plan);
  await child.adopt(orphan.identity, options.signal);
  return served(plan, child);
};

/**
 * Starts a Temporal dev server with its UI on loopback, or takes over the one that a killed parent left
 * running on the same database. Resolves when it answers over gRPC.
 *
 * @throws AssayError PORT_TAKEN, CHILD_NOT_READY.
 */
export const startTemporal = async (options: TemporalOptions): Promise<TemporalServer> => {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const orphan = findOrphan(join(options.folder, 'state.json'), databaseOf(options));
  const adopted = orphan === undefined ? undefined : await adopt(options, orphan);
  if (adopted !== undefined) return adopted;
  const port = await claimPort({
    port: options.port,
    preferred: options.preferredPort,
    service: 'Temporal',
    setBy: '--temporal-port',
  });
  const uiPort = await claimPort({
    port: options.uiPort,
    preferred: options.preferredUiPort,
    service: 'the Temporal UI',
    setBy: '--temporal-ui-port',
  });
  const plan = { port, uiPort, args: commonArgs(options) };
  const child = supervise(options, plan);
  await child.start(options.signal);
  return served(plan, child);
};
