import { describe, expect, it } from '@jest/globals';

import { AssayError } from '../../../src/core/errors/assay-error.js';
import { promptContentHash } from '../../../src/core/prompts/content.js';
import { createPromptCache, type PromptCacheOptions } from '../../../src/prompts/prompt-cache.js';
import type { PromptCopy } from '../../../src/store/prompts/copies.js';

const content = (text: string) => ({ body: { kind: 'text' as const, text }, config: {} });
const away = () => new AssayError('PLATFORM_UNREACHABLE', 'It is away.');

/** A platform and a database that can be away, on a clock that goes on only when it is told. */
function world(options: Partial<PromptCacheOptions> = {}) {
  const state = { version: 1, up: true, known: true, time: 0, asked: 0 };
  const copies = new Map<string, PromptCopy>();
  const create = () =>
    createPromptCache({
      load: () => {
        state.asked += 1;
        if (!state.up) return Promise.reject(away());
        if (!state.known) return Promise.resolve(undefined);
        const version = String(state.version);
        return Promise.resolve({ version, labels: [], ...content(`v${version}`) });
      },
      copies: {
        keep: (name, selector, copy) => {
          copies.set(`${name} ${selector}`, copy);
          return Promise.resolve();
        },
        find: (name, selector) => Promise.resolve(copies.get(`${name} ${selector}`)),
        forget: (name, selector) => {
          copies.delete(`${name} ${selector}`);
          return Promise.resolve();
        },
      },
      now: () => state.time,
      ...options,
    });
  return { state, copies, create };
}

const wish = { name: 'triage' };

