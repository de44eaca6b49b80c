import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { searchAttributes } from '../../src/core/experiment/naming.js';
import { resolveTemporal, startTemporal } from '../../src/devstack/temporal/index.js';
import { askForService } from './ask-for-service.js';

/**
 * A Temporal server that suggests continue-as-new after so few events, in place of the test run's own for whoever asks from
 * now on: a run of thousands of events is a matter of seconds then.
 */
export async function useShortHistories(events: number): Promise<{ stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'assay-short-'));
  const real = await resolveTemporal({ log: (line) => process.stderr.write(`${line}\n`) });
  const program = join(folder, 'temporal.sh');
  await writeFile(
    program,
    `#!/bin/sh\nexec '${real}' "$@" --dynamic-config-value limit.historyCount.suggestContinueAsNew=${events}\n`,
  );
  await chmod(program, 0o700);
  const server = await startTemporal({
    program,
    folder: join(folder, 'temporal'),
    logFile: join(folder, 'temporal.log'),
    searchAttributes,
    inMemory: true,
    log: () => undefined,
  });
  const before = process.env['ASSAY_TEST_SERVICES'];
  const postgres = await askForService('postgres');
  const services = createServer((request, response) => {
    response.end(request.url?.endsWith('/postgres') === true ? postgres : server.address);
  });
  await new Promise<void>((resolve) => services.listen(0, '127.0.0.1', resolve));
  const { port } = services.address() as AddressInfo;
  process.env['ASSAY_TEST_SERVICES'] = `http://127.0.0.1:${port}`;
  return {
    async stop() {
      process.env['ASSAY_TEST_SERVICES'] = before;
      services.closeAllConnections();
      services.close();
      await server.child.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
