import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createDatasetActivities } from '../../src/activities/datasets/index.js';
import type { DatasetPorts } from '../../src/activities/datasets/ports.js';
import { configSchema } from '../../src/contracts/config.js';
import {
  datasetPushSchema,
  type CheckedDataset,
  type DatasetPushRequest,
  type SliceReply,
} from '../../src/contracts/dataset-push.js';
import type { PlatformDatasets, WriteItems } from '../../src/platforms/dataset-port.js';
import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import type { Platform } from '../../src/platforms/port.js';
import { AssayError } from '../../src/core/errors/assay-error.js';
import { lastPushes, pushesOf } from '../../src/store/datasets/pushes.js';
import { keys, TestServer } from '../contract/langfuse-support.js';
import { openTestStore, unique, type TestStore } from './store-fixtures.js';
import { inActivity } from '../support/in-activity.js';

const itemsPath = '/api/public/dataset-items';
let test: TestStore;
let folder: string;
let servers: readonly [TestServer, TestServer];
let platforms: readonly [Platform, Platform];
let name: string;

const platformAt = ({ url }: TestServer, secretKey = keys.secretKey): Platform =>
  createLangfusePlatform({ baseUrl: url, ...keys, secretKey, environment: 'assay' });

beforeAll(async () => {
  test = await openTestStore();
  const [one, other] = await Promise.all([TestServer.start(), TestServer.start()]);
  servers = [one, other];
  // A second server under the other name: what is looked at here is who is asked, not how it is said.
  platforms = [platformAt(one), { ...platformAt(other), name: 'langsmith' }];
  folder = await mkdtemp(join(tmpdir(), 'assay-push-'));
});
beforeEach(async () => {
  name = unique('set');
  await put(250);
});
afterEach(async () => {
  for (const server of servers) await server.call('/dev/faults', { method: 'DELETE' });
});
afterAll(async () => {
  for (const platform of platforms) await platform.close();
  for (const server of servers) await server.stop();
  await test.close();
  await rm(folder, { recursive: true, force: true });
});

async function put(count: number, text = 'question'): Promise<void> {
  await mkdir(join(folder, 'datasets', name), { recursive: true });
  const cases = Array.from({ length: count }, (_, n) => ({ id: `c${n}`, inputs: { text, n } }));
  await writeFile(join(folder, 'datasets', name, 'test_cases.json'), JSON.stringify(cases));
}

/** A worker that is connected to these platforms. */
function worker(connected: readonly Platform[] = platforms) {
  const config = configSchema.parse({
    project: 'shop',
    targets: { triage: { kind: 'function', run: () => 'billing' } },
    evaluators: { exact: { kind: 'exact_match' } },
  });
  const ports: DatasetPorts = {
    store: test.store,
    project: { config, root: folder, codeHash: 'c'.repeat(64) },
    platforms: connected,
    draining: new AbortController().signal,
  };
  const { orchestration, publishing } = createDatasetActivities(ports);
  const pushId = unique('push');
  return {
    pushId,
    check: async (change: Partial<DatasetPushRequest> = {}) => {
      const request = datasetPushSchema.parse({
        project: 'shop',
        dataset: name,
        backend: 'both',
        ...change,
      });
      const reply = await inActivity(() => orchestration.checkPush(request));
      if ('error' in reply) throw new Error(JSON.stringify(reply.error));
      return { request, checked: reply.checked };
    },
    slice: (
      platform: string,
      on: { readonly request: DatasetPushRequest; readonly checked: CheckedDataset },
      sliceMs = 60_000,
    ): Promise<SliceReply> =>
      inActivity(() => publishing.pushSlice({ pushId, platform, ...on, sliceMs })),
    giveUp: (
      platform: string,
      on: { readonly request: DatasetPushRequest; readonly checked: CheckedDataset },
      error: Parameters<typeof publishing.givePushUp>[1],
    ): Promise<SliceReply> => publishing.givePushUp({ pushId, platform, ...on, sliceMs: 1 }, error),
  };
}

/** The platform, whose writes go through this. */
const withWrites = (
  platform: Platform,
  write: (request: WriteItems) => ReturnType<PlatformDatasets['writeItems']>,
): Platform => ({ ...platform, datasets: { ...platform.datasets, writeItems: write } });

async function writes(server: TestServer): Promise<number> {
  const { body } = await server.call('/dev/stats');
  return (body['rows'] as Record<string, number>)['dataset_items'] ?? 0;
}

