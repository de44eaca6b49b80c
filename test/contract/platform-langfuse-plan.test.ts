import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import type { DatasetItem } from '../../src/contracts/records.js';
import { platformItemId } from '../../src/core/ids/platform-ids.js';
import { idOnPlatform } from '../../src/platforms/langfuse/item-identity.js';
import type { Platform, PromptToStore } from '../../src/platforms/port.js';
import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import { promptContentHash } from '../../src/core/prompts/content.js';
import { TestServer } from './langfuse-support.js';
import { exportOf, makeRun, platformFor, requestsTo, soon } from './platform-langfuse-support.js';

const itemsPath = '/api/public/dataset-items';

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

describe('describe', () => {
  it('says version, generation and project', async () => {
    expect(await platform.describe(soon())).toEqual({
      platform: 'langfuse',
      url: server.url,
      version: expect.stringMatching(/^\d+\.\d+/) as unknown,
      generation: 'v4',
      projectId: 'project-contract',
      projectName: 'contract',
    });
  });

  it('names the variables of refused keys and never a key', async () => {
    const stranger = createLangfusePlatform({
      baseUrl: server.url,
      publicKey: 'pk-lf-x',
      secretKey: 'sk-lf-hunter2',
      environment: 'assay',
    });
    const error: unknown = await stranger.describe(soon()).catch((reason: unknown) => reason);
    await stranger.close();
    expect(error).toMatchObject({
      code: 'PLATFORM_UNAUTHORIZED',
      mend: expect.stringContaining('LANGFUSE_SECRET_KEY') as unknown,
    });
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });

  it.each([
    ['rate_limit', 'PLATFORM_UNREACHABLE', 3_000],
    ['server_error', 'PLATFORM_UNREACHABLE', undefined],
    ['down', 'PLATFORM_UNREACHABLE', undefined],
  ])('gives a coded error under %s', async (kind, code, retryAfterMs) => {
    await server.post('/dev/faults', { kind, next: 1, retryAfterSeconds: 3, seconds: 60 });
    await expect(platform.describe(soon())).rejects.toMatchObject({ code, retryAfterMs });
  });

  it('ends with the reason of the caller who cancels', async () => {
    await server.post('/dev/faults', { kind: 'slow', next: 1, delayMs: 2_000 });
    const controller = new AbortController();
    const reason = new Error('cancelled by the user');
    setTimeout(() => controller.abort(reason), 50);
    await expect(platform.describe(controller.signal)).rejects.toBe(reason);
  });

  it('says of a deadline that the platform does not answer', async () => {
    await server.post('/dev/faults', { kind: 'slow', next: 1, delayMs: 2_000 });
    await expect(platform.describe(AbortSignal.timeout(100))).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
    });
  });
});

describe('datasets', () => {
  it('are made once, also with a slash, spaces and unicode in the name', async () => {
    const name = 'team a/naïve ☃';
    const first = await platform.ensureDataset({ name, description: 'one' }, soon());
    const posts = async () => (await requestsTo(server, 'POST', '/api/public/v2/datasets')).length;
    const before = await posts();
    expect(await platform.ensureDataset({ name, description: 'one' }, soon())).toEqual(first);
    expect(await platform.ensureDataset({ name }, soon())).toEqual(first);
    expect(await posts()).toBe(before);
    expect(await platform.ensureDataset({ name, description: 'two' }, soon())).toEqual(first);
    expect(await posts()).toBe(before + 1);
  });

  it('are one where many make them at the same moment', async () => {
    const made = await Promise.all(
      Array.from({ length: 6 }, () => platform.ensureDataset({ name: 'contended' }, soon())),
    );
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  });
});

const itemsOf = (count: number): DatasetItem[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `ticket-${index}`,
    input: { zebra: index, a: { text: `question ${index}`, b: [1, { y: null, x: 'ü' }] } },
    expected: { category: 'billing' },
    metadata: { row: index },
  }));

