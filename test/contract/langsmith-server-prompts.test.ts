import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'langsmith';

import type { LangsmithServer } from '../support/langsmith/server.js';
import { startLangsmith } from '../support/langsmith/server.js';
import { all, ask, clientOf } from './langsmith-server-support.js';

/** A chat prompt as LangChain serializes it. */
function chatPrompt(text: string, format: 'f-string' | 'mustache' = 'f-string') {
  const prompt = (template: string, variables: readonly string[]) => ({
    lc: 1,
    type: 'constructor',
    id: ['langchain_core', 'prompts', 'prompt', 'PromptTemplate'],
    kwargs: { input_variables: variables, template_format: format, template },
  });
  return {
    lc: 1,
    type: 'constructor',
    id: ['langchain_core', 'prompts', 'chat', 'ChatPromptTemplate'],
    kwargs: {
      input_variables: ['question'],
      messages: [
        {
          lc: 1,
          type: 'constructor',
          id: ['langchain_core', 'prompts', 'chat', 'SystemMessagePromptTemplate'],
          kwargs: { prompt: prompt(text, []) },
        },
        {
          lc: 1,
          type: 'constructor',
          id: ['langchain_core', 'prompts', 'chat', 'HumanMessagePromptTemplate'],
          kwargs: {
            prompt: prompt(format === 'mustache' ? '{{question}}' : '{question}', ['question']),
          },
        },
      ],
    },
  };
}