async function idsAt(platform: Platform): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  const signal = AbortSignal.timeout(30_000);
  for await (const page of platform.datasets.items({ dataset: name, signal })) {
    for (const { item } of page) ids.add(item.id);
  }
  return ids;
}

describe('a push to both platforms of which one is down', () => {
  it('stands on the other, waits as data, and goes on where it was without a write to the other', async () => {
    const { slice, check } = worker();
    const on = await check();
    expect(on.checked.platforms).toEqual(['langfuse', 'langsmith']);
    await servers[1].post('/dev/faults', {
      kind: 'down',
      method: 'POST',
      pathPrefix: itemsPath,
      seconds: 600,
    });
    const before = await Promise.all(servers.map(writes));
    const [well, away] = await Promise.all([slice('langfuse', on), slice('langsmith', on)]);
    expect(well).toMatchObject({ phase: 'done', added: 250, position: 250 });
    expect(away).toMatchObject({
      phase: 'writing',
      position: 0,
      away: { error: { code: 'PLATFORM_UNREACHABLE' } },
    });
    expect(away.away?.waitMs).toBeGreaterThan(0);
    await servers[1].call('/dev/faults', { method: 'DELETE' });
    expect(await slice('langsmith', on)).toMatchObject({ phase: 'done', added: 250 });
    expect(await slice('langfuse', on)).toEqual(well);
    const after = await Promise.all(servers.map(writes));
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([250, 250]);
  });

  it('is given up with its reason where that lasts, and the next one does only what is missing', async () => {
    const first = worker();
    const on = await first.check();
    await servers[1].post('/dev/faults', {
      kind: 'rate_limit',
      method: 'POST',
      pathPrefix: itemsPath,
      retryAfterSeconds: 60,
    });
    await first.slice('langfuse', on);
    const { away } = await first.slice('langsmith', on);
    if (away === undefined) throw new Error('it was not away');
    const given = await first.giveUp('langsmith', on, away.error);
    expect(given).toMatchObject({ phase: 'failed', error: { code: 'PLATFORM_UNREACHABLE' } });
    expect(given.version).toBeUndefined();
    await servers[1].call('/dev/faults', { method: 'DELETE' });
    const next = worker();
    const again = await next.check();
    expect(await next.slice('langfuse', again)).toMatchObject({ unchanged: 250, added: 0 });
    expect(await next.slice('langsmith', again)).toMatchObject({ added: 250 });
    const done = await lastPushes(test.store, { project: 'shop', dataset: name, limit: 10 });
    expect(done.map(({ platform }) => platform).sort()).toEqual([
      'langfuse',
      'langfuse',
      'langsmith',
    ]);
  });
});

describe('a push of a dataset that is not there', () => {
  it.each([
    ['a folder without items', true, 'holds no items'],
    ['no folder', false, 'There is no dataset'],
  ])('says of %s which it is', async (_what, made, message) => {
    if (made) await mkdir(join(folder, 'datasets', 'hollow'), { recursive: true });
    const refused = worker().check({ dataset: made ? 'hollow' : 'nowhere' });
    await expect(refused).rejects.toThrow(message);
  });
});

