import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

import { commandLine, isSameProcess, type ProcessIdentity } from '../process-facts.js';

/** What a start needs to know of the server that a killed parent left running. */
export interface TemporalState {
  readonly identity: ProcessIdentity;
  readonly port: number;
  readonly uiPort: number;
  /** The arguments it runs with: with others it has to be started anew. */
  readonly args: readonly string[];
}

/** Written by rename: a kill midway leaves the old state, not half of the new. */
export const writeState = (file: string, state: TemporalState): void => {
  const draft = `${file}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, JSON.stringify(state), { mode: 0o600 });
  renameSync(draft, file);
};

/** The server that still runs on our database file; undefined when there is none. */
export const findOrphan = (file: string, database: string): TemporalState | undefined => {
  try {
    const state = JSON.parse(readFileSync(file, 'utf8')) as TemporalState;
    const ours =
      isSameProcess(state.identity) && commandLine(state.identity.pid).includes(database);
    return ours ? state : undefined;
  } catch {
    // No file: no orphan. Nobody but us writes it, and whole.
    return undefined;
  }
};
