import { join } from 'node:path';

import { searchAttributes } from '../../src/core/experiment/naming.js';
import { resolveTemporal, startTemporal } from '../../src/devstack/temporal/index.js';
import { noteProcess } from './run-folder.js';
import type { TestService } from './test-services.js';

/** One in-memory Temporal dev server for the whole test run. */
export const startTestTemporal = async (folder: string): Promise<TestService> => {
  const server = await startTemporal({
    program: await resolveTemporal({ log: (line) => process.stderr.write(`${line}\n`) }),
    folder: join(folder, 'temporal'),
    logFile: join(folder, 'temporal.log'),
    searchAttributes,
    inMemory: true,
    log: () => undefined,
  });
  const { identity } = server.child;
  if (identity !== undefined) await noteProcess(folder, identity);
  return { address: server.address, stop: () => server.child.stop() };
};