describe('a push to one platform', () => {
  it('ends where the keys are refused midway; what stands stays, and the next push adds the rest', async () => {
    const stranger = platformAt(servers[0], 'sk-lf-revoked');
    let calls = 0;
    const revoked = withWrites(platforms[0], (request) => {
      calls += 1;
      return (calls > 1 ? stranger : platforms[0]).datasets.writeItems(request);
    });
    const { slice, check } = worker([revoked]);
    const reply = await slice('langfuse', await check({ backend: 'langfuse' }));
    await stranger.close();
    expect(reply).toMatchObject({
      phase: 'failed',
      position: 100,
      error: { code: 'PLATFORM_UNAUTHORIZED' },
    });
    expect(JSON.stringify(reply)).not.toContain('revoked');
    const next = worker();
    const on = await next.check({ backend: 'langfuse' });
    expect(await next.slice('langfuse', on)).toMatchObject({ unchanged: 100, added: 150 });
  });

  it('looks at what stands before it goes on with a page that was lost', async () => {
    let lost = false;
    const dying = withWrites(platforms[0], async (request) => {
      if (lost) return platforms[0].datasets.writeItems(request);
      lost = true;
      // Of the page 60 stand; nobody hears of it.
      const items = request.items.slice(0, 60);
      await platforms[0].datasets.writeItems({ ...request, items });
      throw new Error('the process is gone');
    });
    const { slice, check } = worker([dying]);
    const on = await check({ backend: 'langfuse' });
    const before = await writes(servers[0]);
    await expect(slice('langfuse', on)).rejects.toThrow('gone');
    expect(await slice('langfuse', on)).toMatchObject({
      phase: 'done',
      position: 250,
      // It has written them itself, whether it heard of it or not.
      unchanged: 0,
      added: 250,
      removed: 0,
    });
    expect((await writes(servers[0])) - before).toBe(250);
  });

  it('counts each item as what it was written as, and moves on, however often a limit cuts its pages short', async () => {
    const limited = withWrites(platforms[0], async (request) => {
      const items = request.items.slice(0, 40);
      const written = await platforms[0].datasets.writeItems({ ...request, items });
      if (items.length === request.items.length) return written;
      const retryAfterMs = 40_000;
      throw new AssayError('PLATFORM_UNREACHABLE', '429 - rate limit exceeded', { retryAfterMs });
    });
    for (const [text, counts] of [
      ['question', { added: 250, changed: 0 }],
      ['another question', { added: 0, changed: 250 }],
    ] as const) {
      await put(250, text);
      const { slice, check } = worker([limited]);
      const on = await check({ backend: 'langfuse' });
      const before = await writes(servers[0]);
      const positions: number[] = [];
      let reply = await slice('langfuse', on);
      while (reply.away !== undefined && positions.length < 20) {
        positions.push(reply.position);
        reply = await slice('langfuse', on);
      }
      expect(reply).toMatchObject({ phase: 'done', unchanged: 0, removed: 0, ...counts });
      expect(positions).toEqual([0, 0, 100, 100, 200]);
      expect((await writes(servers[0])) - before).toBe(250);
    }
  });

  it('archives nothing of its own, however often it is interrupted', async () => {
    const { slice, check } = worker();
    await slice('langfuse', await check({ backend: 'langfuse' }));
    await put(120, 'changed');
    const next = worker();
    const on = await next.check({ backend: 'langfuse', archiveRemoved: true });
    // Slices of no time: each does its least and returns.
    let reply = await next.slice('langfuse', on, 0);
    for (let n = 0; n < 50 && reply.phase !== 'done'; n += 1) {
      reply = await next.slice('langfuse', on, 1);
    }
    expect(reply).toMatchObject({ phase: 'done', changed: 120, removed: 130, archived: 130 });
    expect(await idsAt(platforms[0])).toEqual(
      new Set(Array.from({ length: 120 }, (_, n) => `c${n}`)),
    );
  });

  it('counts nothing twice where an attempt that was given up lives on', async () => {
    const { slice, check } = worker();
    const on = await check({ backend: 'langfuse' });
    const both = await Promise.allSettled([slice('langfuse', on), slice('langfuse', on)]);
    expect(both.some(({ status }) => status === 'fulfilled')).toBe(true);
    const end = await slice('langfuse', on);
    expect(end).toMatchObject({ phase: 'done', position: 250, removed: 0 });
    expect(end.added + end.unchanged + end.changed).toBe(250);
    expect((await idsAt(platforms[0])).size).toBe(250);
  });

  it('whose workflow was terminated is told as ended by the next one, and goes on no more', async () => {
    const terminated = worker();
    const on = await terminated.check();
    await terminated.slice('langfuse', on, 0);
    await terminated.slice('langsmith', on, 0);
    const next = worker();
    await next.slice('langfuse', await next.check({ backend: 'langfuse' }), 0);
    const ended = {
      phase: 'failed',
      waiting: undefined,
      error: { code: 'DATASET_PUSH_CANCELLED' },
    };
    expect(await pushesOf(test.store, terminated.pushId)).toMatchObject([ended, ended]);
    // An attempt of it that lives on finds that it is over, and takes nothing from the one that goes on.
    expect(await terminated.slice('langfuse', on)).toMatchObject({ phase: 'failed', position: 0 });
    const [going] = await pushesOf(test.store, next.pushId);
    expect(going).toMatchObject({ error: undefined, finishedAt: undefined });
  });

  it('ends where the files change under it', async () => {
    const { slice, check } = worker();
    const on = await check({ backend: 'langfuse' });
    await put(251);
    expect(await slice('langfuse', on)).toMatchObject({
      phase: 'failed',
      position: 0,
      error: { code: 'DATASET_CHANGED' },
    });
  });
});
