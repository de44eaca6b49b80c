import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { rowsIn, TestServer, traceId } from './langfuse-support.js';

const path = '/api/public/v2/prompts';

describe('prompts of the dev server', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });

  afterAll(() => server.stop());

  const create = (body: object) => server.post(path, { type: 'text', ...body });
  const get = (name: string, query = '') =>
    server.call(`${path}/${encodeURIComponent(name)}${query}`);
  const newName = () => `folder/prompt-${traceId()}`;

  it('makes a new version of every post, equal text or not', async () => {
    const name = newName();
    const answers = [
      await create({ name, prompt: 'same' }),
      await create({ name, prompt: 'same' }),
    ];
    expect(answers.map(({ status, body }) => [status, body['version']])).toEqual([
      [201, 1],
      [201, 2],
    ]);
    expect((await get(name, '?label=latest')).body['version']).toBe(2);
    expect((await get(name, '?version=1')).body['labels']).toEqual([]);
  });

  it('keeps a label on one version: posts and patches take it from the others, patches add', async () => {
    const name = newName();
    await create({ name, prompt: 'one', labels: ['production', 'staging'] });
    await create({ name, prompt: 'two', labels: ['production'] });
    const patch = (version: number, newLabels: string[]) =>
      server.call(`${path}/${encodeURIComponent(name)}/versions/${version}`, {
        method: 'PATCH',
        body: { newLabels },
      });
    expect((await get(name)).body['version']).toBe(2);
    expect((await patch(1, ['production'])).body['labels']).toEqual(['production', 'staging']);
    expect((await patch(1, ['blue'])).body['labels']).toEqual(['blue', 'production', 'staging']);
    expect((await get(name)).body['version']).toBe(1);
    expect((await get(name, '?version=2')).body['labels']).toEqual(['latest']);
    expect((await patch(1, ['latest'])).status).toBe(400);
  });

  it('puts the tags of the newest post on all versions and keeps them when left out', async () => {
    const name = newName();
    await create({ name, prompt: 'one', tags: ['a'] });
    await create({ name, prompt: 'two' });
    await create({ name, prompt: 'three', tags: ['a', 'b'] });
    expect((await get(name, '?version=1')).body['tags']).toEqual(['a', 'b']);
    const list = await server.call(`${path}?name=${encodeURIComponent(name)}`);
    expect(rowsIn(list)).toMatchObject([
      { versions: [1, 2, 3], tags: ['a', 'b'], labels: ['latest'] },
    ]);
    expect(list.body['pagination']).toEqual(list.body['meta']);
  });

  it('resolves references, lists what they led to, and guards what others depend on', async () => {
    const [part, whole] = [newName(), newName()];
    await create({ name: part, prompt: 'inner {{x}}', labels: ['production'] });
    const prompt = `A @@@langfusePrompt:name=${part}|label=production@@@ Z`;
    await create({ name: whole, prompt, labels: ['production'] });
    const resolved = await get(whole);
    expect(resolved.body).toMatchObject({
      prompt: 'A inner {{x}} Z',
      resolutionGraph: { root: { name: whole, version: 1 } },
    });
    expect((await get(whole, '?resolve=false')).body['prompt']).toBe(prompt);
    const remove = (name: string) =>
      server.call(`${path}/${encodeURIComponent(name)}`, { method: 'DELETE' });
    expect((await remove(part)).body['error']).toBe('InvalidRequestError');
    expect((await remove(whole)).status).toBe(204);
    expect((await remove(part)).status).toBe(204);
    expect((await get(part)).body['message']).toBe(
      `Prompt not found: '${part}' with label 'production'`,
    );
    const dangling = await create({
      name: newName(),
      prompt: '@@@langfusePrompt:name=nowhere|version=3@@@',
    });
    expect(dangling.body['message']).toBe('Prompt dependency not found: nowhere - version 3');
  });

  it('lets one of several parallel creates win and tells the others', async () => {
    const name = newName();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => create({ name, prompt: 'p' })),
    );
    const created = answers.filter(({ status }) => status === 201);
    expect(created.length).toBeGreaterThanOrEqual(1);
    expect(answers.every(({ status }) => status === 201 || status === 400)).toBe(true);
    const versions = created.map(({ body }) => body['version']);
    expect(new Set(versions).size).toBe(versions.length);
  });

  it('refuses a change of type, bad labels, a pipe in the name, both version and label', async () => {
    const name = newName();
    await create({ name, prompt: 'text', labels: ['production'] });
    const answers = await Promise.all([
      server.post(path, { name, type: 'chat', prompt: [{ role: 'user', content: 'x' }] }),
      create({ name, prompt: 'x', labels: ['Prod Label'] }),
      create({ name, prompt: 'x', labels: ['l'.repeat(37)] }),
      create({ name: 'a|b', prompt: 'x' }),
      get(name, '?version=1&label=production'),
      get(name, '?version=one'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400, 400]);
  });
});
