import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  commandLine,
  endProcess,
  identify,
  type ProcessIdentity,
  type StopStep,
} from '../process-facts.js';

/** A server that runs on our data although nobody supervises it. */
export interface OrphanServer {
  readonly identity: ProcessIdentity;
  readonly port: number;
}

/** Fast shutdown (sessions are ended, a checkpoint is written), then immediate, which recovery mends. */
export const POSTGRES_STOP: readonly StopStep[] = [
  { signal: 'SIGINT', graceMs: 20_000 },
  { signal: 'SIGQUIT', graceMs: 5_000 },
];

/**
 * Finds the server that postmaster.pid names, if it is really ours: the pid may be a stranger's by now, and
 * is ours only when its command line names this data folder.
 */
export const findOrphan = (data: string): OrphanServer | undefined => {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const [pidLine, , , portLine] = readFileSync(file, 'utf8').split('\n');
  const pid = Number(pidLine);
  const identity = Number.isInteger(pid) && pid > 0 ? identify(pid) : undefined;
  if (identity === undefined || !`${commandLine(pid)} `.includes(` -D ${data} `)) return undefined;
  return { identity, port: Number(portLine) };
};

const BACKENDS_END_MS = 15_000;

const worksIn = (pid: string, folder: string): boolean => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder;
  } catch {
    return false;
  }
};

/** Backends outlive a killed postmaster until they notice; each works in the data folder. */
const hasBackends = (data: string): boolean =>
  readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && worksIn(pid, data));

/**
 * Removes the postmaster.pid of a dead server once none of its backends lives. Postgres would do so itself,
 * but it takes a zombie (its new parent has not looked yet) or a stranger with the same pid for a live server.
 * Without /proc it is left to Postgres.
 */
export const clearStaleLock = async (data: string): Promise<void> => {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file) || !existsSync('/proc/self/cwd')) return;
  const deadline = performance.now() + BACKENDS_END_MS;
  while (hasBackends(data)) {
    if (performance.now() > deadline) return;
    await sleep(50);
  }
  rmSync(file, { force: true });
};

/** Stops a server that cannot be adopted. */
export const stopOrphan = async (orphan: OrphanServer): Promise<void> => {
  await endProcess(orphan.identity, POSTGRES_STOP);
};
