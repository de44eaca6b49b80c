import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { reportSchema } from '../../src/contracts/report/report.js';
import {
  assay,
  CliProcess,
  cliProject,
  jsonLines,
  startDev,
  type DevStack,
} from './cli-process.js';

/** One stack and one finished run for the file; whatever else a test needs, it starts itself under its own name. */
let project: Awaited<ReturnType<typeof cliProject>>;
let dev: DevStack;
const cli = (...args: string[]) => assay(args, { folder: project.path });
const run = (name: string, ...args: string[]) =>
  cli('experiment', 'run', '--dataset', 'words', '--target', 'shout', '--name', name, ...args);

beforeAll(async () => {
  project = await cliProject();
  dev = await startDev(project.path);
  const first = await run('finished');
  if (first.code !== 0) throw new Error(first.stderr);
}, 180_000);

afterAll(async () => {
  await dev.process.stop();
  await project.remove();
});

/** Every secret of the stack: keys and the database's password. */
function secrets(): readonly string[] {
  const state = JSON.parse(readFileSync(join(project.path, '.assay', 'stack.json'), 'utf8')) as {
    keys: { langfuseSecretKey: string; modelApiKey: string };
    running: { services: { postgres: { url: string } } };
  };
  const password = new URL(state.running.services.postgres.url).password;
  return [state.keys.langfuseSecretKey, state.keys.modelApiKey, password].filter(
    (secret) => secret !== '',
  );
}

describe('assay dev', () => {
  it('says in one line where everything is, and no secret', () => {
    expect(dev.ready).toMatchObject({ project: 'cli-project', workers: 1 });
    expect(Object.keys(dev.ready.services).sort()).toEqual([
      'langfuse',
      'model',
      'postgres',
      'temporal',
    ]);
    for (const secret of secrets()) {
      expect(dev.process.stdout + dev.process.stderr).not.toContain(secret);
    }
  });

  it('is refused with 4 where it runs already', async () => {
    const second = await cli('dev');
    expect(second.code).toBe(4);
    expect(second.stderr).toContain('(STACK_RUNNING)');
  });
});

