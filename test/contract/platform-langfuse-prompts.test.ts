import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import type { PromptContent } from '../../src/contracts/prompt.js';
import { contentLabel, promptContentHash } from '../../src/core/prompts/content.js';
import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import type { Platform } from '../../src/platforms/port.js';
import type { PromptToCreate } from '../../src/platforms/prompt-port.js';
import { TestServer } from './langfuse-support.js';
import { platformFor, requestsTo, soon } from './platform-langfuse-support.js';

const path = '/api/public/v2/prompts';

let server: TestServer;
let platform: Platform;

beforeAll(async () => {
  server = await TestServer.start();
  platform = platformFor(server.url);
});
afterEach(async () => {
  await server.call('/dev/faults', { method: 'DELETE' });
});
afterAll(async () => {
  await platform.close();
  await server.stop();
});

const chat = (content: string): PromptContent => ({
  body: {
    kind: 'chat',
    messages: [
      { role: 'system', content: 'Sort.' },
      { placeholder: 'history' },
      { role: 'user', content },
    ],
  },
  config: { model: 'small', parameters: { temperature: 0 } },
});

const toCreate = (name: string, content: PromptContent, more: Partial<PromptToCreate> = {}) => ({
  name,
  ...content,
  contentHash: promptContentHash(content),
  ...more,
});

const ensure = (name: string, content: PromptContent, more: Partial<PromptToCreate> = {}) =>
  platform.prompts.ensure(toCreate(name, content, more), soon());

const posts = async (): Promise<number> => (await requestsTo(server, 'POST', path)).length;

