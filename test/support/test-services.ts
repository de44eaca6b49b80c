import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { startTestPostgres } from './test-postgres.js';
import { startTestTemporal } from './test-temporal.js';
import { openRunFolder } from './run-folder.js';

/** What Jest's parent process holds for the run. */
export interface TestServices {
  close(): Promise<void>;
}

/** A server of the test run: where it is, and its end. */
export interface TestService {
  readonly address: string;
  stop(): Promise<void>;
}

const lazily = (start: () => Promise<TestService>) => {
  let started: Promise<TestService> | undefined;
  return {
    get: (): Promise<TestService> => (started ??= start()),
    stop: async (): Promise<void> => {
      await (await started?.catch(() => undefined))?.stop();
    },
  };
};

/**
 * A small loopback server in Jest's parent process that starts a service when the first test file asks for
 * it. The address (with a random token) reaches the workers as ASSAY_TEST_SERVICES.
 */
export const openTestServices = async (): Promise<TestServices> => {
  const folder = await openRunFolder();
  const services = new Map([
    ['postgres', lazily(() => startTestPostgres(folder.path))],
    ['temporal', lazily(() => startTestTemporal(folder.path))],
  ]);
  const token = randomBytes(16).toString('hex');
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const name = request.url?.startsWith(`/${token}/`) === true ? request.url.split('/')[2] : '';
    const service = services.get(name ?? '');
    if (service === undefined) {
      response.writeHead(404).end();
      return;
    }
    try {
      response.end((await service.get()).address);
    } catch (error) {
      response
        .writeHead(500)
        .end(error instanceof Error ? (error.stack ?? error.message) : 'failed');
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.env['ASSAY_TEST_SERVICES'] = `http://127.0.0.1:${port}/${token}`;
  return {
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all([...services.values()].map((service) => service.stop()));
      await folder.remove();
    },
  };
};
