import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bytesText } from '../../../src/cli/commands/doctor/bytes-text.js';
import { checkDisk } from '../../../src/cli/commands/doctor/disk-check.js';
import { checkPlatform } from '../../../src/cli/commands/doctor/platform-check.js';
import { checkModels } from '../../../src/cli/commands/doctor/models-check.js';
import { checkNode } from '../../../src/cli/commands/doctor/node-check.js';
import { runCheck } from '../../../src/cli/commands/doctor/check.js';
import { connectionOf } from '../../../src/cli/commands/doctor/service-connections.js';
import { configSchema, type Config } from '../../../src/contracts/config.js';
import { AssayError } from '../../../src/core/errors/assay-error.js';

const secret = 'sk-very-secret-key';
let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(null) : server.close(resolve)));
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://127.0.0.1:${port}`;
}

const configOf = (baseUrl: string): Config =>
  configSchema.parse({
    project: 'p',
    models: { small: { model: 'small-1', baseUrl } },
    targets: {},
    evaluators: {},
  });

const look = async (baseUrl: string, key = secret) => {
  const [result] = await checkModels(configOf(baseUrl), { OPENAI_API_KEY: key });
  return result;
};

describe('the look at a model', () => {
  it('is ok where its provider lists it, asked with the key', async () => {
    let asked: string | undefined;
    const url = await serve((request, response) => {
      asked = `${request.url ?? ''} ${request.headers.authorization ?? ''}`;
      response.end(JSON.stringify({ data: [{ id: 'small-1' }] }));
    });
    expect(await look(`${url}/v1/`)).toMatchObject({ name: 'Model small', state: 'ok' });
    expect(asked).toBe(`/v1/models Bearer ${secret}`);
  });

  it('warns where its provider does not list it', async () => {
    const url = await serve((_request, response) => response.end('{"data":[]}'));
    expect(await look(url)).toMatchObject({ state: 'warn' });
  });

  it('fails where the key is refused or missing, without showing it', async () => {
    const url = await serve((_request, response) => response.writeHead(401).end(secret));
    const refused = await look(url);
    expect(refused).toMatchObject({
      state: 'fail',
      found: expect.stringContaining('401'),
    });
    expect(JSON.stringify(refused)).not.toContain(secret);
    expect(await look(url, '')).toMatchObject({
      state: 'fail',
      problems: [{ at: 'OPENAI_API_KEY' }],
    });
  });

  it('fails without showing a key that no header can hold', async () => {
    const url = await serve((_request, response) => response.end());
    const result = await look(url, `${secret}\nsecond line`);
    expect(result).toMatchObject({ state: 'fail' });
    expect(JSON.stringify(result)).not.toContain(secret);
  });

  it('says that it is not checked where there is no list, or one without end', async () => {
    const missing = await serve((_request, response) => response.writeHead(404).end());
    expect(await look(missing)).toMatchObject({
      state: 'warn',
      found: expect.stringContaining('not checked'),
    });
    server?.close();
    const endless = await serve((_request, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', more);
      };
      more();
    });
    expect(await look(endless)).toMatchObject({ state: 'warn' });
  });

  it('does not take its key to another address', async () => {
    let followed = false;
    const url = await serve((request, response) => {
      if (request.url === '/elsewhere') followed = true;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect(await look(url)).toMatchObject({ state: 'warn' });
    expect(followed).toBe(false);
  });

  it('ends in its time where the provider never answers', async () => {
    const url = await serve(() => undefined);
    expect(await look(url)).toMatchObject({ state: 'fail', found: 'no answer within 5 s' });
  });

  it('fails where nothing listens', async () => {
    const gone = createTcpServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const address = gone.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => gone.close(resolve));
    expect(await look(`http://127.0.0.1:${port}`)).toMatchObject({
      state: 'fail',
      found: expect.stringContaining('does not answer'),
    });
  });
});

describe('a look', () => {
  it('that throws becomes its result, with code, problems and mend', async () => {
    const [result] = await runCheck('X', () =>
      Promise.reject(
        new AssayError('PLATFORM_UNAUTHORIZED', 'The keys are refused.', { mend: 'Check them.' }),
      ),
    );
    expect(result).toMatchObject({
      name: 'X',
      state: 'fail',
      found: 'The keys are refused. (PLATFORM_UNAUTHORIZED)',
      mend: 'Check them.',
    });
  });

  it('shows nothing of a foreign message, which may quote a key', async () => {
    const [result] = await runCheck('X', () =>
      Promise.reject(Object.assign(new Error(`Bearer ${secret}`), { code: 'EWHAT' })),
    );
    expect(result).toMatchObject({ state: 'fail', found: 'failed (EWHAT)' });
  });

  it('at Langfuse says by its code what is wrong', async () => {
    const url = await serve((_request, response) => response.writeHead(401).end('{}'));
    const [result] = await runCheck('Langfuse', (signal) =>
      checkPlatform(
        'langfuse',
        {
          langfuse: { baseUrl: url, publicKey: 'pk-lf-1', secretKey: secret, release: undefined },
        },
        signal,
      ),
    );
    expect(result).toMatchObject({ state: 'fail' });
    expect(JSON.stringify(result)).not.toContain(secret);
  });

  it('at the disk counts what the folder takes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'assay-doctor-'));
    try {
      const before = await checkDisk(folder, AbortSignal.timeout(30_000));
      expect(before[0]?.facts).toMatchObject({ usedBytes: 0 });
      await writeFile(join(folder, '.assay'), 'x'.repeat(1_234));
      const after = await checkDisk(folder, AbortSignal.timeout(30_000));
      expect(after[0]?.facts).toMatchObject({ usedBytes: 1_234 });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['20.19.0', 'ok'],
    ['20.18.3', 'fail'],
    ['18.20.0', 'fail'],
    ['22.1.0', 'ok'],
  ])('at Node %s is %s', (version, state) => {
    expect(checkNode(version).state).toBe(state);
  });
});

describe('the variables of one service', () => {
  it('are judged without those of the others', () => {
    const environment = {
      DATABASE_URL: 'postgres://localhost/assay',
      TEMPORAL_ADDRESS: 'nonsense',
    };
    expect(connectionOf('postgres', environment).databaseUrl).toBe('postgres://localhost/assay');
    const problemsOf = (service: 'temporal' | 'langfuse'): readonly string[] => {
      try {
        connectionOf(service, environment);
        return [];
      } catch (error) {
        return AssayError.is(error) ? error.problems.map(({ at }) => at) : [];
      }
    };
    expect(problemsOf('temporal')).toEqual(expect.arrayContaining(['TEMPORAL_ADDRESS']));
    expect(problemsOf('temporal')).not.toContain('LANGFUSE_HOST');
    expect(problemsOf('langfuse')).toEqual([
      'LANGFUSE_HOST',
      'LANGFUSE_PUBLIC_KEY',
      'LANGFUSE_SECRET_KEY',
    ]);
  });

  it('says that no stack runs here where nothing at all is set', async () => {
    const [result] = await runCheck('Postgres', () => {
      connectionOf('postgres', {});
      return Promise.resolve([]);
    });
    expect(result).toMatchObject({
      state: 'fail',
      found: expect.stringContaining('`assay dev` is not running in this folder'),
      problems: [],
    });
  });
});

describe('bytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [12_345, '12 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [79e9, '79 GB'],
    [5e16, '50000 TB'],
  ])('%d reads %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });
});
