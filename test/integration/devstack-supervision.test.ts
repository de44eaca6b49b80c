import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';

import { SupervisedChild } from '../../src/devstack/child.js';
import { startStack } from '../../src/devstack/index.js';
import { takeLock } from '../../src/devstack/lock-file.js';
import { identify, isSameProcess } from '../../src/devstack/process-facts.js';
import { resolveTemporal } from '../../src/devstack/temporal/index.js';
import { processesOf, projectFolder } from '../support/parent-process.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-supervision-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a supervised child', () => {
  const log: string[] = [];
  /** Appends its pid to a file and then does what the script says. */
  const child = (script: string, probe: () => Promise<void>): SupervisedChild =>
    new SupervisedChild({
      name: 'The child',
      command: process.execPath,
      args: ['-e', `require('fs').appendFileSync('pids', process.pid + '\\n'); ${script}`],
      cwd: folder,
      logFile: join(folder, 'logs', 'child.log'),
      probe,
      readyTimeoutMs: 20_000,
      stopSteps: [{ signal: 'SIGTERM', graceMs: 300 }],
      log: (line) => log.push(line),
    });
  const pids = (): readonly string[] =>
    existsSync(join(folder, 'pids'))
      ? readFileSync(join(folder, 'pids'), 'utf8').trim().split('\n')
      : [];
  const hasWritten = (count: number) => () =>
    pids().length >= count ? Promise.resolve() : Promise.reject(new Error('not yet'));

  it('is started again after it died, and is ready only when it answers', async () => {
    const one = child('setInterval(() => {}, 1000)', () => hasWritten(1)());
    await one.start();
    const first = one.identity;
    await one.kill();
    while (pids().length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    await one.ready();
    expect(first !== undefined && isSameProcess(first)).toBe(false);
    expect(String(one.identity?.pid)).toBe(pids()[1]);
    await one.stop();
    expect(one.identity).toBeUndefined();
  });

  it('stays down when it is killed for good', async () => {
    const one = child('setInterval(() => {}, 1000)', hasWritten(1));
    await one.start();
    await one.kill({ restart: false });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(pids()).toHaveLength(1);
  });

  it('is an error when its first start fails, with its last words, and is not retried', async () => {
    const one = child("console.error('no such disk'); process.exit(3)", () =>
      Promise.reject(new Error('never')),
    );
    await expect(one.start()).rejects.toMatchObject({
      code: 'CHILD_NOT_READY',
      message: expect.stringContaining('no such disk'),
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(pids()).toHaveLength(1);
  });

  it('is killed when it ignores the signal to stop', async () => {
    const one = child(
      "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)",
      hasWritten(1),
    );
    await one.start();
    await one.stop();
    expect(processesOf(folder)).toEqual([]);
  });
});

describe('a lock file', () => {
  it('has one holder, and passes on when that one is gone', () => {
    const path = join(folder, 'a.lock');
    const first = takeLock(path);
    expect(takeLock(path)).toEqual(identify(process.pid));
    if ('release' in first) first.release();
    expect('release' in takeLock(path)).toBe(true);
  });

  it('of a dead process is nobody’s, also when a stranger has its pid by now', () => {
    const path = join(folder, 'a.lock');
    writeFileSync(path, JSON.stringify({ pid: process.pid, startedAt: 'another boot:1' }));
    expect('release' in takeLock(path)).toBe(true);
  });
});

describe('the resolver of the Temporal CLI', () => {
  const program = (path: string, version: string): string => {
    const file = join(folder, path);
    writeFileSync(file, `#!/bin/sh\necho 'temporal version 1 (Server ${version}, UI 2)'\n`);
    chmodSync(file, 0o755);
    return file;
  };
  /** No Go on this PATH, and a proxy that nobody serves: neither build nor download can succeed. */
  const env = (path: string): NodeJS.ProcessEnv => ({
    PATH: path,
    HOME: folder,
    XDG_CACHE_HOME: join(folder, 'cache'),
    HTTPS_PROXY: 'http://127.0.0.1:9',
  });

  it('takes the one on PATH first', async () => {
    const found = program('temporal', '1.30.0');
    expect(await resolveTemporal({ log: () => undefined, env: env(folder) })).toBe(found);
  });

  it('says what it tried and what to install when it finds none', async () => {
    program('temporal', '1.20.0');
    const lines: string[] = [];
    const failure = resolveTemporal({ log: (line) => lines.push(line), env: env(folder) });
    await expect(failure).rejects.toMatchObject({
      code: 'TEMPORAL_NOT_FOUND',
      mend: expect.stringContaining('Go 1.25'),
      problems: [
        { message: expect.stringContaining('older than 1.28') },
        { message: expect.stringContaining('downloading') },
        { message: expect.stringContaining('building') },
      ],
    });
    expect(lines.join('\n')).toContain('building the Temporal CLI with Go');
  });
});

describe('a service of the stack', () => {
  it('comes back with its data after a kill, a stop and a restart', async () => {
    const project = await projectFolder();
    const stack = await startStack({
      projectDir: project.path,
      only: ['postgres'],
      env: {},
      log: () => undefined,
    });
    const query = async (text: string): Promise<unknown> => {
      const client = new pg.Client({ connectionString: stack.environment['DATABASE_URL'] ?? '' });
      client.on('error', () => undefined);
      await client.connect();
      try {
        return (await client.query<{ n: number }>(text)).rows[0]?.n;
      } finally {
        await client.end();
      }
    };
    try {
      const postgres = stack.service('postgres');
      await query('CREATE TABLE kept AS SELECT 1 AS n');
      await postgres.kill();
      await postgres.ready();
      expect(await query('SELECT n FROM kept')).toBe(1);
      await postgres.stop();
      await expect(query('SELECT n FROM kept')).rejects.toThrow(/ECONNREFUSED/);
      await postgres.start();
      await postgres.restart();
      expect(await query('SELECT n FROM kept')).toBe(1);
      expect(() => stack.service('temporal')).toThrow(/does not run temporal/);
    } finally {
      await stack.stop();
      await project.remove();
    }
  });
});
