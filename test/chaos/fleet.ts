import { setTimeout as wait } from 'node:timers/promises';

import { identify, type ProcessIdentity } from '../../src/devstack/process-facts.js';
import { superviseWorkers, type SupervisedWorkers } from '../../src/workers/supervisor.js';

export interface FleetOptions {
  readonly folder: string;
  readonly count: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly entry: string;
  readonly onLog: (line: string) => void;
  readonly onCrash: (text: string) => void;
}

/** The worker processes of a run, each supervised by itself, as one pod of a deployment is. */
export interface Fleet {
  /** Those that run now, frozen ones included. */
  processes(): readonly ProcessIdentity[];
  /** A new worker is there before the old one is told to go (SIGTERM). */
  deploy(index: number): Promise<void>;
  stop(): Promise<void>;
}

export const startFleet = async (options: FleetOptions): Promise<Fleet> => {
  let stopping = false;
  const start = (): SupervisedWorkers =>
    superviseWorkers({
      folder: options.folder,
      environment: options.environment,
      entry: options.entry,
      onLog: options.onLog,
      onCrash: ({ pid, code, signal }) =>
        options.onCrash(`worker ${String(pid)} ended (${signal ?? `exit ${String(code)}`})`),
    });
  // A worker that finds no Postgres at its first start gives up; whoever deploys it starts it again.
  const startPatiently = async (adopt: (workers: SupervisedWorkers) => void): Promise<void> => {
    for (;;) {
      const workers = start();
      adopt(workers);
      try {
        await workers.ready;
        return;
      } catch (error) {
        options.onCrash(error instanceof Error ? error.message : String(error));
        await workers.stop();
        if (stopping) return;
        await wait(1_000);
      }
    }
  };
  const pods: SupervisedWorkers[] = [];
  const leaving = new Set<SupervisedWorkers>();
  await Promise.all(
    Array.from({ length: options.count }, (_, index) =>
      startPatiently((workers) => (pods[index] = workers)),
    ),
  );
  return {
    processes: () =>
      [...pods, ...leaving].flatMap(({ pids }) => pids.flatMap((pid) => identify(pid) ?? [])),
    async deploy(index) {
      const old = pods[index % pods.length];
      if (old !== undefined) leaving.add(old);
      await startPatiently((workers) => (pods[index % pods.length] = workers));
      await old?.stop();
      if (old !== undefined) leaving.delete(old);
    },
    async stop() {
      stopping = true;
      await Promise.all([...pods, ...leaving].map((workers) => workers.stop()));
    },
  };
};
