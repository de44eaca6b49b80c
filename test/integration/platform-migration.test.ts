import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import type { MoveReport } from '../../src/client/platform-migrations.js';
import type { MovedKind } from '../../src/contracts/platform-migration.js';
import { catalogueEntry } from '../../src/core/errors/catalogue.js';
import { platformMigrationWorkflowId } from '../../src/core/experiment/naming.js';
import type { SupervisedWorkers } from '../../src/workers/supervisor.js';
import { startHarness, type Harness } from '../support/harness.js';
import { startLangsmith, type LangsmithServer } from '../support/langsmith/server.js';
import { configFile, promptFiles } from '../support/project-files.js';
import { until } from '../support/until.js';
import { fillWorkspace } from '../contract/moves/workspace.js';
import { assay, CliProcess, type Ended } from './cli-process.js';

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
  await fillWorkspace(langsmith, { examples, live });
});
afterAll(async () => {
  await harness.stop();
  await langsmith.close();
});

const startWorkers = (apiKey: string) =>
  harness.startWorkers({
    variables: { LANGSMITH_API_KEY: apiKey, LANGSMITH_ENDPOINT: langsmith.url },
  });

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
  });

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
    });
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
  });

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
  });

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
  });
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
  });
});

describe('the commands of a move', () => {
  const name = 'by-hand';
  const place = () => ({
    folder: harness.folder,
    environment: {
      ASSAY_PROJECT: project,
      DATABASE_URL: harness.databaseUrl,
      TEMPORAL_ADDRESS: harness.temporal.address,
    },
  });
  const migrate = (...args: string[]): Promise<Ended> => assay(['migrate', ...args], place());
  const follow = (...args: string[]): CliProcess => {
    const words = ['migrate', 'langsmith-to-langfuse', '--only', 'datasets', '--name', name];
    return new CliProcess([...words, ...args], place());
  };

  afterEach(() => {
    langsmith.faults.clear();
  });

  it('leave a move that Ctrl-C stops the watching of to itself, say how to see it, and end it with `cancel`', async () => {
    langsmith.faults.order({ kind: 'down', seconds: 600 });
    const watched = follow();
    await watched.until(({ stderr }) => stderr.includes('running: '));
    const left = await watched.stop('SIGINT');
    expect(left).toMatchObject({ code: 130, stdout: '' });
    expect(left.stderr).toContain('Detached: the move goes on by itself.');
    expect(left.stderr).toContain(`assay migrate status ${name}`);
    expect(left.stderr).toContain(`assay migrate cancel ${name}`);

    const forMachines = follow('--json');
    await forMachines.until(({ stderr }) => stderr.includes('running: '));
    const { code, stdout } = await forMachines.stop('SIGTERM');
    expect(code).toBe(143);
    expect(JSON.parse(stdout)).toEqual({ event: 'detached', project, name });

    const status = await migrate('status', name);
    expect(status).toMatchObject({ code: 0 });
    expect(status.stdout).toMatch(/^running: /);

    const cancelled = await migrate('cancel', name);
    expect(cancelled).toMatchObject({ code: 0, stderr: '' });
    expect(cancelled.stdout).toBe(
      `${name}: cancelled: nothing was found\nWhat was written stays. The same command goes on with it.\n`,
    );
    const again = await migrate('cancel', name, '--json');
    expect(again.code).toBe(catalogueEntry('MIGRATION_ENDED').exit);
    expect(JSON.parse(again.stdout)).toMatchObject({ error: { code: 'MIGRATION_ENDED' } });
    expect(await migrate('cancel', 'nobodys')).toMatchObject({
      code: catalogueEntry('MIGRATION_NOT_FOUND').exit,
    });
  });

  it('tell of a move whose workflow was terminated that it has ended, to those who watch and later', async () => {
    langsmith.faults.order({ kind: 'down', seconds: 600 });
    const ended = 'terminated';
    const move = { project, direction: 'langsmith-to-langfuse', name: ended } as const;
    let shown = 0;
    const watched = harness.client.migrations.run(move, { onProgress: () => (shown += 1) });
    watched.catch(() => undefined);
    await until(() => shown > 0);
    const connection = await Connection.connect({ address: harness.temporal.address });
    try {
      const { workflow } = new Client({ connection });
      await workflow.getHandle(platformMigrationWorkflowId(project, ended)).terminate();
    } finally {
      await connection.close();
    }
    await expect(watched).rejects.toMatchObject({ code: 'MIGRATION_CANCELLED' });
    const report = await harness.client.migrations.report(move);
    expect(report).toMatchObject({
      status: 'cancelled',
      error: { code: 'MIGRATION_CANCELLED', message: expect.stringContaining('terminated') },
    });
    expect(report).not.toHaveProperty('waiting');
    expect(await harness.client.migrations.list(project)).toContainEqual(
      expect.objectContaining({ name: ended, status: 'cancelled' }),
    );
    await expect(harness.client.migrations.cancel(move)).rejects.toMatchObject({
      code: 'MIGRATION_ENDED',
    });
    expect((await migrate('status', ended)).stdout).toMatch(/^cancelled: /);
    // The same request goes on with it.
    langsmith.faults.clear();
    const again = await harness.client.migrations.run({ ...move, dryRun: false });
    expect(again.status).toBe('verified');
  });

  it('list all moves, the newest first, as a table and as JSON of a fixed shape', async () => {
    for (const name of ['listed-first', 'listed-last']) {
      const look = { project, direction: 'langsmith-to-langfuse', dryRun: true } as const;
      await harness.client.migrations.run({ ...look, name, only: ['datasets'] });
    }
    const known = await harness.client.migrations.list(project);
    expect(known.slice(0, 2)).toMatchObject([
      { name: 'listed-last', status: 'planned' },
      { name: 'listed-first', status: 'planned' },
    ]);
    const { stdout } = await migrate('list', '--json');
    expect(JSON.parse(stdout)).toEqual({
      moves: known.map(({ name, direction, status, createdAt, updatedAt }) => ({
        ...{ name, direction, status, createdAt, updatedAt },
      })),
    });
    const table = (await migrate('list')).stdout.trimEnd().split('\n');
    expect(table[0]).toMatch(/^move +direction +status +began$/);
    const rows = table.slice(-known.length);
    for (const [at, { name, direction, status, createdAt }] of known.entries()) {
      expect(rows[at]?.trim().split(/ +/)).toEqual([name, direction, status, createdAt]);
    }
  });
});