describe('assay experiment run', () => {
  it('runs to the end, prints a summary and writes the files', async () => {
    const { code, stdout, stderr } = await run('whole');
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toContain('Cells ok    2 of 3');
    expect(stdout).toContain('50.0 % (1 of 2)');
    expect(stdout).toContain(join('results', 'whole', 'report.md'));
    expect(stdout).toContain('assay trace show');
    expect(stderr).toContain('completed: 3 of 3 cells');
    expect(stdout + stderr).not.toContain('\u001b');
    const folder = join(project.path, 'results', 'whole');
    expect(readdirSync(folder).sort()).toEqual([
      'junit.xml',
      'report.html',
      'report.json',
      'report.md',
      'results.csv',
      'results.jsonl',
    ]);
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
    expect(read('junit.xml')).toContain('tests="3" failures="1" errors="1"');
    expect(jsonLines(read('results.jsonl')).map((cell) => cell['status'])).toEqual([
      'ok',
      'ok',
      'target_error',
    ]);
    // A spreadsheet would run it.
    expect(read('results.csv')).toMatch(/^'=throws,/m);
    // Of a real run, by the published schema, with nothing in it that the schema does not name.
    const model: unknown = JSON.parse(read('report.json'));
    expect(reportSchema.parse(model)).toEqual(model);
    expect(read('report.html')).toMatch(/^<!doctype html>[^]*<h1[^>]*>\s*whole\s*<\/h1/);
  });

  it('attaches to the same run, and fails on cell errors only when told to', async () => {
    const again = await run('finished', '--fail-on-errors');
    expect(again.code).toBe(6);
    expect(again.stderr).toContain('attached');
    expect(again.stderr).toContain('(EXPERIMENT_HAS_ERRORS)');
    expect(again.stderr).toContain('1 of 3');
  });

  it('refuses another content under the same name with 4 and what differs', async () => {
    const other = await run('finished', '--repetitions', '2');
    expect(other.code).toBe(4);
    expect(other.stderr).toContain('(EXPERIMENT_CONFLICT)');
    expect(other.stderr).toContain('repetitions');
  });

  it('gives a name where none is given', async () => {
    const { code, stdout } = await cli(
      ...['experiment', 'run', '--dataset', 'words', '--target', 'shout', '--detach', '--json'],
    );
    expect(code).toBe(0);
    expect(jsonLines(stdout)[0]).toMatchObject({
      event: 'started',
      outcome: 'started',
      name: expect.stringMatching(/^shout-words-\d{8}-\d{6}-[0-9a-f]{4}$/),
    });
  });

  it('is lines of JSON from the start to the end with --json', async () => {
    const { code, stdout, stderr } = await run('machine', '--json', '--out', 'elsewhere');
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    expect(lines[0]).toMatchObject({ event: 'started', name: 'machine' });
    expect(lines.at(-1)).toMatchObject({
      event: 'ended',
      experiment: { status: 'completed', counts: { planned: 3, ok: 2, target_error: 1 } },
      folder: join(project.path, 'elsewhere'),
    });
    expect(lines.slice(1, -1).every(({ event }) => event === 'progress')).toBe(true);
    expect(existsSync(join(project.path, 'elsewhere', 'report.md'))).toBe(true);
    expect(stderr).toBe('');
  });

  it.each([
    [['--dataset', 'words', '--target', 'missing'], 3, 'TARGET_NOT_FOUND'],
    [['--dataset', 'missing', '--target', 'shout'], 3, 'DATASET_NOT_FOUND'],
    [['--dataset', 'words', '--target', 'shout', '--name', 'a/b'], 2, 'NAME_INVALID'],
    [['--dataset', 'words', '--target', 'shout', '--concurrency', '5000'], 2, 'SPEC_INVALID'],
  ])('that cannot be done says why: %j', async (args, exit, code) => {
    const ended = await cli('experiment', 'run', ...args, '--json');
    expect(ended.code).toBe(exit);
    expect(jsonLines(ended.stdout).at(-1)).toMatchObject({ error: { code } });
  });
});

describe('Ctrl-C', () => {
  it('leaves the run alone: it can be watched again, cancelled and read', async () => {
    const slow = ['--dataset', 'many', '--target', 'slow', '--name', 'long', '--concurrency', '1'];
    const started = new CliProcess(['experiment', 'run', ...slow], { folder: project.path });
    await started.until(({ stderr }) => stderr.includes('running: '));
    const left = await started.stop('SIGINT');
    expect(left.code).toBe(130);
    expect(left.stderr).toContain('the run goes on by itself');
    expect(left.stderr).toContain('assay experiment watch long');

    const { stdout } = await cli('experiment', 'status', 'long', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ status: 'running' });

    const cancelled = await cli('experiment', 'cancel', 'long');
    expect(cancelled.code).toBe(0);
    const watched = await cli('experiment', 'watch', 'long');
    expect(watched.code).toBe(6);
    expect(watched.stderr).toContain('(EXPERIMENT_CANCELLED)');
    expect(existsSync(join(project.path, 'results', 'long', 'report.md'))).toBe(true);
    const again = await cli('experiment', 'cancel', 'long');
    expect(again.code).toBe(4);
    expect(again.stderr).toContain('(EXPERIMENT_FINISHED)');
  });
});

