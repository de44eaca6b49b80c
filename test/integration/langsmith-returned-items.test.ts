import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createDatasetActivities } from '../../src/activities/datasets/index.js';
import { configSchema } from '../../src/contracts/config.js';
import { datasetPushSchema, type SliceReply } from '../../src/contracts/dataset-push.js';
import { compareDataset } from '../../src/datasets/compare-dataset.js';
import { openLocalDataset } from '../../src/datasets/local-dataset.js';
import { Place, soon } from '../contract/platform-langsmith-support.js';
import { openTestStore, unique, type TestStore } from './store-fixtures.js';

const name = 'returning';
let test: TestStore;
let place: Place;
let folder: string;

beforeAll(async () => {
  test = await openTestStore();
  place = await Place.start();
  folder = await mkdtemp(join(tmpdir(), 'assay-return-'));
  await mkdir(join(folder, 'datasets', name), { recursive: true });
});
afterAll(async () => {
  await place.close();
  await test.close();
  await rm(folder, { recursive: true, force: true });
});

const put = (ids: readonly string[]): Promise<void> =>
  writeFile(
    join(folder, 'datasets', name, 'test_cases.json'),
    JSON.stringify(ids.map((id) => ({ id, inputs: { question: id } }))),
  );

/** One push of the files as they are, with removed cases archived. */
async function push(): Promise<SliceReply> {
  const config = configSchema.parse({
    project: 'shop',
    targets: { triage: { kind: 'function', run: () => 'billing' } },
    evaluators: { exact: { kind: 'exact_match' } },
  });
  const { orchestration, publishing } = createDatasetActivities({
    store: test.store,
    project: { config, root: folder, codeHash: 'c'.repeat(64) },
    platforms: [place.platform],
    draining: new AbortController().signal,
  });
  const request = datasetPushSchema.parse({
    project: 'shop',
    dataset: name,
    backend: 'langsmith',
    archiveRemoved: true,
  });
  const context = {
    info: {},
    heartbeat: () => undefined,
    cancellationSignal: new AbortController().signal,
  };
  return asyncLocalStorage.run(context as unknown as Context, async () => {
    const reply = await orchestration.checkPush(request);
    if ('error' in reply) throw new Error(JSON.stringify(reply.error));
    const { checked } = reply;
    const on = { platform: 'langsmith', request, checked, sliceMs: 60_000 };
    return publishing.pushSlice({ pushId: unique('push'), ...on });
  });
}

describe('a case that was archived on LangSmith', () => {
  it('comes back with the files, once, and stands there unchanged for what follows', async () => {
    await put(['a', 'b', 'c']);
    expect(await push()).toMatchObject({ phase: 'done', added: 3 });
    for (const _time of [1, 2]) {
      await put(['a', 'c']);
      expect(await push()).toMatchObject({ phase: 'done', unchanged: 2, removed: 1, archived: 1 });
      await put(['a', 'b', 'c']);
      expect(await push()).toMatchObject({ phase: 'done', unchanged: 2, added: 1, removed: 0 });
      expect(await push()).toMatchObject({ phase: 'done', unchanged: 3, added: 0, removed: 0 });
    }
    const local = await openLocalDataset(join(folder, 'datasets'), name);
    const { datasets } = place.platform;
    const dataset = await datasets.get(name, soon());
    if (local === undefined || dataset === undefined) throw new Error('no dataset');
    const there = async function* () {
      for await (const page of datasets.items({ dataset: name, signal: soon() })) yield* page;
    };
    const comparison = {
      platformId: (...of: Parameters<typeof datasets.platformId>) => datasets.platformId(...of),
    };
    expect(await compareDataset(local, there(), { comparison, dataset })).toMatchObject({
      here: 3,
      there: 3,
      unchanged: 3,
    });
  });
});
