import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { runCli } from '../../src/cli/run-cli.js';
import { datasetPushWorkflowId } from '../../src/core/experiment/naming.js';
import type { PlatformItem } from '../../src/platforms/dataset-port.js';
import type { SupervisedWorkers } from '../../src/workers/supervisor.js';
import { startLangsmith } from '../support/langsmith/server.js';
import { startHarness, type Harness } from '../support/harness.js';
import { configFile, promptFiles } from '../support/project-files.js';
import { until } from '../support/until.js';
import { recorded } from '../unit/cli/streams.js';

const project = 'dataset-push';
let harness: Harness;
let workers: SupervisedWorkers;

beforeAll(async () => {
  harness = await startHarness({
    project,
    files: { 'assay.config.ts': configFile({ project }), ...promptFiles },
  });
  workers = await harness.startWorkers();
});
afterAll(async () => {
  await harness.stop();
});

interface Case {
  readonly id: string;
  readonly inputs: object;
  readonly metadata?: object;
}

const casesOf = (count: number): readonly Case[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `case-${index + 1}`,
    inputs: { text: `question ${index + 1}`, n: String(index) },
    metadata: { split: index % 2 === 0 ? 'train' : 'test' },
  }));

async function put(path: string, text: string): Promise<void> {
  const file = join(harness.folder, 'datasets', path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

const putCases = (name: string, cases: readonly Case[]): Promise<void> =>
  put(`${name}/test_cases.jsonl`, cases.map((each) => JSON.stringify(each)).join('\n'));

async function itemsOf(dataset: string, version?: string): Promise<readonly PlatformItem[]> {
  const items: PlatformItem[] = [];
  const asked = { dataset, ...(version === undefined ? {} : { version }) };
  for await (const page of harness.client.datasets.items(asked)) items.push(...page);
  return items;
}

/** How often items were written, archived or not. */
async function writes(): Promise<number> {
  const stats = (await harness.platform.admin('GET', '/dev/stats')) as {
    readonly requests: Readonly<Record<string, number>>;
  };
  return stats.requests['POST /api/public/dataset-items 200'] ?? 0;
}

describe('a push', () => {
  it('writes what is new or changed and nothing else, and archives only where it is asked to', async () => {
    const { datasets } = harness.client;
    const cases = casesOf(250);
    await putCases('pushed', cases);
    const first = await datasets.push({ project, dataset: 'pushed' });
    expect(first.platforms).toMatchObject([
      { platform: 'langfuse', phase: 'done', added: 250, changed: 0, unchanged: 0, position: 250 },
    ]);
    const before = await writes();
    const second = await datasets.push({ project, dataset: 'pushed' });
    expect(second.platforms).toMatchObject([
      { phase: 'done', unchanged: 250, added: 0, changed: 0 },
    ]);
    expect(await writes()).toBe(before);
    // Nothing changed, so it stands from the same moment on.
    expect(second.platforms[0]?.version).toBe(first.platforms[0]?.version);

    await putCases('pushed', [
      ...cases.slice(1, 100),
      { id: 'case-101', inputs: { text: 'another' } },
      ...cases.slice(101),
      { id: 'new', inputs: { text: 'new' } },
    ]);
    const third = await datasets.push({ project, dataset: 'pushed' });
    expect(third.platforms).toMatchObject([
      { phase: 'done', unchanged: 248, added: 1, changed: 1, removed: 1, archived: 0 },
    ]);
    expect(await itemsOf('pushed')).toHaveLength(251);
    const fourth = await datasets.push({ project, dataset: 'pushed', archiveRemoved: true });
    expect(fourth.platforms).toMatchObject([{ phase: 'done', removed: 1, archived: 1 }]);
    const now = await itemsOf('pushed');
    expect(now.map(({ item }) => item.id)).not.toContain('case-1');
    expect(now).toHaveLength(250);
    // Versions are moments: each push's shows what stood after it.
    const then = await itemsOf('pushed', first.platforms[0]?.version);
    expect(new Set(then.map(({ item }) => item.id))).toEqual(new Set(cases.map(({ id }) => id)));
    expect(await itemsOf('pushed', fourth.platforms[0]?.version)).toHaveLength(250);
    const fifth = await datasets.push({ project, dataset: 'pushed' });
    expect(fifth.platforms[0]?.version).toBe(fourth.platforms[0]?.version);

    // One that was archived and comes back is active again.
    await putCases('pushed', cases);
    const sixth = await datasets.push({ project, dataset: 'pushed' });
    expect(sixth.platforms).toMatchObject([{ phase: 'done', added: 1, changed: 1, removed: 1 }]);
    expect(await itemsOf('pushed')).toHaveLength(251);
  });

  it('goes on after kill -9 of its worker, and writes at most one page twice', async () => {
    const count = 600;
    await putCases('killed', casesOf(count));
    // Slow enough to be killed in the midst of it.
    await harness.platform.admin('POST', '/dev/faults', {
      kind: 'slow',
      delayMs: 15,
      method: 'POST',
      pathPrefix: '/api/public/dataset-items',
    });
    const before = await writes();
    const pushed = harness.client.datasets.push({ project, dataset: 'killed' });
    await until(async () => (await writes()) - before > 230);
    const other = { project, dataset: 'killed', archiveRemoved: true, backend: 'both' } as const;
    await expect(harness.client.datasets.push(other)).rejects.toMatchObject({
      code: 'DATASET_PUSH_RUNNING',
      problems: [
        { at: 'backend', message: "the one under way: the config's default; yours: both" },
        { at: 'archive-removed' },
      ],
    });
    const same = harness.client.datasets.push({ project, dataset: 'killed' });
    for (const pid of workers.pids) process.kill(pid, 'SIGKILL');
    expect((await writes()) - before).toBeLessThan(count - 100);
    const result = await pushed;
    // Of the page that was in flight it says what it is: added by this push.
    expect(result.platforms).toMatchObject([
      { phase: 'done', position: count, added: count, unchanged: 0, changed: 0, removed: 0 },
    ]);
    // Whoever asks for the same meanwhile waits for the same.
    expect(await same).toEqual(result);
    const sent = (await writes()) - before;
    expect(sent).toBeGreaterThanOrEqual(count);
    expect(sent).toBeLessThanOrEqual(count + 100);
    expect(await itemsOf('killed')).toHaveLength(count);
  });

  it('that somebody terminates in Temporal is told so to whoever watches it', async () => {
    await putCases('terminated', casesOf(200));
    await harness.platform.admin('POST', '/dev/faults', {
      kind: 'slow',
      delayMs: 100,
      method: 'POST',
      pathPrefix: '/api/public/dataset-items',
    });
    const before = await writes();
    const watched = harness.client.datasets.push({ project, dataset: 'terminated' });
    watched.catch(() => undefined);
    await until(async () => (await writes()) > before);
    const connection = await Connection.connect({ address: harness.temporal.address });
    try {
      const { workflow } = new Client({ connection });
      await workflow.getHandle(datasetPushWorkflowId(project, 'terminated')).terminate();
    } finally {
      await connection.close();
    }
    await expect(watched).rejects.toMatchObject({
      code: 'DATASET_PUSH_CANCELLED',
      message: 'The push was terminated in Temporal.',
    });
  });

  it('writes nothing where an item is wrong, and lists every problem by its line', async () => {
    await putCases('wrong', casesOf(3));
    await put('wrong/schema.json', JSON.stringify({ properties: { inputs: { required: ['x'] } } }));
    await expect(harness.client.datasets.push({ project, dataset: 'wrong' })).rejects.toMatchObject(
      {
        code: 'DATASET_INVALID',
        problems: [1, 2, 3].map((line) => ({
          at: expect.stringContaining(`test_cases.jsonl:${line}`),
        })),
      },
    );
    await expect(harness.client.datasets.get({ dataset: 'wrong' })).rejects.toMatchObject({
      code: 'DATASET_NOT_FOUND',
    });
    await expect(harness.client.datasets.push({ project, dataset: 'none' })).rejects.toMatchObject({
      code: 'DATASET_NOT_FOUND',
    });
    await expect(
      harness.client.datasets.push({ project, dataset: '../none' }),
    ).rejects.toMatchObject({ code: 'NAME_INVALID' });
    await expect(
      harness.client.datasets.push({ project, dataset: 'pushed', stamp: 'a'.repeat(64) }),
    ).rejects.toMatchObject({ code: 'DATASET_CHANGED' });
    await expect(
      harness.client.datasets.push({ project, dataset: 'pushed', backend: 'both' }),
    ).rejects.toMatchObject({ code: 'PLATFORM_NOT_CONFIGURED' });
  });
});

describe('assay datasets push', () => {
  it.each<[what: string, files: Record<string, () => string>, told: readonly string[]]>([
    [
      'a line of 20 MB',
      { 'huge/test_cases.jsonl': () => `{"id":"a","inputs":{}}\n${lineOf(20_000_000)}\n` },
      ['DATASET_INVALID', 'test_cases.jsonl:2', 'is longer than 16 MiB', 'Keep large contents'],
    ],
    [
      'an element of 20 MB',
      { 'huge-list/test_cases.json': () => `[${lineOf(20_000_000)}]` },
      ['DATASET_INVALID', 'test_cases.json: [0]', 'is longer than 16 MiB', 'Keep large contents'],
    ],
    [
      'a record of 20 MB',
      { 'huge-table/test_cases.csv': () => `id,input.text\n1,"${'x'.repeat(20_000_000)}"\n` },
      ['DATASET_INVALID', 'test_cases.csv:2', 'is longer than 16 MiB', 'Close its quotes'],
    ],
    [
      'more than the platform takes',
      { 'large/test_cases.jsonl': () => lineOf(5_000_000) },
      ['DATASET_INVALID', 'test_cases.jsonl:1', 'takes 5.0 MB, the platform takes 4.4 MB an item'],
    ],
    [
      'an empty file',
      { 'empty/test_cases.jsonl': () => '' },
      ['DATASET_EMPTY', 'The dataset "empty" has no items.', 'Add items to'],
    ],
    ['an empty table', { 'bare/test_cases.csv': () => '' }, ['DATASET_EMPTY', '"bare"']],
    ['an empty list', { 'none-yet/test_cases.json': () => ' \n' }, ['DATASET_EMPTY', '"none-yet"']],
  ])('refuses %s with what it is and where, and writes nothing', async (_what, files, told) => {
    const [path = '', text = String] = Object.entries(files)[0] ?? [];
    await put(path, text());
    const [dataset = ''] = path.split('/');
    const [out, err] = [recorded(), recorded()];
    const { folder: cwd, environment } = harness;
    const streams = { stdout: out.stream, stderr: err.stream, cwd, environment };
    expect(await runCli(streams, ['datasets', 'push', dataset, '--project', project])).toBe(2);
    for (const each of told) expect(err.text()).toContain(each);
    expect(err.text().length).toBeLessThan(2_000);
    expect(out.text()).toBe('');
    await expect(harness.client.datasets.get({ dataset })).rejects.toMatchObject({
      code: 'DATASET_NOT_FOUND',
    });
  });

  const lineOf = (bytes: number): string =>
    JSON.stringify({ id: 'b', inputs: { text: 'x'.repeat(bytes) } });
});

describe('a push to LangSmith', () => {
  it('goes on after kill -9 of its worker, and writes at most one page twice', async () => {
    const count = 600;
    const langsmith = await startLangsmith();
    try {
      await workers.stop();
      const own = await harness.startWorkers({
        variables: { LANGSMITH_API_KEY: langsmith.apiKey, LANGSMITH_ENDPOINT: langsmith.url },
      });
      await putCases('killed-there', casesOf(count));
      // A page is one request there, and is killed in the midst of it.
      langsmith.faults.order({ kind: 'slow', delayMs: 300, pathPrefix: '/examples/bulk' });
      /** Pages of 100 that the server took, made or changed. */
      const pages = (): number =>
        Object.entries(langsmith.requests.counts())
          .filter(([route]) => /^(?:POST|PATCH) \S*\/examples\/bulk 2\d\d$/.test(route))
          .reduce((sum, [, times]) => sum + times, 0);
      const pushed = harness.client.datasets.push({
        project,
        dataset: 'killed-there',
        backend: 'langsmith',
      });
      await until(() => pages() >= 2);
      for (const pid of own.pids) process.kill(pid, 'SIGKILL');
      expect(pages()).toBeLessThan(count / 100 - 1);
      expect((await pushed).platforms).toMatchObject([
        { platform: 'langsmith', phase: 'done', position: count, added: count, unchanged: 0 },
      ]);
      expect(pages()).toBeGreaterThanOrEqual(count / 100);
      expect(pages()).toBeLessThanOrEqual(count / 100 + 1);
      expect(langsmith.inspect.examples('killed-there')).toHaveLength(count);
    } finally {
      await langsmith.close();
    }
  });
});
