import { existsSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { endProcess } from './process-facts.js';
import { postgresFolders } from './postgres/index.js';
import { findOrphan, stopOrphan } from './postgres/orphan.js';
import { lockProject } from './stack.js';
import { stateFile } from './stack-state.js';
import { findOrphan as findTemporal } from './temporal/state.js';

/** By what the data itself says: the state file may be the very thing that is damaged. */
const endServers = async (projectDir: string): Promise<void> => {
  for (const folder of postgresFolders(projectDir)) {
    const orphan = findOrphan(join(folder, 'data'));
    if (orphan !== undefined) await stopOrphan(orphan);
  }
  const temporal = join(projectDir, '.assay', 'temporal');
  const orphan = findTemporal(join(temporal, 'state.json'), join(temporal, 'temporal.db'));
  if (orphan !== undefined)
    await endProcess(orphan.identity, [{ signal: 'SIGTERM', graceMs: 10_000 }]);
};

/**
 * Empties the embedded stack of a folder: databases, Temporal's history, keys and logs. Servers that a killed
 * process left running are stopped first.
 *
 * @throws AssayError STACK_RUNNING while it runs.
 */
export const resetStack = async (projectDir: string): Promise<void> => {
  if (!existsSync(projectDir)) return;
  const folder = realpathSync(projectDir);
  const lock = lockProject(folder);
  try {
    await endServers(folder);
    const inside = ['temporal', 'logs'].map((name) => join(folder, '.assay', name));
    for (const path of [...postgresFolders(folder), ...inside, stateFile(folder)]) {
      rmSync(path, { recursive: true, force: true });
    }
  } finally {
    lock.release();
  }
};
