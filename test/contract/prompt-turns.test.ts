import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { promptContentHash } from '../../src/core/prompts/content.js';
import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import type { Platform } from '../../src/platforms/port.js';
import { createPromptTurns, type PromptTurns } from '../../src/workers/prompt-turns.js';
import { rowsOf } from '../../src/store/query.js';
import { openTestStore, type TestStore } from '../integration/store-fixtures.js';
import { eventually, keys, TestServer } from './langfuse-support.js';
import { requestsTo, soon } from './platform-langfuse-support.js';

const path = '/api/public/v2/prompts';
let server: TestServer;
let test: TestStore;
const opened: { readonly platform: Platform; readonly turns: PromptTurns }[] = [];

beforeAll(async () => {
  [server, test] = await Promise.all([TestServer.start(), openTestStore()]);
});
afterEach(async () => {
  await server.call('/dev/faults', { method: 'DELETE' });
  for (const { platform, turns } of opened.splice(0)) {
    await platform.close();
    await turns.close();
  }
});
afterAll(async () => {
  await server.stop();
  await test.close();
});

/** A platform as a worker of its own has it. */
function worker(limits: Parameters<typeof createPromptTurns>[1] = {}): Platform {
  const turns = createPromptTurns(test.database.url, limits);
  const platform = createLangfusePlatform({
    baseUrl: server.url,
    ...keys,
    environment: 'assay',
    promptTurns: turns.of('langfuse', server.url),
  });
  opened.push({ platform, turns });
  return platform;
}

function prompt(name: string, text = 'same') {
  const content = { body: { kind: 'text' as const, text }, config: {} };
  return { name, ...content, contentHash: promptContentHash(content) };
}

/** Writes that take long enough for somebody else to look in the meantime and find nothing. */
const slowWrites = (delayMs: number) =>
  server.post('/dev/faults', { kind: 'slow', delayMs, method: 'POST', pathPrefix: path });

async function versionsOf(name: string): Promise<unknown> {
  const { body } = await server.call(`${path}?name=${encodeURIComponent(name)}`);
  const [meta] = body['data'] as { versions: number[] }[];
  return meta?.versions;
}

function startProcess(name: string) {
  const register = new URL('../support/register-ts.mjs', import.meta.url).href;
  const script = fileURLToPath(new URL('./prompt-turns-process.ts', import.meta.url));
  const { publicKey, secretKey } = keys;
  const values = [test.database.url, server.url, publicKey, secretKey, name];
  const child = spawn(process.execPath, ['--import', register, script, ...values], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  return { child, ended: once(child, 'exit'), text: () => text };
}

const faults = async () => (await server.call('/dev/faults')).body['faults'] as readonly unknown[];
const writes = async () => (await requestsTo(server, 'POST', path)).length;

describe('one content of one prompt', () => {
  it('is one version where two workers ask for it, the second while the first writes', async () => {
    await slowWrites(300);
    const first = worker().ensurePrompt(prompt('begun/twice'), soon());
    await new Promise((resolve) => setTimeout(resolve, 150));
    const second = worker().prompts.ensure(prompt('begun/twice'), soon());
    expect(await first).toEqual({ version: 1 });
    expect(await second).toEqual({ version: '1', created: false });
    expect(await versionsOf('begun/twice')).toEqual([1]);
  });

  it('is one version where many workers ask for it at the same moment', async () => {
    await slowWrites(50);
    const before = await writes();
    const workers = Array.from({ length: 4 }, () => worker());
    const asked = [...workers, ...workers].map((each) =>
      each.ensurePrompt(prompt('at-once'), soon()),
    );
    expect(new Set((await Promise.all(asked)).map(({ version }) => version))).toEqual(new Set([1]));
    expect((await writes()) - before).toBe(1);
  });

  it('keeps no other prompt waiting', async () => {
    const fault = { kind: 'slow', delayMs: 3_000, method: 'POST', pathPrefix: path, next: 1 };
    await server.post('/dev/faults', fault);
    const one = worker();
    const order: string[] = [];
    const slow = one.ensurePrompt(prompt('slow'), soon()).then(() => order.push('slow'));
    await eventually(faults, (left) => left.length === 0);
    await one.ensurePrompt(prompt('other'), soon()).then(() => order.push('other'));
    await slow;
    expect(order).toEqual(['other', 'slow']);
  });
});

describe('a turn at a prompt', () => {
  it('is free in a moment where the process that has it is killed amid its write', async () => {
    const fault = { kind: 'slow', delayMs: 20_000, method: 'POST', pathPrefix: path, next: 1 };
    await server.post('/dev/faults', fault);
    const killed = startProcess('killed');
    await eventually(faults, (left) => left.length === 0);
    const waiting = worker().ensurePrompt(prompt('killed'), soon());
    expect(await Promise.race([waiting, pause(300)])).toBeUndefined();
    killed.child.kill('SIGKILL');
    await killed.ended;
    const begun = performance.now();
    expect(await waiting).toEqual({ version: 1 });
    // Long before the write would have ended.
    expect(performance.now() - begun).toBeLessThan(15_000);
  });

  it('is waited for no longer than it may take, and told as what comes again', async () => {
    await slowWrites(3_000);
    const first = worker().ensurePrompt(prompt('busy'), soon());
    await eventually(
      async () => (await rowsOf(test.store, heldLocks)).length,
      (held) => held === 1,
    );
    const late = worker({ waitMs: 100 });
    const answers = await Promise.allSettled([
      late.ensurePrompt(prompt('busy'), soon()),
      // This one waits for the other in its own process.
      late.ensurePrompt(prompt('busy'), soon()),
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({
        reason: { code: 'PROMPT_BUSY', retryAfterMs: 2_000 },
      });
    }
    expect(await first).toEqual({ version: 1 });
  });

  it('ends where the platform takes too long, and the next one has it then', async () => {
    await slowWrites(2_000);
    const hanging = worker({ workMs: 200 }).ensurePrompt(prompt('hanging'), soon());
    await expect(hanging).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
    expect(await rowsOf(test.store, heldLocks)).toEqual([]);
  });

  it('ends with the connection that it stands on, and nothing is written after that', async () => {
    const fault = { kind: 'slow', delayMs: 500, method: 'GET', pathPrefix: path };
    await server.post('/dev/faults', fault);
    const before = await writes();
    const losing = worker().ensurePrompt(prompt('losing'), soon());
    const failed = expect(losing).rejects.toMatchObject({ code: 'POSTGRES_UNREACHABLE' });
    await eventually(
      async () => (await rowsOf(test.store, heldLocks)).length,
      (held) => held === 1,
    );
    await rowsOf(test.store, `select pg_terminate_backend(pid) from (${heldLocks}) held`);
    await failed;
    await server.call('/dev/faults', { method: 'DELETE' });
    expect((await writes()) - before).toBe(0);
    expect(await worker().ensurePrompt(prompt('losing'), soon())).toEqual({ version: 1 });
  });
});

const heldLocks = `select pid from pg_locks where locktype = 'advisory' and granted
  and database = (select oid from pg_database where datname = current_database())`;

const pause = (ms: number) =>
  new Promise<undefined>((resolve) => {
    setTimeout(resolve, ms, undefined);
  });
