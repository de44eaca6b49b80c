import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Client as LangsmithClient } from 'langsmith';

import type { MoveReport } from '../../src/client/platform-migrations.js';
import type { MovedKind } from '../../src/contracts/platform-migration.js';
import type { SupervisedWorkers } from '../../src/workers/supervisor.js';
import { startHarness, type Harness } from '../support/harness.js';
import { startLangsmith, type LangsmithServer } from '../support/langsmith/server.js';
import { configFile, promptFiles } from '../support/project-files.js';
import { until } from '../support/until.js';
import { ask, childRun, clientOf, rootRun } from '../contract/langsmith-server-support.js';

const project = 'moves';
const examples = 120;
const live = 130;

let langsmith: LangsmithServer;
let harness: Harness;
let workers: SupervisedWorkers;

beforeAll(async () => {
  langsmith = await startLangsmith({ otherKey: 'lsv2_pt_other' });
  harness = await startHarness({
    project,
    files: {
      ...promptFiles,
      'assay.config.ts': configFile({
        project,
        rest: `platform: { visibilityDeadlineMs: 500 },`,
      }),
    },
  });
  workers = await startWorkers(langsmith.apiKey);
  await fill(clientOf(langsmith));
}, 60_000);
afterAll(async () => {
  await harness.stop();
  await langsmith.close();
});

const startWorkers = (apiKey: string) =>
  harness.startWorkers({
    variables: { LANGSMITH_API_KEY: apiKey, LANGSMITH_ENDPOINT: langsmith.url },
  });

const constructor = (id: readonly string[], kwargs: object) => ({
  lc: 1,
  type: 'constructor',
  id: ['langchain', 'prompts', ...id],
  kwargs,
});
const template = (text: string, format: string) =>
  constructor(['prompt', 'PromptTemplate'], {
    input_variables: ['name'],
    template: text,
    template_format: format,
  });

/** A workspace as a team leaves it: a dataset with splits, a prompt with a history, an experiment with feedback, live traffic. */
async function fill(client: LangsmithClient): Promise<void> {
  const dataset = await client.createDataset('capitals', {
    description: 'What people ask.',
    metadata: { owner: 'geo' },
  });
  const made = await client.createExamples(
    Array.from({ length: examples }, (_, index) => ({
      dataset_id: dataset.id,
      inputs: { question: `capital ${index}` },
      outputs: { answer: `city ${index}` },
      metadata: { level: index },
      split: index % 2 === 0 ? 'train' : ['test', 'hard'],
    })),
  );

  await client.createPrompt('greeter', { tags: ['support'] });
  const first = await client.createCommit('greeter', template('Hello {name}', 'f-string'));
  await client.createCommit('greeter', template('Good day {{name}}', 'mustache'));
  await client.createCommit('greeter', template('{% if name %}Hi{% endif %}', 'jinja2'));
  expect(first).toContain('greeter');
  const repo = langsmith.inspect.repos.find(({ handle }) => handle === 'greeter');
  const oldest = repo?.commits[0];
  const tagged = await ask(langsmith, 'POST /api/v1/repos/-/greeter/tags', {
    body: { tag_name: 'production', commit_id: oldest?.id },
  });
  expect(tagged.status).toBeLessThan(300);

  const experiment = await client.createProject({
    projectName: 'baseline',
    referenceDatasetId: dataset.id,
    metadata: { model: 'demo-small' },
  });
  const start = Date.parse('2026-03-01T12:00:00.000Z');
  const answers = made.map((example, index) =>
    rootRun({
      session_id: experiment.id,
      session_name: 'baseline',
      reference_example_id: example.id,
      start_time: start + index,
      end_time: start + index + 500,
      outputs: { answer: `city ${index}` },
    }),
  );
  const roots = Array.from({ length: live }, (_, index) =>
    rootRun({
      session_name: 'live',
      start_time: start + index * 10,
      end_time: start + index * 10 + 1_500,
    }),
  );
  const children = roots.map((root) => childRun(root, { session_name: 'live' }));
  await client.batchIngestRuns({ runCreates: [...answers, ...roots, ...children] as never });
  const { id: liveId } = await client.readProject({ projectName: 'live' });
  for (const feedback of [
    { run: answers[0], sessionId: experiment.id, key: 'correct', score: 1, comment: 'yes' },
    { run: answers[1], sessionId: experiment.id, key: 'correct', score: 0 },
    { run: roots[0], sessionId: liveId, key: 'tone', value: 'warm' },
    { run: roots[1], sessionId: liveId, key: 'note', comment: 'only words' },
  ]) {
    const { run, ...rest } = feedback;
    await client.createFeedback({ ...rest, runId: run?.id ?? '' });
  }
}

