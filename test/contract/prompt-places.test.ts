import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { promptContentHash } from '../../src/core/prompts/content.js';
import { startLangfuseServer, type LangfuseServer } from '../../src/devstack/langfuse/server.js';
import { connectPlatforms, type PlatformConnections } from '../../src/platforms/connect.js';
import { createPlatformPromptCache } from '../../src/prompts/platform-prompts.js';
import type { FetchedPrompt } from '../../src/prompts/prompt-cache.js';
import { rowsOf } from '../../src/store/query.js';
import { openTestStore, unique, type TestStore } from '../integration/store-fixtures.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { startLangsmith } from '../support/langsmith/server.js';
import { createLangsmithPlatform } from '../../src/platforms/langsmith/platform.js';
import { soon } from './platform-langfuse-support.js';

const first = { publicKey: 'pk-lf-first', secretKey: 'sk-lf-the-first-one' };
const second = { publicKey: 'pk-lf-second', secretKey: 'sk-lf-the-second-one' };

let test: TestStore;
let database: TestDatabase;
let folder: string;
let port = 0;
let server: LangfuseServer | undefined;
let project: string;

beforeAll(async () => {
  [test, database] = await Promise.all([openTestStore(), createTestDatabase('template0')]);
  folder = await mkdtemp(join(tmpdir(), 'assay-places-'));
});
beforeEach(async () => {
  project = unique('shop');
  await up(first, 'ours');
  for (const name of ['triage', 'other']) await makePrompt(name);
});
afterAll(async () => {
  await down();
  await test.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

/** The server at the address that it always had, with these keys, of this project. */
async function up(keys: typeof first, projectId: string): Promise<void> {
  await down();
  const names = { projectId, projectName: projectId };
  server = await startLangfuseServer({ databaseUrl: database.url, port, ...keys, ...names });
  port = Number(new URL(server.url).port);
}
async function down(): Promise<void> {
  await server?.close();
  server = undefined;
}

const urlOf = () => `http://127.0.0.1:${port}`;

async function makePrompt(name: string): Promise<void> {
  const auth = Buffer.from(`${first.publicKey}:${first.secretKey}`).toString('base64');
  const answer = await fetch(`${urlOf()}/api/public/v2/prompts`, {
    method: 'POST',
    headers: {
      connection: 'close',
      'content-type': 'application/json',
      authorization: `Basic ${auth}`,
    },
    body: JSON.stringify({ name, type: 'text', prompt: 'ours', labels: ['production'] }),
  });
  expect(answer.status).toBe(201);
}

/** Fetches as an application that has just begun, and ends. */
async function fetched(
  connections: PlatformConnections,
  name: string,
  isUp = server !== undefined,
): Promise<FetchedPrompt> {
  const [platform] = connectPlatforms(connections, { environment: 'assay' });
  if (platform === undefined) throw new Error('no platform');
  const cache = createPlatformPromptCache({
    project,
    platform,
    connections,
    store: () => Promise.resolve(test.store),
    folder,
    timeoutMs: isUp ? 10_000 : 300,
  });
  try {
    return await cache.fetch({ name });
  } finally {
    await cache.settled();
    await platform.close();
  }
}
const ours = (keys: typeof first): PlatformConnections => ({
  langfuse: { baseUrl: urlOf(), ...keys, release: undefined },
});

const others = 'lsv2_pt_of_others';
const away = { code: 'PLATFORM_UNREACHABLE' };

describe('what a platform said last', () => {
  it('is served after a change of keys, once the platform has seen the new ones', async () => {
    expect(await fetched(ours(first), 'triage')).toMatchObject({ source: 'platform' });
    await up(second, 'ours');
    expect(await fetched(ours(second), 'other')).toMatchObject({ source: 'platform' });
    await down();
    expect(await fetched(ours(second), 'triage')).toMatchObject({
      source: 'last-known-good',
      body: { text: 'ours' },
    });
  });

  it('is not served to the keys of another project of that server', async () => {
    expect(await fetched(ours(first), 'triage')).toMatchObject({ source: 'platform' });
    await up(second, 'theirs');
    await expect(fetched(ours(second), 'triage')).rejects.toMatchObject({
      code: 'PROMPT_NOT_FOUND',
    });
    await down();
    await expect(fetched(ours(second), 'triage')).rejects.toMatchObject(away);
    // And what the other project said took nothing from ours.
    expect(await fetched(ours(first), 'triage')).toMatchObject({ source: 'last-known-good' });
  });

  it('is not served to keys that the platform never saw, be they of the same project', async () => {
    expect(await fetched(ours(first), 'triage')).toMatchObject({ source: 'platform' });
    await down();
    const fresh = { publicKey: unique('pk-lf'), secretKey: unique('sk-lf') };
    await expect(fetched(ours(fresh), 'triage')).rejects.toMatchObject(away);
  });

  it('is not served to who knows the public key alone', async () => {
    expect(await fetched(ours(first), 'triage')).toMatchObject({ source: 'platform' });
    await down();
    const half = { ...first, secretKey: 'sk-lf-a-guess' };
    await expect(fetched(ours(half), 'triage')).rejects.toMatchObject(away);
    const rows = await rowsOf(test.store, 'select * from assay.platform_places');
    expect(JSON.stringify(rows)).not.toContain(first.secretKey);
  });

  it('of LangSmith is of the workspace, whatever its key', async () => {
    const hub = await startLangsmith({ otherKey: others });
    const connect = (apiKey: string) =>
      createLangsmithPlatform({ endpoint: hub.url, apiKey, environment: 'assay' });
    const content = { body: { kind: 'text' as const, text: 'ours' }, config: {} };
    const platform = connect(hub.apiKey);
    await platform.prompts.ensure(
      {
        name: 'triage',
        ...content,
        contentHash: promptContentHash(content),
        labels: ['production'],
      },
      soon(),
    );
    await platform.close();
    const at = (apiKey: string): PlatformConnections => ({
      langsmith: { endpoint: hub.url, apiKey, project: undefined, workspaceId: undefined },
    });
    expect(await fetched(at(hub.apiKey), 'triage')).toMatchObject({ source: 'platform' });
    await expect(fetched(at(others), 'triage')).rejects.toMatchObject({ code: 'PROMPT_NOT_FOUND' });
    await hub.close();
    expect(await fetched(at(hub.apiKey), 'triage', false)).toMatchObject({
      source: 'last-known-good',
    });
    await expect(fetched(at(others), 'triage', false)).rejects.toMatchObject(away);
  });
});