describe('prompts on Langfuse', () => {
  it('come back as they were given, with placeholders and config, by label and by version', async () => {
    const content = chat('{{text}}');
    await ensure('team/come back', content, { tags: ['a'], labels: ['staging'], message: 'first' });
    const expected = {
      name: 'team/come back',
      version: '1',
      ...content,
      tags: ['a'],
      message: 'first',
    };
    for (const which of [{ label: 'staging' }, { version: '1' }, { label: 'latest' }]) {
      const found = await platform.prompts.get('team/come back', which, soon());
      expect(found).toMatchObject(expected);
      expect(found && promptContentHash(found)).toBe(promptContentHash(content));
    }
  });

  it('are no version where name, label or version is unknown', async () => {
    await ensure('known', chat('x'));
    const get = (name: string, which: { label: string } | { version: string }) =>
      platform.prompts.get(name, which, soon());
    expect(await get('unknown', { label: 'latest' })).toBeUndefined();
    expect(await get('known', { label: 'production' })).toBeUndefined();
    expect(await get('known', { version: '7' })).toBeUndefined();
    expect(await get('known', { version: 'v1' })).toBeUndefined();
    expect(await get('known', { version: '../1' })).toBeUndefined();
  });

  it('become a version only where the content is new, whatever order its keys have', async () => {
    expect(await ensure('once', chat('a'))).toEqual({ version: '1', created: true });
    expect(await ensure('once', chat('b'))).toEqual({ version: '2', created: true });
    const before = await posts();
    const reordered = { ...chat('a'), config: { parameters: { temperature: 0 }, model: 'small' } };
    expect(await ensure('once', reordered)).toEqual({ version: '1', created: false });
    expect(await posts()).toBe(before);
  });

  it('that somebody made by hand are taken as they are, not copied', async () => {
    await server.call(path, {
      method: 'POST',
      body: { name: 'by-hand', type: 'text', prompt: 'Hi {{name}}', labels: ['production'] },
    });
    await server.call(path, {
      method: 'POST',
      body: { name: 'by-hand', type: 'text', prompt: 'Ho' },
    });
    const content: PromptContent = { body: { kind: 'text', text: 'Hi {{name}}' }, config: {} };
    expect(await ensure('by-hand', content)).toEqual({ version: '1', created: false });
    const found = await platform.prompts.get('by-hand', { version: '1' }, soon());
    expect(found?.labels).toEqual(
      expect.arrayContaining(['production', contentLabel(promptContentHash(content))]),
    );
  });

  it('are one version where two callers of this process ask at once', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map(() => ensure('at-once', chat('x'))));
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(['1']));
  });

  it('are made once where the server makes it and then drops the connection', async () => {
    const order = { kind: 'commit_then_drop', method: 'POST', pathPrefix: path, next: 1 };
    expect((await server.post('/dev/faults', order)).status).toBeLessThan(300);
    expect(await ensure('dropped', chat('x'))).toEqual({ version: '1', created: true });
    const { body } = await server.call(`${path}?name=dropped`);
    expect(body['data']).toMatchObject([{ versions: [1] }]);
  });

  it('keep their kind: the refusal says so', async () => {
    await ensure('kind', chat('x'));
    await expect(
      ensure('kind', { body: { kind: 'text', text: 'x' }, config: {} }),
    ).rejects.toMatchObject({
      code: 'PLATFORM_REFUSED',
      message: expect.stringContaining('does not let it become text') as unknown,
    });
  });

  it('give a label to one version and take it from the other, and say whose it was', async () => {
    await ensure('moved', chat('a'), { labels: ['production'] });
    await ensure('moved', chat('b'));
    const move = (version: string) =>
      platform.prompts.moveLabel('moved', { label: 'production', version }, soon());
    expect(await move('2')).toEqual({ moved: true, from: '1' });
    const before = (await requestsTo(server, 'PATCH', `${path}/moved/versions/2`)).length;
    expect(await move('2')).toEqual({ moved: false, from: '2' });
    expect(await requestsTo(server, 'PATCH', `${path}/moved/versions/2`)).toHaveLength(before);
    expect((await platform.prompts.get('moved', { version: '1' }, soon()))?.labels).not.toContain(
      'production',
    );
    await expect(move('9')).rejects.toMatchObject({ code: 'PLATFORM_REFUSED' });
  });

  it('are listed with labels, and all their versions newest first', async () => {
    await ensure('listed', chat('a'), { labels: ['production'] });
    await ensure('listed', chat('b'));
    const names = [];
    for await (const page of platform.prompts.list(soon())) names.push(...page);
    expect(names.find(({ name }) => name === 'listed')?.labels).toEqual(
      expect.arrayContaining(['production', 'latest']),
    );
    const versions: string[] = [];
    for await (const page of platform.prompts.versions('listed', soon())) {
      versions.push(...page.map(({ version }) => version));
    }
    expect(versions).toEqual(['2', '1']);
    for await (const page of platform.prompts.versions('nowhere', soon())) {
      expect(page).toEqual([]);
    }
  });

  it('have their references replaced only where that is asked for', async () => {
    await ensure(
      'part',
      { body: { kind: 'text', text: 'Be kind.' }, config: {} },
      { labels: ['production'] },
    );
    const text = '@@@langfusePrompt:name=part|label=production@@@ Sort.';
    await ensure('whole', { body: { kind: 'text', text }, config: {} });
    const which = { version: '1' };
    expect((await platform.prompts.get('whole', which, soon()))?.body).toEqual({
      kind: 'text',
      text,
    });
    expect((await platform.prompts.resolve?.('whole', which, soon()))?.body).toEqual({
      kind: 'text',
      text: 'Be kind. Sort.',
    });
  });

  it('are not read with wrong keys, and no key is told', async () => {
    const stranger = createLangfusePlatform({
      baseUrl: server.url,
      publicKey: 'pk-lf-x',
      secretKey: 'sk-lf-hunter2',
      environment: 'assay',
    });
    const work = stranger.prompts.get('known', { label: 'latest' }, soon());
    const error: unknown = await work.catch((reason: unknown) => reason);
    await stranger.close();
    expect(error).toMatchObject({ code: 'PLATFORM_UNAUTHORIZED' });
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });
});
