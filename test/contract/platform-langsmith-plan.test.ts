import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import type { DatasetItem } from '../../src/contracts/records.js';
import { createLangsmithPlatform } from '../../src/platforms/langsmith/platform.js';
import { exampleIdOf } from '../../src/platforms/langsmith/example-identity.js';
import { run } from '../unit/platforms/langfuse/cell-fixture.js';
import { clientOf } from './langsmith-server-support.js';
import { collect, Place, soon } from './platform-langsmith-support.js';

let place: Place;
beforeAll(async () => {
  place = await Place.start({ otherKey: 'lsv2_pt_other_1', revokedKeys: ['lsv2_pt_old_1'] });
});
afterEach(() => {
  place.server.faults.clear();
});
afterAll(() => place.close());

describe('describing a server', () => {
  it('says its version and the workspace of the key', async () => {
    expect(await place.platform.describe(soon())).toEqual({
      platform: 'langsmith',
      url: place.server.url,
      version: '0.13.40',
      generation: 'langsmith',
      projectId: place.server.inspect.workspaceId,
      projectName: 'Test workspace',
    });
  });

  it.each([
    ['wrong', { apiKey: 'lsv2_hunter2' }],
    ['revoked', { apiKey: 'lsv2_pt_old_1' }],
    ['of another kind', { apiKey: 'sk-hunter2' }],
    ['of another workspace', { workspaceId: '00000000-0000-4000-8000-000000000001' }],
  ])('refuses a key that is %s, and shows none', async (_why, options) => {
    const refused = place.another(options).describe(soon());
    await expect(refused).rejects.toMatchObject({ code: 'PLATFORM_UNAUTHORIZED' });
    await expect(refused).rejects.not.toThrow(/hunter2/);
  });

  it('refuses a server that takes no runs as multipart, and says its version', async () => {
    const old = await Place.start({ useMultipart: false, version: '0.5.1' });
    await expect(old.platform.describe(soon())).rejects.toMatchObject({
      code: 'PLATFORM_UNSUPPORTED',
      message: expect.stringContaining('0.5.1'),
    });
    await old.close();
  });

  it('tells an address that is no API of LangSmith', async () => {
    const elsewhere = place.another({ endpoint: `${place.server.url}/nowhere` });
    await expect(elsewhere.describe(soon())).rejects.toMatchObject({ code: 'PLATFORM_REFUSED' });
    const nobody = createLangsmithPlatform({ endpoint: 'http://127.0.0.1:9', apiKey: 'lsv2_x' });
    await expect(nobody.describe(soon())).rejects.toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
    await nobody.close();
  });
});

describe('preparing a run', () => {
  const request = async (name: string, runUid: string) => {
    const dataset = await place.platform.ensureDataset({ name: 'planned' }, soon());
    return {
      context: { ...run, experiment: name, runUid },
      datasetId: dataset.id,
      datasetName: 'planned',
      repetitions: 2,
      signal: soon(),
    };
  };

  it('makes a project for each repetition, on the dataset, and finds them again', async () => {
    const first = await place.platform.prepareRun(await request('planned-1', 'uid-1'));
    const again = await place.platform.prepareRun(await request('planned-1', 'uid-1'));
    expect(again).toEqual(first);
    expect(first.runs.map(({ name }) => name)).toEqual(['planned-1', 'planned-1 (repetition 2)']);
    const sessions = place.server.inspect.sessions.filter(({ id }) =>
      first.runs.some((each) => each.id === id),
    );
    expect(sessions).toHaveLength(2);
    expect(sessions[0]).toMatchObject({
      referenceDatasetId: first.datasetId,
      extra: { metadata: { commit: 'abc123', 'assay.run_uid': 'uid-1' } },
    });
  });

  it('finds its own project where the answer to its creation was lost', async () => {
    place.server.faults.order({
      kind: 'commit_then_drop',
      method: 'POST',
      next: 1,
      pathPrefix: '/sessions',
    });
    const prepared = await place.platform.prepareRun(await request('planned-2', 'uid-2'));
    const named = place.server.inspect.sessions.filter(({ name }) => name === 'planned-2');
    expect(named.map(({ id }) => id)).toEqual([prepared.runs[0]?.id]);
  });

  it('refuses a name that a project of somebody else has', async () => {
    await clientOf(place.server).createProject({ projectName: 'planned-3' });
    await expect(
      place.platform.prepareRun(await request('planned-3', 'uid-3')),
    ).rejects.toMatchObject({ code: 'EXPERIMENT_EXISTS_ELSEWHERE' });
    await place.platform.prepareRun(await request('planned-4', 'uid-4'));
    await expect(
      place.platform.prepareRun(await request('planned-4', 'uid-other')),
    ).rejects.toMatchObject({ code: 'EXPERIMENT_EXISTS_ELSEWHERE' });
  });

  it('puts the tracing project before the name', async () => {
    const prefixed = place.another({ project: 'support-bot' });
    const { runs } = await prefixed.prepareRun(await request('planned-5', 'uid-5'));
    expect(runs[0]?.name).toBe('support-bot/planned-5');
  });
});