async function ensure(dataset: string, items: readonly DatasetItem[], using = platform) {
  const progress: number[] = [];
  const counts = await using.ensureItems({
    dataset,
    items,
    signal: soon(),
    onProgress: (written) => progress.push(written),
  });
  return { ...counts, progress };
}

/** What a worker that knows nothing finds and does. */
async function ensureAfresh(dataset: string, items: readonly DatasetItem[]) {
  const fresh = platformFor(server.url);
  try {
    const { written, unchanged } = await ensure(dataset, items, fresh);
    return { written, unchanged };
  } finally {
    await fresh.close();
  }
}

const read = async (dataset: string, version = new Date(Date.now() + 60_000).toISOString()) => {
  const items: DatasetItem[] = [];
  for await (const page of platform.readItems({ dataset, version, signal: soon() })) {
    items.push(...page);
  }
  return items;
};

/** Each write of an item is a row of its own. */
const itemVersions = async (): Promise<number> => {
  const { body } = await server.call('/dev/stats');
  return (body['rows'] as Record<string, number>)['dataset_items'] ?? 0;
};

describe('dataset items', () => {
  it('are written once: a second run writes nothing, a changed one is one write', async () => {
    await platform.ensureDataset({ name: 'writes' }, soon());
    const items = itemsOf(230);
    expect(await ensure('writes', items)).toMatchObject({ written: 230, unchanged: 0 });
    expect(await ensureAfresh('writes', items)).toEqual({ written: 0, unchanged: 230 });
    const changed = items.map((item, index) =>
      index === 7 ? { ...item, expected: { category: 'refund' } } : item,
    );
    expect(await ensureAfresh('writes', changed)).toEqual({ written: 1, unchanged: 229 });
    expect(await ensureAfresh('writes', changed)).toEqual({ written: 0, unchanged: 230 });
  });

  it('are listed once for a plan of several pages', async () => {
    await platform.ensureDataset({ name: 'pages' }, soon());
    const items = itemsOf(60);
    const before = (await requestsTo(server, 'GET', itemsPath)).length;
    for (let start = 0; start < 60; start += 20)
      await ensure('pages', items.slice(start, start + 20));
    expect((await requestsTo(server, 'GET', itemsPath)).length - before).toBe(1);
  });

  it('tell of each write', async () => {
    await platform.ensureDataset({ name: 'progress' }, soon());
    expect((await ensure('progress', itemsOf(5))).progress).toEqual([1, 2, 3, 4, 5]);
  });

  it('come back as they were, texts that look like JSON included', async () => {
    await platform.ensureDataset({ name: 'texts' }, soon());
    const items = ['4', 'true', 'null', '007', '"q"', '{"a":1}', 'plain', ''].map(
      (expected, index): DatasetItem => ({
        id: `t${index}`,
        input: { n: '4', deep: { t: 'true' } },
        expected,
        metadata: { m: '1' },
        description: 'about',
      }),
    );
    await ensure('texts', items);
    expect(await ensureAfresh('texts', items)).toEqual({ written: 0, unchanged: items.length });
    const found = await read('texts');
    expect(found.sort((a, b) => a.id.localeCompare(b.id))).toEqual(items);
  });

  it('are active again after someone archived them', async () => {
    await platform.ensureDataset({ name: 'archived' }, soon());
    const items = itemsOf(2);
    await ensure('archived', items);
    await server.post(itemsPath, {
      datasetName: 'archived',
      id: platformItemId('archived', 'ticket-0'),
      status: 'ARCHIVED',
    });
    expect(await ensureAfresh('archived', items)).toEqual({ written: 1, unchanged: 1 });
    expect(await read('archived')).toHaveLength(2);
  });

  it('are read as they stood at the pinned moment, page by page', async () => {
    await platform.ensureDataset({ name: 'pinned' }, soon());
    const items = itemsOf(120);
    await ensure('pinned', items);
    const moment = new Date(Date.now() + 1).toISOString();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await ensureAfresh('pinned', [{ id: 'ticket-0', input: { other: true }, metadata: {} }]);
    const then = await read('pinned', moment);
    expect(then).toHaveLength(120);
    expect(then.find(({ id }) => id === 'ticket-0')).toEqual(items[0]);
  });

  it('made by others keep their ids, and their traces name them', async () => {
    await platform.ensureDataset({ name: 'foreign' }, soon());
    await server.post(itemsPath, { datasetName: 'foreign', id: 'their-id', input: 'a question' });
    const [item] = await read('foreign');
    expect(item).toMatchObject({ id: 'their-id', input: { input: 'a question' } });
    if (item === undefined) throw new Error('no item');
    // As datasets compare it: nothing is written for its form alone.
    expect(await ensureAfresh('foreign', [item])).toEqual({ written: 0, unchanged: 1 });
    expect((await read('foreign')).map(({ id }) => id)).toEqual(['their-id']);
  });

  it('made by others are linked by runs over files that were pulled, are left as they are, and get no second one', async () => {
    await platform.ensureDataset({ name: 'theirs' }, soon());
    const forms = [
      { id: 'a-text', input: 'a question', expectedOutput: 'an answer' },
      { id: '0b0e6d0e-5a4f-4d7e-9b1a-3c2e7d604f15', input: { n: 1 }, metadata: { split: 'train' } },
      { id: 'nothing', input: null, metadata: ['a', 'list'] },
      { id: 'copied', input: { n: 2 }, metadata: { 'assay.item_id': 'original' } },
    ];
    for (const form of forms) await server.post(itemsPath, { datasetName: 'theirs', ...form });
    const pulled: DatasetItem[] = [];
    for await (const page of platform.datasets.items({ dataset: 'theirs', signal: soon() })) {
      pulled.push(...page.map(({ item }) => item));
    }
    const before = await itemVersions();
    expect(await ensureAfresh('theirs', pulled)).toEqual({ written: 0, unchanged: forms.length });
    expect(await itemVersions()).toBe(before);
    // A trace is linked by the same id that an item is written by.
    expect(pulled.map((item) => idOnPlatform('theirs', item)).sort()).toEqual(
      forms.map(({ id }) => id).sort(),
    );
    const changed = pulled.map((item) => ({ ...item, expected: 'new' }));
    expect(await ensureAfresh('theirs', changed)).toEqual({ written: forms.length, unchanged: 0 });
    expect(await ensureAfresh('theirs', changed)).toEqual({ written: 0, unchanged: forms.length });
    expect(await read('theirs')).toHaveLength(forms.length);
  });

  it('of a dataset that is not there are a clear error', async () => {
    await expect(read('nowhere')).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
  });

  it('are all written once where the server fails at every tenth request and loses every tenth answer', async () => {
    await platform.ensureDataset({ name: 'stumbling' }, soon());
    const fault = { method: 'POST', pathPrefix: itemsPath, probability: 0.1 };
    const before = await itemVersions();
    await server.post('/dev/faults', { ...fault, kind: 'server_error' });
    await server.post('/dev/faults', { ...fault, kind: 'commit_then_drop' });
    expect(await ensure('stumbling', itemsOf(40))).toMatchObject({ written: 40, unchanged: 0 });
    await server.call('/dev/faults', { method: 'DELETE' });
    expect(await read('stumbling')).toHaveLength(40);
    // What was written before its answer got lost was not written again.
    expect((await itemVersions()) - before).toBe(40);
  });

  it('whose write fails for longer are tried again by the next call', async () => {
    await platform.ensureDataset({ name: 'failing' }, soon());
    const items = itemsOf(10);
    await server.post('/dev/faults', {
      kind: 'rate_limit',
      retryAfterSeconds: 60,
      next: 1,
      method: 'POST',
      pathPrefix: itemsPath,
    });
    await expect(ensure('failing', items)).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
      retryAfterMs: 60_000,
    });
    await ensure('failing', items);
    expect(await read('failing')).toHaveLength(10);
  });
});

