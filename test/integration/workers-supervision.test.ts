import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import type { WorkerStartError } from '../../src/workers/supervisor.js';
import { superviseWorkers, type SupervisedWorkers } from '../../src/workers/supervisor.js';
import { until } from '../support/until.js';

const typescript = ['--import', resolve('test/support/register-ts.mjs')];

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('the watchdog', () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  /** A process that is ended where its event loop stands still for a second. */
  const watched = async (blockMs: number) => {
    const child = spawn(
      process.execPath,
      [...typescript, resolve('test/fixtures/watched-process.ts')],
      {
        env: { ...process.env, BLOCKED_AFTER_MS: '1000', BLOCK_MS: String(blockMs) },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    children.push(child);
    const seen = { output: '', errors: '', beats: 0 };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      seen.output += text;
      seen.beats += text.split('beat').length - 1;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (seen.errors += text));
    await until(() => seen.beats > 3);
    return { child, seen };
  };
  const signalOf = (child: ChildProcess): Promise<string | null> =>
    new Promise((found) => child.once('exit', (_code, signal) => found(signal)));

  it('ends a process whose event loop is blocked, and says why', async () => {
    const { child, seen } = await watched(600_000);
    const ended = signalOf(child);
    child.kill('SIGUSR2');
    // By nobody else: it would be blocked for longer than this test may take.
    await expect(ended).resolves.toBe('SIGKILL');
    expect(seen.errors).toContain('WORKER_BLOCKED');
  });

  it('lets a short block pass', async () => {
    const { child, seen } = await watched(150);
    child.kill('SIGUSR2');
    const { beats } = seen;
    await until(() => seen.beats > beats + 20);
    expect(child.exitCode).toBeNull();
  });

  it('does not end a process that was frozen as a whole and goes on', async () => {
    const { child, seen } = await watched(0);
    child.kill('SIGSTOP');
    await wait(1_500);
    const { beats } = seen;
    child.kill('SIGCONT');
    await until(() => seen.beats > beats + 20);
    expect(child.exitCode).toBeNull();
    expect(child.signalCode).toBeNull();
    const ended = new Promise((found) => child.once('exit', found));
    child.kill('SIGTERM');
    await expect(ended).resolves.toBe(0);
  });
});

describe('the supervisor', () => {
  let folder: string;
  const started: SupervisedWorkers[] = [];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assay-supervisor-'));
    await mkdir(join(folder, 'broken'));
    await mkdir(join(folder, 'well'));
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((workers) => workers.stop()));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const supervise = (name: string, options: { entry?: string; count?: number } = {}) => {
    const lines: string[] = [];
    const crashes: { pid: number | undefined; signal: string | null }[] = [];
    const workers = superviseWorkers({
      folder: join(folder, name),
      environment: { ...process.env, NODE_OPTIONS: typescript.join(' ') },
      entry: options.entry ?? resolve('test/fixtures/supervised-process.ts'),
      count: options.count ?? 1,
      onLog: (line) => lines.push(line),
      onCrash: (crash) => crashes.push(crash),
    });
    started.push(workers);
    return { workers, lines, crashes };
  };

  it('starts a worker again after kill -9, one for one', async () => {
    const { workers, crashes } = supervise('well', { count: 2 });
    await workers.ready;
    const [first, second] = workers.pids;
    if (first === undefined || second === undefined) throw new Error('no two workers');
    process.kill(first, 'SIGKILL');
    await until(() => workers.pids[0] !== first && isAlive(workers.pids[0] ?? 0));
    expect(crashes).toEqual([expect.objectContaining({ pid: first, signal: 'SIGKILL' })]);
    expect(workers.pids[1]).toBe(second);
    expect(workers.pids).toHaveLength(2);
  });

  it('starts nothing after stop, and leaves no process behind', async () => {
    const { workers, lines, crashes } = supervise('well');
    await workers.ready;
    const [pid = 0] = workers.pids;
    await workers.stop();
    expect(isAlive(pid)).toBe(false);
    await wait(1_200);
    expect(lines.filter((line) => line.includes('"ready":true'))).toHaveLength(1);
    expect(lines.some((line) => line.includes('stopping'))).toBe(true);
    expect(crashes).toEqual([]);
  });

  it('passes on what user code prints, as lines of the log', async () => {
    const { workers, lines } = supervise('well');
    await workers.ready;
    await until(() => lines.some((line) => line.includes('printed by user code')));
    const line = lines.find((each) => each.includes('printed by user code')) ?? '';
    expect(JSON.parse(line)).toMatchObject({
      level: 30,
      pid: workers.pids[0],
      text: 'printed \u001b[31mby a target',
    });
    // Escaped: a terminal shows the log of a worker.
    expect(line).not.toContain('\u001b');
  });

  it('starts nothing after a stop that came while it waited to start again', async () => {
    const { workers, lines, crashes } = supervise('well');
    await workers.ready;
    process.kill(workers.pids[0] ?? 0, 'SIGKILL');
    await until(() => crashes.length === 1);
    await workers.stop();
    await wait(1_200);
    expect(lines.filter((line) => line.includes('"ready":true'))).toHaveLength(1);
  });

  it('gives up on a worker that cannot start, with its exit code and its last words', async () => {
    const { workers, lines } = supervise('broken');
    const error: unknown = await workers.ready.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'WorkerStartError', exitCode: 2 });
    const { lastLine } = error as WorkerStartError;
    expect(JSON.parse(lastLine)).toMatchObject({ error: { code: 'CONFIG_INVALID' } });
    await wait(1_200);
    expect(lines).toHaveLength(1);
  });

  it('fails with the coded error of a real worker that has no config, or no connections', async () => {
    const entry = resolve('dist/workers/main.js');
    const { workers } = supervise('well', { entry });
    const error = (await workers.ready.catch((thrown: unknown) => thrown)) as WorkerStartError;
    expect(error.exitCode).toBe(2);
    expect(JSON.parse(error.lastLine)).toMatchObject({
      error: { code: 'ENVIRONMENT_INVALID', problems: expect.any(Array) as unknown },
    });
    const connected = superviseWorkers({
      folder: join(folder, 'well'),
      environment: {
        PATH: process.env['PATH'],
        TEMPORAL_ADDRESS: '127.0.0.1:1',
        DATABASE_URL: 'postgres://user:database-secret@127.0.0.1:1/db',
        LANGFUSE_HOST: 'http://127.0.0.1:1',
        LANGFUSE_PUBLIC_KEY: 'pk',
        LANGFUSE_SECRET_KEY: 'platform-secret',
      },
      entry,
      onLog: () => undefined,
    });
    started.push(connected);
    const noConfig = (await connected.ready.catch((thrown: unknown) => thrown)) as WorkerStartError;
    expect(noConfig.exitCode).toBe(3);
    expect(JSON.parse(noConfig.lastLine)).toMatchObject({ error: { code: 'CONFIG_NOT_FOUND' } });
    expect(noConfig.lastLine).not.toContain('secret');
  });
});
