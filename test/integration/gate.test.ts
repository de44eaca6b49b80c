import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { SupervisedWorkers } from '../../src/workers/supervisor.js';
import { startHarness, type Harness } from '../support/harness.js';
import { configFile, datasetFiles, promptFiles } from '../support/project-files.js';
import { until } from '../support/until.js';
import { runCli } from '../../src/cli/run-cli.js';
import { recorded } from '../unit/cli/streams.js';

const project = 'gates';
const items = 90;

const config = (pattern = 'category'): string =>
  configFile({
    project,
    prelude: `
      const words = { invoice: 'billing', parcel: 'shipping', crashes: 'bug' };
      const good = ({ text }) => ({
        category: Object.entries(words).find(([word]) => text.includes(word))?.[1],
      });
      // Wrong on every fifth item.
      const worse = (input) => (/ \\(case \\d*[05]\\)/.test(input.text) ? { category: 'none' } : good(input));
      const slow = async (input) => {
        await new Promise((resolve) => setTimeout(resolve, 150));
        return good(input);
      };`,
    targets: `
      good: { kind: 'function', run: good, evaluators: ['category', 'form'] },
      worse: { kind: 'function', run: worse, evaluators: ['category', 'form'] },
      slow: { kind: 'function', run: slow, evaluators: ['category', 'form', 'time'] },`,
    evaluators: `form: { kind: 'regex', pattern: '${pattern}', expect: 'match', required: false },
      time: { kind: 'latency', required: false },`,
    // Ninety items that are all right on both sides leave room for a loss of three per cent.
    rest: 'gate: { margin: 0.05 },',
  });

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('a gate, as a pipeline uses it', () => {
  let harness: Harness;
  let workers: SupervisedWorkers;

  beforeAll(async () => {
    harness = await startHarness({
      project,
      files: {
        'assay.config.ts': config(),
        ...datasetFiles(items),
        ...datasetFiles(6, 'few'),
        ...promptFiles,
      },
    });
    workers = await harness.startWorkers();
  });
  afterAll(() => harness.stop());

  /** A command as users give it, but in this process: thirty of its own would take longer than all that they do. */
  const cli = (...args: string[]): Promise<Ended> => cliWith({}, ...args);
  const cliWith = async (
    variables: Readonly<Record<string, string>>,
    ...args: string[]
  ): Promise<Ended> => {
    const [out, err] = [recorded(), recorded()];
    const { folder: cwd } = harness;
    const environment = { ...harness.environment, ...variables };
    const from = { stdout: out.stream, stderr: err.stream, environment, cwd };
    const code = await runCli(from, ['--project', project, ...args]);
    return { code, stdout: out.text(), stderr: err.text() };
  };
  const gate = (target: string, ...args: string[]): Promise<Ended> =>
    cli('gate', 'run', '--dataset', 'items', '--target', target, ...args);
  const refused = async (args: readonly string[], exit: number, code: string): Promise<string> => {
    const { code: exitCode, stdout } = await cli(...args, '--json');
    expect({ exitCode, stdout }).toMatchObject({ exitCode: exit });
    expect(JSON.parse(stdout)).toMatchObject({ error: { code } });
    return stdout;
  };
  const verdictScores = async (name: string) => {
    const { runUid } = await harness.client.experiments.get({ project, name });
    const query = new URLSearchParams({
      fromStartTime: '2000-01-01T00:00:00.000Z',
      fields: 'core,scores',
      limit: '100',
    });
    const { data } = (await harness.platform.admin(
      'GET',
      `/api/public/experiments?${query.toString()}`,
    )) as { data: { name: string; scores: { name: string; value: unknown }[] }[] };
    expect(runUid).not.toBe('');
    const found = data.find((each) => each.name === name)?.scores ?? [];
    return found.filter((score) => score.name.startsWith('gate'));
  };

  it('needs a baseline first, and says how to get one', async () => {
    await refused(
      ['gate', 'run', '--dataset', 'items', '--target', 'good'],
      3,
      'BASELINE_NOT_FOUND',
    );
    const run = await harness.run({ name: 'main', target: 'good' });
    expect(run.status).toBe('completed');
    const saved = await cli('baseline', 'save', 'main', '--promote', '--json');
    expect(JSON.parse(saved.stdout)).toMatchObject({ outcome: 'saved', cells: items, version: 1 });
    const again = await cli('baseline', 'save', 'main', '--promote', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ outcome: 'unchanged', version: 1 });
    const { stdout } = await cli('baseline', 'list');
    expect(stdout).toMatch(/^main +items +yes +good +90 /m);
  });

  it('exits with 0 where nothing got worse, once for the same gate, and writes the verdict everywhere', async () => {
    const first = await gate('good', '--name', 'same', '--json');
    expect({ code: first.code, err: first.stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(first.stdout)).toMatchObject({
      verdict: 'pass',
      report: {
        base: { kind: 'baseline', name: 'main', cells: items },
        comparison: { items: { common: items } },
      },
    });
    const second = await gate('good', '--name', 'same', '--json');
    expect(JSON.parse(second.stdout)).toEqual(JSON.parse(first.stdout));
    const report = await harness.client.experiments.report({ project, name: 'same' }, 'markdown');
    expect(report).toContain('Gate: pass');
    await until(async () => {
      const { finishedAt } = await harness.client.gates.get({ project, name: 'same' });
      return finishedAt !== undefined;
    });
    const scores = await verdictScores('same');
    expect(scores.map(({ name, value }) => [name, value]).sort()).toEqual([
      ['gate', 'pass'],
      ['gate.category', 0],
      ['gate.form', 0],
    ]);
    const run = await harness.client.experiments.get({ project, name: 'same' });
    expect(run.verdicts).toMatchObject([{ name: 'same', verdict: 'pass' }]);
    const [langfuse] = run.publication;
    expect(langfuse).toMatchObject({ expectedRunScores: 5, verifiedRunScores: 5 });
    // Another request under the name of this one.
    const conflict = await refused(
      [
        'gate',
        'run',
        '--dataset',
        'items',
        '--target',
        'good',
        '--name',
        'same',
        '--margin',
        '0.1',
      ],
      4,
      'GATE_CONFLICT',
    );
    expect(JSON.parse(conflict)).toMatchObject({
      error: {
        problems: [{ at: 'settings.margin', message: 'recorded (absent), submitted 0.1' }],
      },
    });
  });

  it('exits with 10 where the target got worse, with a summary for the pull request', async () => {
    const { code, stdout } = await gate('worse', '--name', 'pr-7', '--markdown', 'out/gate.md');
    expect(code).toBe(10);
    expect(stdout).toMatch(/^regress: pr-7 against baseline main/);
    expect(stdout).toMatch(/category +regress +90 +100 % +80.0 % +−20 pp/);
    const markdown = await readFile(join(harness.folder, 'out', 'gate.md'), 'utf8');
    expect(markdown).toContain('## ❌ Gate: regress');
    const { stdout: listed } = await cli('gate', 'list');
    expect(listed).toMatch(/^pr-7 +regress +pr-7 +main /m);
  });

  it('exits with 11 where too few items tell nothing, or 0 where that was asked for', async () => {
    const args = ['--dataset', 'few', '--target', 'worse', '--base-target', 'good'];
    const { code, stdout } = await cli('gate', 'run', ...args, '--name', 'few', '--json');
    expect({ code, stdout }).toMatchObject({ code: 11 });
    const { report } = JSON.parse(stdout) as {
      report: { verdict: string; base: { kind: string; run: string } };
    };
    expect(report).toMatchObject({
      verdict: 'inconclusive',
      base: { kind: 'run', run: 'few-base' },
    });
    const lenient = await cli(
      'gate',
      'compare',
      'few',
      '--base',
      'few-base',
      '--inconclusive',
      'pass',
    );
    expect({ code: lenient.code, err: lenient.stderr }).toMatchObject({ code: 0 });
    expect(lenient.stdout).toMatch(/^inconclusive: /);
  });

  it('refuses what cannot be compared, with a code', async () => {
    const run = (...args: string[]): string[] => [
      ...['gate', 'run', '--dataset', 'items', '--target', 'good'],
      ...args,
    ];
    await refused(run('--baseline', 'nobody'), 3, 'BASELINE_NOT_FOUND');
    await refused(['baseline', 'promote', 'nobody'], 3, 'BASELINE_NOT_FOUND');
    await refused(
      ['gate', 'run', '--dataset', 'few', '--target', 'good', '--baseline', 'main'],
      4,
      'BASELINE_OTHER_DATASET',
    );
    const problems = await refused(
      run('--slice', '/metadata/nowhere', '--margin-of', 'nobody=0.1', '--base-target', 'nobody'),
      2,
      'GATE_INVALID',
    );
    for (const word of ['/metadata/nowhere', 'settings.evaluators.nobody', 'base.target']) {
      expect(problems).toContain(word);
    }
    await refused(run('--margin', '0'), 2, 'GATE_INVALID');
    await refused(run('--baseline', 'main', '--base', 'main'), 2, 'USAGE');
    await refused(['gate', 'compare', 'nobody', '--baseline', 'main'], 3, 'EXPERIMENT_NOT_FOUND');
  });

  it('runs nothing twice where its worker is killed midway', async () => {
    const started = gate('slow', '--name', 'killed', '--json');
    await until(async () => {
      const run = await harness.client.experiments
        .get({ project, name: 'killed' })
        .catch(() => undefined);
      return (run?.counts.ok ?? 0) > 10;
    });
    await refused(['gate', 'compare', 'killed', '--baseline', 'main'], 4, 'EXPERIMENT_RUNNING');
    for (const pid of workers.pids) process.kill(pid, 'SIGKILL');
    const { code, stdout } = await started;
    expect({ code, stdout }).toMatchObject({ code: 0 });
    const { runUid, counts } = await harness.client.experiments.get({ project, name: 'killed' });
    expect(counts).toMatchObject({ planned: items, ok: items });
    const rows = await harness.platform.spanRows(runUid);
    expect([...rows.values()].every((count) => count === 1)).toBe(true);
    // Milliseconds have no scale that a default margin could be a share of.
    await expect(
      harness.client.gates.start({
        project,
        name: 'timed',
        head: { kind: 'run', name: 'killed' },
        base: { kind: 'baseline', name: 'main' },
        settings: { evaluators: { time: { required: true } } },
      }),
    ).rejects.toMatchObject({
      code: 'GATE_INVALID',
      problems: [{ at: 'settings.evaluators.time.margin' }],
    });
  });

  it('is run by a schedule under the name of its time, whether that is now or was long ago', async () => {
    const create = ['schedule', 'create', 'nightly', '--dataset', 'items', '--target', 'good'];
    const problems = await refused(
      [...create, '--cron', '61 2 * *', '--timezone', 'Mars/Olympus'],
      2,
      'SCHEDULE_INVALID',
    );
    expect(problems).toContain('has 4 fields');
    expect(problems).toContain('is no time zone');
    await refused(['schedule', 'pause', 'nobody'], 3, 'SCHEDULE_NOT_FOUND');

    const when = ['--cron', '30 2 * * *', '--timezone', 'Europe/Berlin'];
    const named = ['--dataset', 'nothing', '--target', 'nobody', '--baseline', 'gone'];
    const unknown = await refused(
      ['schedule', 'create', 'nightly', ...named, '--evaluators', 'category,other', ...when],
      2,
      'SCHEDULE_INVALID',
    );
    for (const name of ['nobody', 'other', 'nothing', 'gone']) expect(unknown).toContain(name);
    const outcomes = [];
    for (let time = 0; time < 2; time += 1) {
      outcomes.push(JSON.parse((await cli(...create, ...when, '--json')).stdout));
    }
    expect(outcomes).toMatchObject([{ outcome: 'created' }, { outcome: 'updated' }]);
    const listed = JSON.parse((await cli('schedule', 'list', '--json')).stdout) as {
      schedules: { next: string[] }[];
    };
    expect(listed).toMatchObject({
      schedules: [
        { job: 'nightly', cron: '30 2 * * *', timezone: 'Europe/Berlin', catchupMs: 86_400_000 },
      ],
    });
    expect(listed.schedules[0]).not.toHaveProperty('last');
    // Half past two in Berlin, in winter or in summer.
    expect(listed.schedules[0]?.next[0]).toMatch(/T0[01]:30:00\.000Z$/);

    const nights = async (): Promise<readonly string[]> => {
      const gates = await harness.client.gates.list({ project });
      const decided = gates.filter(({ status }) => status === 'decided');
      return decided
        .map(({ name }) => name)
        .filter((name) => name.startsWith('nightly-'))
        .sort();
    };
    const range = ['--from', '2026-01-05T00:00:00Z', '--to', '2026-01-07T00:00:00Z'];
    const both = ['nightly-20260105-013000', 'nightly-20260106-013000'];
    const decided = async (): Promise<readonly (string | undefined)[]> =>
      Promise.all(
        both.map(async (name) => (await harness.client.gates.get({ project, name })).decidedAt),
      );
    const backfilled = async (starts: number): Promise<void> => {
      expect((await cli('schedule', 'backfill', 'nightly', ...range)).code).toBe(0);
      await until(async () => {
        const { recent } = await harness.client.schedules.get({ project, job: 'nightly' });
        return recent.length >= starts && (await nights()).length >= both.length;
      });
    };
    await backfilled(2);
    const first = await decided();
    // The same nights again: what was decided for them stands.
    await backfilled(4);
    expect(await nights()).toEqual(both);
    await until(async () => {
      const { last } = await harness.client.schedules.get({ project, job: 'nightly' });
      return last?.state === 'decided';
    });
    expect(await harness.client.schedules.get({ project, job: 'nightly' })).toMatchObject({
      last: {
        name: 'nightly-20260106-013000',
        scheduledFor: '2026-01-06T01:30:00.000Z',
        verdict: 'pass',
      },
    });
    expect((await cli('schedule', 'list')).stdout).toContain('2026-01-06 01:30:00 pass');
    // Temporal knows it by itself, for as long as it keeps the execution.
    const away = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
    expect((await cliWith(away, 'schedule', 'list')).stdout).toContain('2026-01-06 01:30:00 pass');
    expect(await decided()).toEqual(first);
    const runs = await harness.client.experiments.list({ project, limit: 100 });
    const nightly = runs.experiments.filter(({ name }) => name.startsWith('nightly-'));
    expect(nightly.map(({ name }) => name).sort()).toEqual(both);
    expect(nightly.every(({ passes }) => passes.length === 0)).toBe(true);

    expect((await cli('schedule', 'pause', 'nightly', '--reason', 'holidays')).code).toBe(0);
    expect((await cli('schedule', 'list')).stdout).toContain('paused: holidays');
    expect((await cli('schedule', 'trigger', 'nightly')).code).toBe(0);
    await until(async () => (await nights()).length === 3);
    expect((await cli('schedule', 'delete', 'nightly')).code).toBe(0);
    await refused(['schedule', 'trigger', 'nightly'], 3, 'SCHEDULE_NOT_FOUND');
  });

  it('calls a baseline stale where judges or items changed, and renews it from its stored outputs', async () => {
    await workers.stop();
    await writeFile(join(harness.folder, 'assay.config.ts'), config('[a-z]+'));
    workers = await harness.startWorkers();
    const refusal = await refused(
      ['gate', 'run', '--dataset', 'items', '--target', 'good', '--name', 'late'],
      4,
      'BASELINE_STALE',
    );
    expect(refusal).toContain('evaluators.form');
    expect((await cli('baseline', 'show', 'main')).stdout).toContain('its options changed');
    const renewed = await cli('baseline', 'rejudge', 'main', '--json');
    expect(JSON.parse(renewed.stdout)).toMatchObject({ outcome: 'renewed', version: 2 });
    expect((await cli('baseline', 'show', 'main')).stdout).not.toContain('Stale');
    const { code, stderr } = await gate('good', '--name', 'late');
    expect({ code, stderr }).toMatchObject({ code: 0 });

    // One item changed, one more: the others are compared where that is asked for.
    const file = join(harness.folder, 'datasets', 'items', 'test_cases.json');
    const cases = JSON.parse(await readFile(file, 'utf8')) as { id: string; inputs: object }[];
    const changed = cases.map((each) =>
      each.id === 'T-3' ? { ...each, inputs: { text: 'It crashes every day' } } : each,
    );
    await writeFile(
      file,
      JSON.stringify([...changed, { id: 'T-new', inputs: { text: 'parcel' } }]),
    );
    await refused(['gate', 'run', '--dataset', 'items', '--target', 'good'], 4, 'BASELINE_STALE');
    const compared = await gate('good', '--stale', 'compare', '--json');
    expect(JSON.parse(compared.stdout)).toMatchObject({
      verdict: 'pass',
      report: {
        stale: [{ at: 'dataset' }],
        changedItems: { n: 1, ids: ['T-3'] },
        comparison: { items: { common: items - 1, new: { n: 1, ids: ['T-new'] } } },
      },
    });

    // Nothing that both know: no verdict, and why.
    const others = cases.map((each) => ({ ...each, id: `other-${each.id}` }));
    await writeFile(file, JSON.stringify(others));
    await writeFile(join(harness.folder, 'datasets', 'items', 'expected.json'), '{}');
    const apart = await gate('good', '--stale', 'compare', '--json');
    expect(apart.code).toBe(11);
    expect(JSON.parse(apart.stdout)).toMatchObject({
      verdict: 'inconclusive',
      report: { comparison: { items: { common: 0, new: { n: items }, missing: { n: items } } } },
    });
  });
});