describe('prompts of the LangSmith test server, by the official client', () => {
  let server: LangsmithServer;
  let client: Client;

  beforeAll(async () => {
    server = await startLangsmith({ tenantHandle: 'acme' });
    client = clientOf(server, { disablePromptCache: true });
  });

  afterAll(() => server.close());

  const repo = (name: string) => server.inspect.repos.find(({ handle }) => handle === name);

  it('pushes a prompt and pulls the manifest back as it was given', async () => {
    const object = chatPrompt('Be brief.', 'mustache');
    const url = await client.pushPrompt('brief', {
      object,
      description: 'Short answers',
      readme: '# Brief',
      tags: ['support'],
      commitDescription: 'first',
    });
    const pulled = await client.pullPromptCommit('brief');
    expect(pulled.manifest).toEqual(object);
    expect(pulled.commit_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(url).toContain(`/prompts/brief/${pulled.commit_hash.slice(0, 8)}`);
    expect(await client.getPrompt('brief')).toMatchObject({
      repo_handle: 'brief',
      full_name: 'acme/brief',
      description: 'Short answers',
      readme: '# Brief',
      tags: ['support'],
      is_public: false,
      num_commits: 1,
      last_commit_hash: pulled.commit_hash,
    });
  });

  it('answers unchanged content with 409 and makes no second commit of it', async () => {
    await client.pushPrompt('unchanged', { object: chatPrompt('Same.') });
    await expect(
      client.pushPrompt('unchanged', { object: chatPrompt('Same.') }),
    ).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining(
        'Nothing to commit: prompt has not changed since latest commit',
      ),
    });
    expect(repo('unchanged')?.commits).toHaveLength(1);
  });

  it('takes earlier content again once other content stood between', async () => {
    for (const text of ['One.', 'Two.', 'One.'])
      await client.pushPrompt('back', { object: chatPrompt(text) });
    const commits = await all(client.listCommits('back'));
    expect(new Set(commits.map((commit) => commit.commit_hash)).size).toBe(3);
    expect(commits.map((commit) => commit.manifest)).toEqual(
      ['One.', 'Two.', 'One.'].map((text) => chatPrompt(text)),
    );
  });

  it('refuses a commit on a parent that is not the newest: somebody else was quicker', async () => {
    await client.pushPrompt('race', { object: chatPrompt('One.') });
    const { commit_hash: first } = await client.pullPromptCommit('race');
    await client.pushPrompt('race', { object: chatPrompt('Two.') });
    await expect(
      client.createCommit('race', chatPrompt('Three.'), { parentCommitHash: first }),
    ).rejects.toMatchObject({ status: 409 });
    expect(repo('race')?.commits).toHaveLength(2);
  });

  it('names a commit by hash, by the start of its hash, by tag and as the latest', async () => {
    await client.pushPrompt('named', { object: chatPrompt('One.'), commitTags: ['production'] });
    await client.pushPrompt('named', { object: chatPrompt('Two.') });
    const text = async (reference: string) =>
      JSON.stringify((await client.pullPromptCommit(reference)).manifest);
    const first = repo('named')?.commits[0]?.hash ?? '';
    expect(await text('named')).toContain('Two.');
    expect(await text('named:production')).toContain('One.');
    expect(await text(`named:${first}`)).toContain('One.');
    expect(await text(`named:${first.slice(0, 8)}`)).toContain('One.');
    await expect(text(`named:${first.slice(0, 7)}`)).rejects.toThrow('404');
    await expect(text('named:staging')).rejects.toThrow('404');
  });

  it('moves a tag by PATCH, and refuses to create it twice', async () => {
    await client.pushPrompt('moved', { object: chatPrompt('One.'), commitTags: ['production'] });
    await client.pushPrompt('moved', { object: chatPrompt('Two.') });
    const newest = repo('moved')?.commits.at(-1);
    const body = { tag_name: 'production', commit_id: newest?.id };
    expect((await ask(server, 'POST /api/v1/repos/-/moved/tags', { body })).status).toBe(409);
    const moved = await ask(server, 'PATCH /api/v1/repos/-/moved/tags/production', {
      body: { commit_id: newest?.id },
    });
    expect(moved.body).toMatchObject({ tag_name: 'production', commit_hash: newest?.hash });
    expect((await client.pullPromptCommit('moved:production')).commit_hash).toBe(newest?.hash);
    expect((await ask(server, 'GET /repos/-/moved/tags')).body).toHaveLength(1);
    const tagged = await ask(server, 'GET /commits/-/moved/?tag=production');
    expect(tagged.body).toMatchObject({ total: 1, commits: [{ commit_hash: newest?.hash }] });
    await ask(server, 'DELETE /repos/-/moved/tags/production');
    await expect(client.pullPromptCommit('moved:production')).rejects.toThrow('404');
  });

  it('lists prompts by query and state, last changed first', async () => {
    for (const name of ['listed-a', 'listed-b', 'listed-c'])
      await client.pushPrompt(name, { object: chatPrompt('x') });
    await client.updatePrompt('listed-a', { description: 'changed last' });
    await client.updatePrompt('listed-b', { isArchived: true });
    const names = async (options: Parameters<Client['listPrompts']>[0]) =>
      (await all(client.listPrompts(options))).map((prompt) => prompt.repo_handle);
    expect(await names({ query: 'listed' })).toEqual(['listed-a', 'listed-c']);
    expect(await names({ query: 'listed', isArchived: true })).toEqual(['listed-b']);
    expect(await names({ query: 'listed', isPublic: true })).toEqual([]);
    expect((await ask(server, 'GET /repos?limit=2&offset=1&query=listed')).body).toMatchObject({
      repos: [{}, {}],
      total: 3,
    });
  });

  it('pages commits', async () => {
    for (let version = 0; version < 5; version += 1)
      await client.pushPrompt('long', { object: chatPrompt(`Version ${version}`) });
    const page = await ask(server, 'GET /commits/-/long?limit=2&offset=4');
    expect(page.body).toMatchObject({ total: 5, commits: [{ parent_commit_hash: null }] });
  });

  it('likes, publishes and deletes', async () => {
    await client.pushPrompt('liked', { object: chatPrompt('x'), isPublic: true });
    expect((await client.likePrompt('liked')).likes).toBe(1);
    expect(await client.getPrompt('acme/liked')).toMatchObject({ num_likes: 1, is_public: true });
    await client.deletePrompt('liked');
    expect(await client.promptExists('liked')).toBe(false);
  });

  it('refuses a taken or malformed handle, another owner, and publishing without a handle', async () => {
    await client.createPrompt('taken');
    const status = async (body: object) => (await ask(server, 'POST /repos/', { body })).status;
    expect(await status({ repo_handle: 'taken', is_public: false })).toBe(409);
    expect(await status({ repo_handle: 'Not Allowed', is_public: false })).toBe(422);
    expect((await ask(server, 'GET /repos/others/taken')).status).toBe(404);
    const nameless = await startLangsmith();
    const published = await ask(nameless, 'POST /repos', {
      body: { repo_handle: 'x', is_public: true },
    });
    await nameless.close();
    expect(published.status).toBe(400);
  });
});
