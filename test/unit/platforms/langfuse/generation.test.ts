import { describe, expect, it } from '@jest/globals';

import { AssayError } from '../../../../src/core/errors/assay-error.js';
import { createServerGeneration } from '../../../../src/platforms/langfuse/generation.js';
import { isBefore, type ServerFacts } from '../../../../src/platforms/langfuse/server-facts.js';

const signal = new AbortController().signal;
const v3: ServerFacts = { version: '3.140.0', generation: 'v3' };
const v4: ServerFacts = { version: '4.16.0', generation: 'v4' };

/** A server that is one after the other, and how often it was asked. */
function serverOf(...facts: readonly (ServerFacts | Error)[]) {
  const answers = [...facts];
  let asked = 0;
  const server = createServerGeneration(() => {
    asked += 1;
    const next = answers.length > 1 ? answers.shift() : answers[0];
    return next instanceof Error || next === undefined
      ? Promise.reject(next ?? new Error('none'))
      : Promise.resolve(next);
  });
  return { server, asked: () => asked };
}

describe('what is done by the generation of a server', () => {
  it('takes an unknown server for that of the run, and asks nothing where that is right', async () => {
    const { server, asked } = serverOf(v3);
    const on = { signal };
    expect(await server.call({ ...on, assumed: 'v3' }, (it) => Promise.resolve(it))).toBe('v3');
    expect(await server.call({ ...on, assumed: undefined }, (it) => Promise.resolve(it))).toBe(
      'v4',
    );
    expect(asked()).toBe(0);
  });

  it('is done once more, the other way, where the server knew no such route', async () => {
    const { server, asked } = serverOf(v3);
    const tried: string[] = [];
    const result = await server.call({ assumed: 'v4', signal }, (generation) => {
      tried.push(generation);
      if (generation === 'v3') return Promise.resolve('done');
      server.notFound();
      return Promise.reject(new Error('404'));
    });
    expect([result, tried]).toEqual(['done', ['v4', 'v3']]);
    await server.call({ assumed: 'v4', signal }, (generation) => {
      tried.push(generation);
      return Promise.resolve();
    });
    expect(tried).toEqual(['v4', 'v3', 'v3']);
    expect(asked()).toBe(1);
  });

  it('fails as it failed where nothing was unknown, the server is as it was taken, or cannot be asked', async () => {
    const fail = () => Promise.reject(new Error('its own'));
    const known = serverOf(v3);
    await expect(known.server.call({ assumed: 'v4', signal }, fail)).rejects.toThrow('its own');
    expect(known.asked()).toBe(0);
    for (const facts of [v4, new Error('down')]) {
      const { server, asked } = serverOf(facts);
      const failing = () => {
        server.notFound();
        return fail();
      };
      await expect(server.call({ assumed: 'v4', signal }, failing)).rejects.toThrow('its own');
      expect(asked()).toBe(1);
    }
  });

  it('is decided by a second look where the first one met a stumble of the server', async () => {
    const stumble = new AssayError('PLATFORM_UNREACHABLE', '503', { retryAfterMs: 1 });
    const { server, asked } = serverOf(stumble, stumble, v3);
    const result = await server.call({ assumed: undefined, signal }, (generation) => {
      if (generation === 'v3') return Promise.resolve('done');
      server.notFound();
      return Promise.reject(new Error('404'));
    });
    expect([result, asked()]).toEqual(['done', 3]);
  });

  it('may be done again later where the server was away when it had to be asked', async () => {
    const { server } = serverOf(
      new AssayError('PLATFORM_UNREACHABLE', 'down', { retryAfterMs: 60_000 }),
    );
    const refused = () => {
      server.notFound();
      return Promise.reject(new AssayError('PLATFORM_REFUSED', '404'));
    };
    await expect(server.call({ assumed: undefined, signal }, refused)).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
    });
  });

  it('gives pages of one API only: none is begun anew after its first page', async () => {
    const collect = async (failAt: number) => {
      const { server } = serverOf(v3);
      const open = async function* (generation: string) {
        await Promise.resolve();
        for (let page = 0; page < 2; page += 1) {
          if (generation === 'v4' && page === failAt) {
            server.notFound();
            throw new Error(`404 at page ${page}`);
          }
          yield `${generation} ${page}`;
        }
      };
      const pages: string[] = [];
      for await (const page of server.stream({ assumed: 'v4', signal }, open)) pages.push(page);
      return pages;
    };
    expect(await collect(0)).toEqual(['v3 0', 'v3 1']);
    await expect(collect(1)).rejects.toThrow('404 at page 1');
    expect(await collect(2)).toEqual(['v4 0', 'v4 1']);
  });
});

it.each([
  ['3.62.9', true],
  ['v3.62.0', true],
  ['2.95.2', true],
  ['3.63.0', false],
  ['3.100.0', false],
  ['4.0.0', false],
  ['nightly', false],
])('the version %s is before 3.63: %s', (version, expected) => {
  expect(isBefore(version, 3, 63)).toBe(expected);
});
