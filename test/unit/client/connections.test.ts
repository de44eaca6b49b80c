import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AssayClient } from '../../../src/client/assay-client.js';
import { effectiveEnvironment, findConnections } from '../../../src/client/connections.js';

describe('the connections of a client', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-connections-'));
    await mkdir(join(folder, '.assay'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const stack = {
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    TEMPORAL_NAMESPACE: 'of-the-stack',
    DATABASE_URL: 'postgres://stack@127.0.0.1/a',
    LANGFUSE_HOST: 'http://127.0.0.1:2',
    LANGFUSE_BASE_URL: 'http://127.0.0.1:2',
    LANGFUSE_PUBLIC_KEY: 'pk-stack',
    LANGFUSE_SECRET_KEY: 'sk-stack',
    OPENAI_BASE_URL: 'http://127.0.0.1:3/v1',
    OPENAI_API_KEY: 'sk-demo',
  };
  const write = (text: string) => writeFile(join(folder, '.assay', 'stack.json'), text);
  const runs = () => write(JSON.stringify({ running: { environment: stack } }));

  it('are those of the embedded stack, each replaced by the variable that is set', async () => {
    await runs();
    await expect(findConnections(folder, { TEMPORAL_ADDRESS: '' })).resolves.toMatchObject({
      temporal: { address: '127.0.0.1:1', namespace: 'of-the-stack' },
      databaseUrl: stack.DATABASE_URL,
      langfuse: { publicKey: 'pk-stack' },
    });
    const set = { TEMPORAL_ADDRESS: 'temporal:7233', OPENAI_API_KEY: 'sk-mine' };
    await expect(findConnections(folder, set)).resolves.toMatchObject({
      temporal: { address: 'temporal:7233', namespace: 'default' },
      langfuse: { publicKey: 'pk-stack', secretKey: 'sk-stack' },
    });
    const { OPENAI_BASE_URL } = await effectiveEnvironment(folder, set);
    expect(OPENAI_BASE_URL).toBeUndefined();
  });

  it('shows no key of the stack to a model server of yours', async () => {
    await runs();
    const given = { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };
    const { OPENAI_BASE_URL, OPENAI_API_KEY } = await effectiveEnvironment(folder, given);
    expect({ OPENAI_BASE_URL, OPENAI_API_KEY }).toEqual({ ...given, OPENAI_API_KEY: undefined });
  });

  it('take no namespace and no address for links from a shell that names no server of its own', async () => {
    await runs();
    const given = { TEMPORAL_NAMESPACE: 'prod', LANGFUSE_WEB_URL: 'https://langfuse.example' };
    const effective = await effectiveEnvironment(folder, given);
    expect(effective).toMatchObject({ TEMPORAL_NAMESPACE: 'of-the-stack' });
    expect(effective).not.toHaveProperty('LANGFUSE_WEB_URL');
    const own = { ...given, TEMPORAL_ADDRESS: 'temporal:7233' };
    expect(await effectiveEnvironment(folder, own)).toMatchObject({ TEMPORAL_NAMESPACE: 'prod' });
  });

  it.each(['LANGFUSE_HOST', 'LANGFUSE_BASE_URL', 'LANGFUSE_PUBLIC_KEY', 'LANGFUSE_SECRET_KEY'])(
    'are not the stack’s Langfuse any more where %s alone is set: the rest of yours is missing',
    async (name) => {
      await runs();
      const given = { [name]: name.endsWith('KEY') ? 'mine' : 'http://127.0.0.1:9' };
      const connections = await findConnections(folder, given);
      expect(connections.databaseUrl).toBe(stack.DATABASE_URL);
      expect(() => connections.langfuse).toThrow(
        expect.objectContaining({
          code: 'ENVIRONMENT_INVALID',
          problems: expect.arrayContaining([
            expect.objectContaining({ mend: expect.stringContaining('unset the other LANGFUSE_') }),
          ]),
        }),
      );
    },
  );

  it('go from a whole Langfuse of yours, with the release of your own over the stack', async () => {
    await runs();
    const mine = {
      LANGFUSE_HOST: 'http://127.0.0.1:9',
      LANGFUSE_PUBLIC_KEY: 'pk-mine',
      LANGFUSE_SECRET_KEY: 'sk-mine',
    };
    await expect(findConnections(folder, mine)).resolves.toMatchObject({
      langfuse: { baseUrl: 'http://127.0.0.1:9', publicKey: 'pk-mine', secretKey: 'sk-mine' },
    });
    await expect(findConnections(folder, { LANGFUSE_RELEASE: 'r1' })).resolves.toMatchObject({
      langfuse: { publicKey: 'pk-stack', release: 'r1' },
    });
  });

  it('come from variables alone where no stack runs, or its file cannot be read', async () => {
    for (const text of ['{}', 'half a fi', '[]', '{"running":{"environment":{"A":1}}}']) {
      await write(text);
      await expect(effectiveEnvironment(folder, { A: 'x' })).resolves.toEqual({ A: 'x' });
    }
    await expect(findConnections(join(folder, 'nowhere'), stack)).resolves.toMatchObject({
      databaseUrl: stack.DATABASE_URL,
    });
  });

  it('are missing because the stack is not running, where it once ran; else because nothing is set', async () => {
    await write('{"version":1}');
    await expect(AssayClient.connect({ folder, environment: {} })).rejects.toMatchObject({
      code: 'STACK_NOT_RUNNING',
      entry: { exit: 5 },
      problems: [],
      mend: expect.stringContaining('Start `assay dev` in this folder'),
    });
    const elsewhere = { folder: join(folder, 'nowhere'), environment: { LANGFUSE_RELEASE: 'r' } };
    await expect(AssayClient.connect(elsewhere)).rejects.toMatchObject({
      code: 'ENVIRONMENT_INVALID',
    });
  });

  it('need of each only what is used: the keys of a platform, the database, Temporal', async () => {
    const {
      LANGFUSE_HOST,
      LANGFUSE_PUBLIC_KEY,
      LANGFUSE_SECRET_KEY,
      DATABASE_URL,
      TEMPORAL_ADDRESS,
    } = stack;
    const keys = { LANGFUSE_HOST, LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY };
    const nowhere = join(folder, 'nowhere');
    const langfuse = await findConnections(nowhere, keys);
    expect(langfuse.langfuse?.publicKey).toBe('pk-stack');
    const missing = expect.objectContaining({
      problems: ['TEMPORAL_ADDRESS', 'DATABASE_URL'].map((at) => expect.objectContaining({ at })),
    });
    expect(() => langfuse.databaseUrl).toThrow(missing);
    expect(() => langfuse.temporal).toThrow(missing);
    const langsmith = await findConnections(nowhere, { LANGSMITH_API_KEY: 'lsv2_pt_x' });
    expect(langsmith.langsmith?.apiKey).toBe('lsv2_pt_x');
    expect(langsmith.langfuse).toBeUndefined();
    expect(() => langsmith.temporal).toThrow(/`assay dev` is not running here/);
    const rest = await findConnections(nowhere, { DATABASE_URL, TEMPORAL_ADDRESS: 'a wrong one' });
    expect(rest.databaseUrl).toBe(DATABASE_URL);
    expect(() => rest.temporal).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_INVALID' }));
    expect(() => rest.langfuse).toThrow(
      expect.objectContaining({
        problems: Object.keys(keys).map((at) => expect.objectContaining({ at })),
      }),
    );
    expect((await findConnections(nowhere, { TEMPORAL_ADDRESS })).temporal.address).toBe(
      TEMPORAL_ADDRESS,
    );
  });
});
