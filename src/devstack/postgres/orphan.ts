import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

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
 *
 * A file that names a stranger is removed, as Postgres would refuse to start over it. One that names a dead
 * process stays: Postgres itself checks then that no backend of the dead server still has its memory.
 */
export const findOrphan = (data: string): OrphanServer | undefined => {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  const [pidLine, , , portLine] = readFileSync(file, 'utf8').split('\n');
  const pid = Number(pidLine);
  const identity = Number.isInteger(pid) && pid > 0 ? identify(pid) : undefined;
  if (identity === undefined) return undefined;
  if (`${commandLine(pid)} `.includes(` -D ${data} `)) return { identity, port: Number(portLine) };
  rmSync(file, { force: true });
  return undefined;
};

/** Stops a server that cannot be adopted. */
export const stopOrphan = async (orphan: OrphanServer): Promise<void> => {
  await endProcess(orphan.identity, POSTGRES_STOP);
};