function prompt(content: string, name = 'triage'): PromptToStore {
  const messages = [
    { role: 'system', content: 'You sort tickets.' },
    { role: 'user', content },
  ];
  const config = { model: 'small', temperature: 0 };
  const body = { kind: 'chat' as const, messages };
  return { name, body, config, contentHash: promptContentHash({ body, config }) };
}

describe('prompts', () => {
  it('are one version per content, and an old content keeps its version', async () => {
    expect(await platform.ensurePrompt(prompt('{{text}}'), soon())).toEqual({ version: 1 });
    expect(await platform.ensurePrompt(prompt('{{text}}'), soon())).toEqual({ version: 1 });
    expect(await platform.ensurePrompt(prompt('Ticket: {{text}}'), soon())).toEqual({ version: 2 });
    expect(await platform.ensurePrompt(prompt('{{text}}'), soon())).toEqual({ version: 1 });
  });

  it('are one version where two workers ask at the same moment', async () => {
    const other = platformFor(server.url);
    const asked = await Promise.all(
      [platform, other, platform, other].map((each) =>
        each.ensurePrompt(prompt('same', 'folder/contended'), soon()),
      ),
    );
    await other.close();
    const { body } = await server.call('/api/public/v2/prompts?name=folder%2Fcontended');
    const [meta] = body['data'] as { versions: number[] }[];
    expect(asked.every(({ version }) => meta?.versions.includes(version))).toBe(true);
    // Between processes only the unique constraint helps, so at worst each process made one.
    expect(meta?.versions.length).toBeLessThanOrEqual(2);
  });

  it('are not moved to production', async () => {
    await platform.ensurePrompt(prompt('x', 'unlabelled'), soon());
    const { status } = await server.call('/api/public/v2/prompts/unlabelled?label=production');
    expect(status).toBe(404);
  });
});