describe('looking at runs', () => {
  it('prints status, list and results for people', async () => {
    const [status, list, results] = await Promise.all([
      cli('experiment', 'status', 'finished'),
      cli('experiment', 'list', '--status', 'completed'),
      cli('experiment', 'results', 'finished', '--status', 'target_error'),
    ]);
    expect(status.stdout).toContain('completed: 3 of 3 cells');
    expect(list.stdout).toMatch(/^finished\s+completed\s+shout\s+words\s+3\/3\s+1 /m);
    expect(results.stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(results.stdout).toContain('TARGET_FAILED: ');
    // What the target threw: neither its colours nor its CI command is obeyed.
    expect(results.stdout).toContain('␛[31m');
  });

  it('prints results as JSON Lines and CSV', async () => {
    const [jsonl, csv] = await Promise.all([
      cli('experiment', 'results', 'finished', '--format', 'jsonl'),
      cli('experiment', 'results', 'finished', '--format', 'csv'),
    ]);
    expect(jsonLines(jsonl.stdout).map(({ itemId }) => itemId)).toEqual([
      'good',
      'wrong',
      '=throws',
    ]);
    expect(csv.stdout.split('\r\n')[0]).toContain('score:same,passed:same');
  });

  it('prints the report in each form, and writes the one that is asked for', async () => {
    const print = (format: string) => cli('experiment', 'report', 'finished', '--format', format);
    const [markdown, json, junit, csv] = await Promise.all(
      ['markdown', 'json', 'junit', 'csv'].map(print),
    );
    expect(markdown?.stdout).toMatch(/^# Experiment `finished`/);
    expect(JSON.parse(json?.stdout ?? '')).toMatchObject({ format: 'assay-report' });
    expect(junit?.stdout).toMatch(/^<\?xml[^]*<\/testsuites>\n$/);
    expect(csv?.stdout).toMatch(/^item_id,/);
    const written = await cli(
      ...['experiment', 'report', 'finished', '--format', 'junit', '--out', 'ci'],
    );
    expect(written.stdout).toBe(`${join('ci', 'junit.xml')}\n`);
    expect(readFileSync(join(project.path, 'ci', 'junit.xml'), 'utf8')).toBe(junit?.stdout);
    expect(readdirSync(join(project.path, 'ci'))).toEqual(['junit.xml']);
  });

  it.each([
    [['experiment', 'status', 'nobody']],
    [['experiment', 'watch', 'nobody']],
    [['experiment', 'cancel', 'nobody']],
    [['experiment', 'results', 'nobody']],
    [['experiment', 'report', 'nobody']],
  ])('exits with 3 for what is not there: %j', async (args) => {
    const { code, stderr } = await cli(...args);
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toContain('(EXPERIMENT_NOT_FOUND)');
  });

  it('ends quietly when the reader goes away', async () => {
    const reading = new CliProcess(['experiment', 'results', 'finished', '--format', 'jsonl'], {
      folder: project.path,
    });
    reading.child.stdout?.destroy();
    const { code, stderr } = await reading.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('shows a trace with its tree and its scores', async () => {
    const { stdout } = await cli('experiment', 'results', 'finished', '--format', 'jsonl');
    const [cell] = jsonLines(stdout);
    const shown = await cli('trace', 'show', String(cell?.['traceId']), '--io');
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain('SPAN shout');
    expect(shown.stdout).toContain('same true BOOLEAN');
    expect(shown.stdout).toContain('"word":"good"');
    const missing = await cli('trace', 'show', 'f'.repeat(32));
    expect(missing.code).toBe(3);
    expect(missing.stderr).toContain('(TRACE_NOT_FOUND)');
  });
});

describe('code of the config', () => {
  it('is executed by none of the commands that only start or look', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-trap-'));
    try {
      writeFileSync(
        join(folder, 'assay.config.ts'),
        `import { writeFileSync } from 'node:fs';\nwriteFileSync('executed', '');\nexport default {};\n`,
      );
      mkdirSync(join(folder, '.assay'));
      writeFileSync(join(folder, '.assay', 'settings.json'), '{"project":"cli-project"}');
      const state = readFileSync(join(project.path, '.assay', 'stack.json'), 'utf8');
      const { running } = JSON.parse(state) as { running: { environment: Record<string, string> } };
      const options = { folder, environment: running.environment };
      for (const [exit, ...args] of [
        [0, 'experiment', 'status', 'finished'],
        [0, 'experiment', 'list'],
        [0, 'experiment', 'results', 'finished'],
        [0, 'experiment', 'report', 'finished'],
        [4, 'experiment', 'cancel', 'finished'],
        [0, 'experiment', 'watch', 'finished'],
        [0, 'experiment', 'run', '--dataset', 'words', '--target', 'shout', '--detach'],
      ] as const) {
        const { code, stderr } = await assay(args, options);
        expect({ args, code, stderr }).toMatchObject({ code: exit });
      }
      expect(readdirSync(folder).sort()).toEqual(['.assay', 'assay.config.ts', 'results']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('assay doctor', () => {
  it('finds everything well, with versions and sizes, and shows no secret', async () => {
    const { code, stdout } = await cli('doctor', '--json');
    const document = JSON.parse(stdout) as { checks: { name: string; state: string }[] };
    // This project traces nothing of its own.
    expect(document.checks.filter(({ state }) => state !== 'ok').map(({ name }) => name)).toEqual([
      'Tracing',
    ]);
    expect(document.checks.map(({ name }) => name)).toEqual([
      'Node',
      'Config',
      'Temporal',
      'Workers',
      'Postgres',
      'Langfuse',
      'Model demo',
      'Tracing',
      'Disk',
      'Stack',
    ]);
    expect(code).toBe(0);
    for (const secret of secrets()) expect(stdout).not.toContain(secret);
    const text = await cli('doctor');
    expect(text.stdout).toMatch(/✔ Postgres .*version \d+.*schema \d{4}_/);
    expect(text.stdout).toMatch(/experiment_cells: \d+ rows/);
  });
});

describe('assay worker', () => {
  it('says that it is ready and ends in order on SIGTERM', async () => {
    const worker = new CliProcess(['worker', '--json', '--roles', 'cells'], {
      folder: project.path,
    });
    await worker.until(({ stdout }) => stdout.includes('\n'));
    expect(JSON.parse(worker.stdout)).toEqual({ ready: true, project: 'cli-project', count: 1 });
    expect((await worker.stop('SIGTERM')).code).toBe(0);
  });
});

describe('assay db migrate', () => {
  it('finds nothing to do where the schema is up to date', async () => {
    expect(await cli('db', 'migrate', '--json')).toMatchObject({
      code: 0,
      stdout: '{"applied":[]}\n',
    });
  });
});