const figuresOf = (report: MoveReport, kind: MovedKind) =>
  report.kinds.find((each) => each.kind === kind);

/** Requests of the dev server that write. */
async function writes(): Promise<number> {
  const { requests } = (await harness.platform.admin('GET', '/dev/stats')) as {
    readonly requests: Readonly<Record<string, number>>;
  };
  return Object.entries(requests)
    .filter(([route]) => /^(?:POST|PATCH|PUT|DELETE) \/api\/public/.test(route))
    .reduce((sum, [, count]) => sum + count, 0);
}

async function rows(): Promise<readonly string[]> {
  const found: string[] = [];
  for (let cursor: string | undefined; ;) {
    const query = new URLSearchParams({
      limit: '1000',
      ...(cursor === undefined ? {} : { cursor }),
    });
    const page = (await harness.platform.admin(
      'GET',
      `/api/public/v2/observations?${query.toString()}`,
    )) as {
      readonly data: readonly { readonly id: string; readonly traceId: string }[];
      readonly meta: { readonly cursor?: string };
    };
    found.push(...page.data.map(({ traceId, id }) => `${traceId}/${id}`));
    ({ cursor } = page.meta);
    if (cursor === undefined) return found;
  }
}

describe('a move from LangSmith to Langfuse', () => {
  const move = { project, direction: 'langsmith-to-langfuse' } as const;

  it('is told before it is made, and a dry run writes nothing', async () => {
    const before = await writes();
    const report = await harness.client.migrations.run({ ...move, name: 'look', dryRun: true });
    expect(report.status).toBe('planned');
    expect(figuresOf(report, 'dataset')).toMatchObject({ found: 1, written: 0 });
    expect(figuresOf(report, 'item')).toMatchObject({ found: examples, written: 0 });
    expect(figuresOf(report, 'prompt_version')).toMatchObject({
      found: 3,
      left: [{ count: 1 }],
    });
    expect(figuresOf(report, 'experiment')).toMatchObject({ found: 1 });
    expect(await writes()).toBe(before);
  }, 60_000);

  it('brings all of it once, through a lost answer and a killed worker, and proves it', async () => {
    await harness.platform.admin('POST', '/dev/faults', {
      kind: 'commit_then_drop',
      next: 1,
      pathPrefix: '/api/public/otel/v1/traces',
    });
    const running = harness.client.migrations.run({ ...move, name: 'all' });
    running.catch(() => undefined);
    await until(async () => {
      const report = await harness.client.migrations
        .report({ project, name: 'all' })
        .catch(() => undefined);
      return (report === undefined ? 0 : (figuresOf(report, 'item')?.written ?? 0)) > 0;
    }, 30_000);
    for (const pid of workers.pids) process.kill(pid, 'SIGKILL');
    const report = await running;

    expect(report).toMatchObject({ status: 'verified' });
    expect(figuresOf(report, 'dataset')).toMatchObject({ found: 1, written: 1, verified: 1 });
    expect(figuresOf(report, 'item')).toMatchObject({
      found: examples,
      written: examples,
      verified: examples,
      left: [],
    });
    expect(figuresOf(report, 'prompt_version')).toMatchObject({
      found: 3,
      written: 2,
      verified: 2,
      left: [{ count: 1 }],
    });
    expect(figuresOf(report, 'prompt_label')).toMatchObject({ found: 1, verified: 1 });
    expect(figuresOf(report, 'trace')).toMatchObject({
      found: examples + live,
      written: examples + live,
      verified: examples + live,
    });
    expect(figuresOf(report, 'score')).toMatchObject({
      found: 4,
      written: 3,
      verified: 3,
      left: [{ reason: 'it holds a comment or correction and no value', count: 1 }],
    });
    const all = await rows();
    expect(all).toHaveLength(examples + 2 * live);
    expect(new Set(all).size).toBe(all.length);
    const runs = (await harness.platform.admin(
      'GET',
      '/api/public/experiments?fromStartTime=2026-01-01T00:00:00Z&fields=core,metadata',
    )) as { readonly data: readonly unknown[] };
    expect(runs.data).toMatchObject([
      { name: 'baseline', metadata: { 'assay.moved_from': 'langsmith' } },
    ]);
  }, 90_000);

  it('writes nothing where it is made again, under its own name or another', async () => {
    const before = await writes();
    const again = await harness.client.migrations.run({ ...move, name: 'all' });
    expect(again.status).toBe('verified');
    const other = await harness.client.migrations.run({ ...move, name: 'once-more' });
    expect(other.status).toBe('verified');
    expect(figuresOf(other, 'trace')).toMatchObject({ written: 0, stood: examples + live });
    expect(figuresOf(other, 'item')).toMatchObject({ written: 0, stood: examples });
    expect(figuresOf(other, 'score')).toMatchObject({ written: 0, stood: 3 });
    expect(await writes()).toBe(before);
    await expect(
      harness.client.migrations.run({ ...move, name: 'all', only: ['datasets'] }),
    ).rejects.toMatchObject({ code: 'MIGRATION_EXISTS' });
    await expect(
      harness.client.migrations.run({ ...move, name: 'typo', datasets: ['capitols'] }),
    ).resolves.toMatchObject({ status: 'failed', error: { code: 'MIGRATION_SOURCE_MISSING' } });
  }, 60_000);

  it('leaves what stands there with another content, unless it may be overwritten', async () => {
    const named = { ...move, only: [...(['datasets'] as const)] };
    const page = (await harness.platform.admin(
      'GET',
      '/api/public/dataset-items?datasetName=capitals&limit=1',
    )) as { readonly data: readonly Readonly<Record<string, unknown>>[] };
    const [item] = page.data;
    await harness.platform.admin('POST', '/api/public/dataset-items', {
      datasetName: 'capitals',
      id: item?.['id'],
      input: { question: 'changed by hand' },
      expectedOutput: item?.['expectedOutput'],
      metadata: item?.['metadata'],
    });
    const before = await writes();
    const kept = await harness.client.migrations.run({ ...named, name: 'kept' });
    expect(kept.status).toBe('verified');
    expect(figuresOf(kept, 'item')).toMatchObject({
      written: 0,
      stood: examples - 1,
      left: [{ reason: 'stands there with other inputs', count: 1 }],
    });
    expect(await writes()).toBe(before);
    const forced = await harness.client.migrations.run({
      ...named,
      name: 'forced',
      onConflict: 'overwrite',
    });
    expect(figuresOf(forced, 'item')).toMatchObject({ written: 1, verified: examples, left: [] });
  }, 60_000);
});