describe('prepareRun', () => {
  const context = { ...makeRun(1).context, experiment: 'nightly' };
  const request = (change: object = {}) => ({
    context,
    datasetId: 'dataset-1',
    datasetName: 'tickets',
    repetitions: 2,
    signal: soon(),
    ...change,
  });

  it('gives each repetition a run of its own, named and with the id the server derives', async () => {
    const { id: datasetId } = await platform.ensureDataset({ name: 'tickets-for-run' }, soon());
    await ensure('tickets-for-run', itemsOf(1));
    const run = await platform.prepareRun(request({ datasetId, datasetName: 'tickets-for-run' }));
    expect(run).toMatchObject({
      platform: 'langfuse',
      projectId: 'project-contract',
      datasetId,
      datasetName: 'tickets-for-run',
    });
    expect(run.runs.map(({ name }) => name)).toEqual(['nightly', 'nightly (repetition 2)']);
    for (const { name, id } of run.runs) {
      const { body } = await server.post('/api/public/dataset-run-items', {
        runName: name,
        datasetItemId: platformItemId('tickets-for-run', 'ticket-0'),
        traceId: 'a'.repeat(32),
      });
      expect(body['datasetRunId']).toBe(id);
    }
  });

  it('attaches to a run of its own and refuses one from elsewhere', async () => {
    const { encode } = makeRun(1);
    const run = await platform.prepareRun(request());
    const own = { ...context, run };
    const [record] = platform.encodeCell(...cellArguments(encode(platform)[0]?.cell, own));
    if (record === undefined) throw new Error('no record');
    await platform.send(exportOf([record]), soon());
    expect(await platform.prepareRun(request())).toEqual(run);
    await expect(
      platform.prepareRun(request({ context: { ...context, runUid: 'another' } })),
    ).rejects.toMatchObject({ code: 'EXPERIMENT_EXISTS_ELSEWHERE' });
  });
});

function cellArguments(
  cell: Parameters<Platform['encodeCell']>[0] | undefined,
  own: Parameters<Platform['encodeCell']>[2],
): Parameters<Platform['encodeCell']> {
  if (cell === undefined) throw new Error('no cell');
  return [cell, { id: cell.itemId, input: {}, metadata: {} }, own];
}