const items: readonly DatasetItem[] = [
  { id: 'a', input: { text: 'one' }, expected: { category: 'x' }, metadata: { lang: 'en' } },
  { id: 'b', input: { text: 'two' }, expected: 'a text', metadata: {}, description: 'Second' },
  { id: 'c', input: { text: 'three' }, metadata: {} },
  { id: 'd', input: { text: 'four' }, expected: {}, metadata: {} },
  { id: 'e', input: { text: 'five' }, expected: null, metadata: {} },
];
const byId = (list: readonly DatasetItem[]): readonly DatasetItem[] =>
  [...list].sort((a, b) => (a.id < b.id ? -1 : 1));

describe('the items of a run', () => {
  const ensure = (dataset: string, list: readonly DatasetItem[]) =>
    place.platform.ensureItems({
      dataset,
      items: list,
      signal: soon(),
      onProgress: () => undefined,
    });

  it('come back as they were, whatever is expected of them', async () => {
    await place.platform.ensureDataset({ name: 'kept' }, soon());
    expect(await ensure('kept', items)).toEqual({ written: 5, unchanged: 0 });
    const version = new Date().toISOString();
    const read = await collect(
      place.platform.readItems({ dataset: 'kept', version, signal: soon() }),
    );
    expect(byId(read)).toEqual(items);
  });

  it('are written only where they differ, and an unchanged dataset gets no version', async () => {
    await place.platform.ensureDataset({ name: 'same' }, soon());
    await ensure('same', items);
    const versions = place.server.inspect.versions('same');
    expect(await ensure('same', items)).toEqual({ written: 0, unchanged: 5 });
    expect(place.server.inspect.versions('same')).toBe(versions);
    const changed = items.map((item) =>
      item.id === 'a' ? { id: 'a', input: { text: 'new' }, metadata: {} } : item,
    );
    expect(await ensure('same', changed)).toEqual({ written: 1, unchanged: 4 });
    expect(await ensure('same', changed)).toEqual({ written: 0, unchanged: 5 });
  });

  it('are read as they stood at the version', async () => {
    await place.platform.ensureDataset({ name: 'pinned' }, soon());
    await ensure('pinned', items.slice(0, 2));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const version = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await ensure('pinned', [{ id: 'a', input: { text: 'later' }, metadata: {} }]);
    const read = await collect(
      place.platform.readItems({ dataset: 'pinned', version, signal: soon() }),
    );
    expect(byId(read)).toEqual(items.slice(0, 2));
  });

  it('are found again where others made them', async () => {
    const client = clientOf(place.server);
    const { id: datasetId } = await client.createDataset('theirs');
    await client.createExample({
      dataset_id: datasetId,
      inputs: { q: '1' },
      reference_outputs: { a: '2' },
      metadata: { 'assay.item_id': 'copied' },
    });
    const [read] = await collect(
      place.platform.readItems({
        dataset: 'theirs',
        version: new Date(Date.now() + 1_000).toISOString(),
        signal: soon(),
      }),
    );
    const [example] = place.server.inspect.examples('theirs');
    expect(read?.id).toBe(example?.id);
    if (read === undefined) throw new Error('no item');
    expect(exampleIdOf(datasetId, read)).toBe(example?.id);
  });

  it('of a dataset that is not there are an error', async () => {
    await expect(
      collect(place.platform.readItems({ dataset: 'none', version: '', signal: soon() })),
    ).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
  });

  it('are written once where the answer was lost, and page by page where they are many', async () => {
    await place.platform.ensureDataset({ name: 'many' }, soon());
    const many = Array.from({ length: 230 }, (_, index) => ({
      id: `item-${index}`,
      input: { index },
      metadata: {},
    }));
    place.server.faults.order({
      kind: 'commit_then_drop',
      method: 'POST',
      next: 1,
      pathPrefix: '/examples/bulk',
    });
    expect(await ensure('many', many)).toEqual({ written: 230, unchanged: 0 });
    expect(place.server.inspect.examples('many')).toHaveLength(230);
    expect(place.server.inspect.versions('many')).toBe(3);
    const read = await collect(
      place.platform.readItems({
        dataset: 'many',
        version: new Date().toISOString(),
        signal: soon(),
      }),
    );
    expect(new Set(read.map(({ id }) => id)).size).toBe(230);
  });
});