describe('a prompt that an application fetches', () => {
  it('comes from the platform once, then from memory for a minute', async () => {
    const { state, create } = world();
    const cache = create();
    expect(await cache.fetch(wish)).toMatchObject({
      version: '1',
      source: 'platform',
      contentHash: promptContentHash(content('v1')),
      traceMetadata: {
        'assay.prompt_name': 'triage',
        'assay.prompt_version': '1',
        'assay.prompt_source': 'platform',
      },
    });
    state.version = 2;
    state.time = 59_999;
    expect(await cache.fetch(wish)).toMatchObject({ version: '1', source: 'cache' });
    expect(state.asked).toBe(1);
  });

  it('is stale after that, at once, while the platform is asked behind it', async () => {
    const { state, create } = world();
    const cache = create();
    await cache.fetch(wish);
    state.version = 2;
    state.time = 60_000;
    expect(await cache.fetch(wish)).toMatchObject({ version: '1', source: 'stale' });
    await cache.settled();
    expect(await cache.fetch(wish)).toMatchObject({ version: '2', source: 'cache' });
    expect(state.asked).toBe(2);
  });

  it('stays what it was while the platform is away, and is not asked for by every caller', async () => {
    const { state, create } = world();
    const cache = create();
    await cache.fetch(wish);
    state.up = false;
    state.time = 60_000;
    for (let caller = 0; caller < 10; caller += 1) {
      expect(await cache.fetch(wish)).toMatchObject({ version: '1' });
      await cache.settled();
    }
    expect(state.asked).toBe(2);
    state.time = 66_000;
    expect(await cache.fetch(wish)).toMatchObject({ version: '1', source: 'stale' });
    await cache.settled();
    expect(state.asked).toBe(3);
  });

  it('is the last known good one in a process that starts while the platform is away', async () => {
    const { state, create } = world();
    const before = create();
    await before.fetch(wish);
    await before.settled();
    state.up = false;
    const after = create();
    expect(await after.fetch(wish)).toMatchObject({
      version: '1',
      source: 'last-known-good',
      traceMetadata: { 'assay.prompt_source': 'last-known-good' },
    });
    expect(await after.fetch(wish)).toMatchObject({ source: 'last-known-good' });
    expect(state.asked).toBe(2);
    state.up = true;
    state.version = 2;
    state.time = 5_001;
    await after.fetch(wish);
    await after.settled();
    expect(await after.fetch(wish)).toMatchObject({ version: '2', source: 'cache' });
  });

  it('waits for no platform that hangs where it was known before', async () => {
    const { copies, create } = world();
    const before = create();
    await before.fetch(wish);
    await before.settled();
    let answer: (
      version: { version: string; labels: [] } & ReturnType<typeof content>,
    ) => void = () => undefined;
    const hanging = createPromptCache({
      load: () => new Promise((resolve) => (answer = resolve)),
      copies: {
        keep: () => Promise.resolve(),
        find: (name, selector) => Promise.resolve(copies.get(`${name} ${selector}`)),
        forget: (name, selector) => {
          copies.delete(`${name} ${selector}`);
          return Promise.resolve();
        },
      },
      patienceMs: 5,
    });
    expect(await hanging.fetch(wish)).toMatchObject({ version: '1', source: 'last-known-good' });
    const unknown = hanging.fetch({ name: 'unknown' });
    answer({ version: '7', labels: [], ...content('late') });
    expect(await unknown).toMatchObject({ version: '7', source: 'platform' });
  });

  it('that the platform has no more is forgotten by later processes, too', async () => {
    const { state, copies, create } = world();
    const cache = create();
    await cache.fetch(wish);
    await cache.settled();
    expect(copies.size).toBe(1);
    state.known = false;
    await expect(cache.fetch({ ...wish, fresh: true })).rejects.toMatchObject({
      code: 'PROMPT_NOT_FOUND',
    });
    await cache.settled();
    expect(copies.size).toBe(0);
    state.up = false;
    await expect(create().fetch(wish)).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
  });

  it('that is asked for anew is asked by a question of its own, not by one that is on its way', async () => {
    const answers: ((version: string) => void)[] = [];
    const cache = createPromptCache({
      load: () =>
        new Promise((resolve) => {
          answers.push((version) => {
            resolve({ version, labels: [], ...content(version) });
          });
        }),
    });
    const before = cache.fetch(wish);
    const after = cache.fetch({ ...wish, fresh: true });
    expect(answers).toHaveLength(2);
    answers[1]?.('2');
    answers[0]?.('1');
    expect((await before).version).toBe('1');
    expect((await after).version).toBe('2');
  });

  it('is what git says where nothing else is left, Postgres being away too', async () => {
    const { state, create } = world({
      copies: {
        keep: () => Promise.reject(away()),
        find: () => Promise.reject(away()),
        forget: () => Promise.reject(away()),
      },
      file: () => Promise.resolve({ content: content('git'), contentHash: 'h' }),
    });
    state.up = false;
    expect(await create().fetch(wish)).toMatchObject({
      version: 'file',
      source: 'file',
      body: { text: 'git' },
    });
  });

  it('is what the platform failed with where nobody has it', async () => {
    const { state, create } = world({ file: () => Promise.reject(new Error('no folder')) });
    state.up = false;
    await expect(create().fetch(wish)).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
  });

  it('is not there where the platform says so, whatever was there before', async () => {
    const { state, create } = world();
    const before = create();
    await before.fetch(wish);
    await before.settled();
    state.known = false;
    await expect(create().fetch(wish)).rejects.toMatchObject({ code: 'PROMPT_NOT_FOUND' });
    state.time = 60_000;
    expect(await before.fetch(wish)).toMatchObject({ source: 'stale' });
    await before.settled();
    await expect(before.fetch(wish)).rejects.toMatchObject({ code: 'PROMPT_NOT_FOUND' });
  });

  it('is asked for once by callers that come together', async () => {
    const { state, create } = world();
    const cache = create();
    const served = await Promise.all([1, 2, 3].map(() => cache.fetch(wish)));
    expect(served.map(({ version }) => version)).toEqual(['1', '1', '1']);
    expect(state.asked).toBe(1);
  });

  it('of a version never grows old, and labels are apart', async () => {
    const { state, create } = world();
    const cache = create();
    await cache.fetch({ name: 'triage', version: '1' });
    await cache.fetch({ name: 'triage', label: 'staging' });
    await cache.fetch(wish);
    expect(state.asked).toBe(3);
    state.time = 1e9;
    expect(await cache.fetch({ name: 'triage', version: '1' })).toMatchObject({ source: 'cache' });
    expect(state.asked).toBe(3);
  });

  it('is asked for anew where it must be fresh, and served all the same while that fails', async () => {
    const { state, create } = world();
    const cache = create();
    await cache.fetch(wish);
    state.version = 2;
    expect(await cache.fetch({ ...wish, fresh: true })).toMatchObject({
      version: '2',
      source: 'platform',
    });
    state.up = false;
    expect(await cache.fetch({ ...wish, fresh: true })).toMatchObject({
      version: '2',
      source: 'stale',
    });
  });

  it('is one of a bounded number', async () => {
    const { state, create } = world({ maxEntries: 2 });
    const cache = create();
    for (const name of ['a', 'b', 'c', 'c', 'b']) await cache.fetch({ name });
    expect(state.asked).toBe(3);
    await cache.fetch({ name: 'a' });
    expect(state.asked).toBe(4);
  });

  it('cannot be changed by one caller for the others', async () => {
    const { create } = world();
    const cache = create();
    const served = await cache.fetch(wish);
    expect(() => Object.assign(served, { version: '9' })).toThrow();
  });
});
