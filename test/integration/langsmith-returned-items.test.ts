import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createDatasetActivities } from '../../src/activities/datasets/index.js';
import { createAdmit } from '../../src/activities/experiment/admit.js';
import { createPlan } from '../../src/activities/experiment/plan.js';
import type { ExperimentPorts } from '../../src/activities/experiment/ports.js';
import { configSchema } from '../../src/contracts/config.js';
import { datasetPushSchema, type SliceReply } from '../../src/contracts/dataset-push.js';
import { experimentSpecSchema } from '../../src/contracts/experiment-spec.js';
import { compareDataset, type DatasetDifference } from '../../src/datasets/compare-dataset.js';
import { openLocalDataset } from '../../src/datasets/local-dataset.js';
import { ownExampleId } from '../../src/platforms/langsmith/example-identity.js';
import type { Platform } from '../../src/platforms/port.js';
import { getExperiment, type ExperimentRecord } from '../../src/store/experiments.js';
import { clientOf } from '../contract/langsmith-server-support.js';
import { collect, Place, soon } from '../contract/platform-langsmith-support.js';
import { openTestStore, unique, type TestStore } from './store-fixtures.js';
import { inActivity } from '../support/in-activity.js';

const name = 'returning';
let test: TestStore;
let place: Place;
let folder: string;

beforeAll(async () => {
  test = await openTestStore();
  place = await Place.start();
  folder = await mkdtemp(join(tmpdir(), 'assay-return-'));
});
afterAll(async () => {
  await place.close();
  await test.close();
  await rm(folder, { recursive: true, force: true });
});

async function put(ids: readonly string[], dataset = name): Promise<void> {
  const home = join(folder, 'datasets', dataset);
  await mkdir(home, { recursive: true });
  const cases = ids.map((id) => ({ id, inputs: { question: id } }));
  await writeFile(join(home, 'test_cases.json'), JSON.stringify(cases));
}

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
  return inActivity(async () => {
    const reply = await orchestration.checkPush(request);
    if ('error' in reply) throw new Error(JSON.stringify(reply.error));
    const { checked } = reply;
    const on = { platform: 'langsmith', request, checked, sliceMs: 60_000 };
    return publishing.pushSlice({ pushId: unique('push'), ...on });
  });
}

/** The files as they are against the platform. */
async function difference(of = name): Promise<DatasetDifference> {
  const local = await openLocalDataset(join(folder, 'datasets'), of);
  const { datasets } = place.platform;
  const dataset = await datasets.get(of, soon());
  if (local === undefined || dataset === undefined) throw new Error('no dataset');
  const there = async function* () {
    for await (const page of datasets.items({ dataset: of, signal: soon() })) yield* page;
  };
  const comparison = {
    platformId: (...of: Parameters<typeof datasets.platformId>) => datasets.platformId(...of),
  };
  return compareDataset(local, there(), { comparison, dataset });
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
    expect(await difference()).toMatchObject({
      here: 3,
      there: 3,
      unchanged: 3,
    });
  });
});

describe('an item of others that an earlier release made once more', () => {
  it('is told as standing there twice, and compared by the example that pushes go by', async () => {
    const client = clientOf(place.server);
    const doubled = 'doubled';
    const { id } = await client.createDataset(doubled);
    const theirs = await client.createExample({ dataset_id: id, inputs: { question: 'theirs' } });
    await client.createExample({
      id: ownExampleId(id, theirs.id),
      dataset_id: id,
      inputs: { question: theirs.id },
      metadata: { 'assay.item_id': theirs.id },
    });
    await put([theirs.id], doubled);
    const compared = await difference(doubled);
    expect(compared).toMatchObject({ here: 1, there: 2, unchanged: 1, changed: 0, doubled: 1 });
    expect(compared.examples).toEqual([{ kind: 'doubled', id: theirs.id }]);
  });
});

describe('an experiment over files that were pulled from LangSmith', () => {
  const dataset = 'made-by-others';
  const projectName = 'over-theirs';

  /** One attempt at planning the run, and how the row is then. */
  async function plan(
    experimentId: string,
    on: { readonly platform: Platform; readonly before?: object },
  ): Promise<ExperimentRecord> {
    await inActivity(() => createPlan(experimentPorts(on.platform))({ experimentId }), on.before);
    return getExperiment(test.store, experimentId);
  }

  const experimentPorts = (platform: Platform): ExperimentPorts => {
    const config = configSchema.parse({
      project: projectName,
      platform: { backend: 'langsmith' },
      targets: { triage: { kind: 'function', run: () => 'billing' } },
      evaluators: { exact: { kind: 'exact_match' } },
    });
    const project = { config, root: folder, codeHash: 'c'.repeat(64) };
    // Planning asks for no more of them.
    return { store: test.store, project, platforms: [platform] } as unknown as ExperimentPorts;
  };

  it('links the examples that others made, and makes none, also where its plan was killed after the items', async () => {
    const client = clientOf(place.server);
    const { id } = await client.createDataset(dataset);
    for (const q of ['1', '2', '3']) await client.createExample({ dataset_id: id, inputs: { q } });
    const examples = place.server.inspect.examples(dataset);
    const versions = place.server.inspect.versions(dataset);
    const pulled = await collect(place.platform.datasets.items({ dataset, signal: soon() }));
    await mkdir(join(folder, 'datasets', dataset), { recursive: true });
    await writeFile(
      join(folder, 'datasets', dataset, 'test_cases.json'),
      JSON.stringify(pulled.map(({ item }) => ({ id: item.id, inputs: item.input }))),
    );
    const { platform } = place;
    const spec = experimentSpecSchema.parse({
      project: projectName,
      name: unique('run'),
      dataset: { name: dataset },
      target: 'triage',
    });
    const admitted = await inActivity(() =>
      createAdmit(experimentPorts(platform))({ spec, workflowId: 'w', workflowRunId: 'r' }),
    );
    if (admitted.outcome !== 'started') throw new Error(JSON.stringify(admitted));
    const { experimentId } = admitted;

    const killed = { ...platform, prepareRun: () => Promise.reject(new Error('killed')) };
    await expect(plan(experimentId, { platform: killed })).rejects.toThrow('killed');
    // What the heart of the lost attempt said last.
    const before = { 'langsmith: items': pulled.length, 'langsmith: written': 0 };
    const { platformRuns } = await plan(experimentId, { platform, before });
    expect(platformRuns).toMatchObject([
      {
        platform: 'langsmith',
        itemIds: Object.fromEntries(examples.map((each) => [each.id, each.id])),
      },
    ]);
    expect(place.server.inspect.examples(dataset)).toEqual(examples);
    expect(place.server.inspect.versions(dataset)).toBe(versions);
  });
});