describe('planning while the server stumbles', () => {
  it('repeats what may be repeated, and nothing stands there twice', async () => {
    const { faults } = place.server;
    faults.order({ kind: 'server_error', next: 2, pathPrefix: '/datasets' });
    await place.platform.ensureDataset({ name: 'rough' }, soon());
    faults.order(
      { kind: 'server_error', next: 1, method: 'GET', pathPrefix: '/examples' },
      { kind: 'server_error', next: 1, method: 'POST', pathPrefix: '/examples/bulk' },
    );
    const request = { dataset: 'rough', items, signal: soon(), onProgress: () => undefined };
    expect(await place.platform.ensureItems(request)).toEqual({ written: 5, unchanged: 0 });
    expect(place.server.inspect.versions('rough')).toBe(1);
    expect(place.server.inspect.datasets.filter(({ name }) => name === 'rough')).toHaveLength(1);
  });

  it('obeys a 429 that asks for a moment', async () => {
    place.server.faults.order({
      kind: 'rate_limit',
      next: 1,
      pathPrefix: '/settings',
      retryAfterSeconds: 0,
    });
    const { id } = await place.platform.ensureDataset({ name: 'calm' }, soon());
    const prepared = await place.platform.prepareRun({
      context: { ...run, experiment: 'calm', runUid: 'calm' },
      datasetId: id,
      datasetName: 'calm',
      repetitions: 1,
      signal: soon(),
    });
    expect(prepared.runs).toHaveLength(1);
  });
});

describe('the prompt of a run', () => {
  const prompt = {
    name: 'Triage.v2',
    body: { kind: 'chat' as const, messages: [{ role: 'system', content: 'Sort {{text}}' }] },
    config: { model: 'm' },
    contentHash: 'a'.repeat(64),
  };

  it('is committed once for each content, and numbered', async () => {
    expect(await place.platform.ensurePrompt(prompt, soon())).toMatchObject({ version: 1 });
    expect(await place.platform.ensurePrompt(prompt, soon())).toMatchObject({ version: 1 });
    const other = {
      ...prompt,
      body: {
        kind: 'chat' as const,
        messages: [{ role: 'system', content: 'Sort this: {{text}}' }],
      },
      contentHash: 'b'.repeat(64),
    };
    expect(await place.platform.ensurePrompt(other, soon())).toMatchObject({ version: 2 });
    expect(await place.platform.ensurePrompt(prompt, soon())).toMatchObject({ version: 1 });
    // One that was read from there stands there, whatever finds it.
    const { version: standing } = await place.platform.prompts.ensure(prompt, soon());
    expect(
      await place.platform.ensurePrompt(
        { ...other, contentHash: 'd'.repeat(64), standing },
        soon(),
      ),
    ).toEqual({ version: 1, commit: standing });
    const repo = place.server.inspect.repos.find(({ handle }) => handle.startsWith('triage-v2'));
    expect(repo?.commits).toHaveLength(2);
  });
});