describe('a move from Langfuse to LangSmith', () => {
  const move = { project, direction: 'langfuse-to-langsmith' } as const;

  it('brings datasets and prompts, and knows again what came from there', async () => {
    const admin = (path: string, body: object): Promise<unknown> =>
      harness.platform.admin('POST', path, body);
    await admin('/api/public/v2/datasets', { name: 'rivers', description: 'Long ones.' });
    for (const n of [1, 2, 3]) {
      await admin('/api/public/dataset-items', {
        datasetName: 'rivers',
        id: `river-${n}`,
        input: { question: `river ${n}` },
        expectedOutput: `sea ${n}`,
        metadata: { split: 'train' },
      });
    }
    for (const text of ['Name {{river}}', 'Which is {{river}}?']) {
      await admin('/api/public/v2/prompts', {
        name: 'rivers',
        type: 'text',
        prompt: text,
        labels: text.startsWith('Name') ? ['production'] : [],
      });
    }
    const known = langsmith.inspect.examples('capitals').length;
    const report = await harness.client.migrations.run({ ...move, name: 'back' });
    expect(report.error).toBeUndefined();
    expect(report.status).toBe('verified');
    expect(figuresOf(report, 'item')).toMatchObject({ written: 3, stood: examples, left: [] });
    expect(figuresOf(report, 'prompt_version')).toMatchObject({ found: 4, verified: 4 });
    expect(langsmith.inspect.examples('rivers')).toHaveLength(3);
    // They came from there: nothing of them is new.
    expect(langsmith.inspect.examples('capitals')).toHaveLength(known);
    const repo = langsmith.inspect.repos.find(({ handle }) => handle === 'rivers');
    expect(repo?.commits).toHaveLength(2);
    expect(repo?.commitTags.get('production')?.commit).toBe(repo?.commits[0]);
  }, 60_000);
});
