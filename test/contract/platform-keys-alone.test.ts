import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runCli } from '../../src/cli/run-cli.js';
import { AssayClient } from '../../src/client/assay-client.js';
import type { Platform } from '../../src/platforms/port.js';
import { recorded } from '../unit/cli/streams.js';
import { keys, TestServer } from './langfuse-support.js';
import { platformFor, soon } from './platform-langfuse-support.js';

let server: TestServer;
let platform: Platform;
let folder: string;
let environment: Readonly<Record<string, string>>;

beforeAll(async () => {
  server = await TestServer.start();
  platform = platformFor(server.url);
  folder = await mkdtemp(join(tmpdir(), 'assay-keys-alone-'));
  environment = {
    ASSAY_PROJECT: 'tests',
    LANGFUSE_HOST: server.url,
    LANGFUSE_PUBLIC_KEY: keys.publicKey,
    LANGFUSE_SECRET_KEY: keys.secretKey,
  };
  const dataset = await platform.datasets.ensure({ name: 'tickets' }, soon());
  const item = { id: 'a', input: { text: 'a' }, metadata: {} };
  await platform.datasets.writeItems({ dataset, items: [{ item }], signal: soon() });
  await server.call('/api/public/v2/prompts', {
    method: 'POST',
    body: { name: 'triage', type: 'text', prompt: 'Sort {{text}}.', labels: ['production'] },
  });
});
afterAll(async () => {
  await platform.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function cli(words: string) {
  const [out, err] = [recorded(), recorded()];
  const code = await runCli(
    { stdout: out.stream, stderr: err.stream, cwd: folder, environment },
    words.split(' '),
  );
  return { code, out: out.text(), err: err.text() };
}

describe('with the keys of a platform alone, as in CI', () => {
  it.each([
    ['datasets pull tickets', 'tickets'],
    ['datasets diff tickets', 'agree'],
    ['datasets list', 'tickets'],
    ['datasets show tickets', 'tickets'],
    ['prompts pull', 'triage'],
    ['prompts diff', 'as in git'],
    ['prompts list', 'triage'],
    ['prompts get triage', 'Sort {{text}}.'],
  ])('assay %s works: neither Temporal nor Postgres is set', async (words, said) => {
    const { code, out, err } = await cli(words);
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(out).toContain(said);
  });

  it('an application fetches prompts, from the platform and, while that is away, from its files, or learns that it is', async () => {
    await using client = await AssayClient.connect({ folder, environment });
    const wish = { project: 'tests', name: 'triage', label: 'production' };
    expect(await client.prompts.fetch(wish)).toMatchObject({ source: 'platform' });
    const away = { ...environment, LANGFUSE_HOST: 'http://127.0.0.1:9' };
    await using other = await AssayClient.connect({ folder, environment: away });
    await mkdir(join(folder, 'targets', 'triage'), { recursive: true });
    await writeFile(join(folder, 'targets', 'triage', 'prompt.txt'), 'Sort {{text}}.');
    const [file, nowhere] = await Promise.allSettled([
      other.prompts.fetch(wish),
      other.prompts.fetch({ ...wish, name: 'in-no-file' }),
    ]);
    expect(file).toMatchObject({ value: { source: 'file' } });
    expect(nowhere).toMatchObject({ reason: { code: 'PLATFORM_UNREACHABLE' } });
  });

  it('what needs Temporal or Postgres says what is missing, and nothing of the platform', async () => {
    for (const words of ['experiment list', 'prompts history triage']) {
      const { code, err } = await cli(words);
      expect(code).toBe(2);
      expect(err).toContain('- DATABASE_URL: is not set');
      expect(err).not.toContain('LANGFUSE');
    }
  });
});
