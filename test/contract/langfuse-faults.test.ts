import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import pg from 'pg';

import { createTestDatabase } from '../support/database.js';
import {
  callServer,
  eventually,
  observationsOf,
  optionsFor,
  otlpExport,
  otlpPath,
  rowsIn,
  scoresOf,
  sendSpans,
  TestServer,
  traceId,
} from './langfuse-support.js';

describe('faults of the dev server', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start({ seed: 7 });
  });

  afterEach(() => server.call('/dev/faults', { method: 'DELETE' }));

  afterAll(() => server.stop());

  const order = (fault: object) => server.post('/dev/faults', fault);
  const read = () => server.call('/api/public/v3/scores');

  it('answers the next n matching requests with 429 and Retry-After, and no others', async () => {
    await order({
      kind: 'rate_limit',
      next: 2,
      retryAfterSeconds: 7,
      method: 'GET',
      pathPrefix: '/api/public/v3',
    });
    const health = await server.call('/api/public/health');
    const answers = [await read(), await read(), await read()];
    expect(health.status).toBe(200);
    expect(answers.map(({ status }) => status)).toEqual([429, 429, 200]);
    expect(answers[0]?.headers.get('retry-after')).toBe('7');
  });

  it('keeps nothing of a write that it answered with 500', async () => {
    const id = traceId();
    await order({ kind: 'server_error', next: 1, pathPrefix: otlpPath });
    expect((await sendSpans(server, { traceId: id })).status).toBe(500);
    expect(await observationsOf(server, { traceId: id })).toEqual([]);
  });

  it('really commits before it drops the connection', async () => {
    const id = traceId();
    await order({ kind: 'commit_then_drop', next: 2, method: 'POST' });
    await expect(sendSpans(server, { traceId: id })).rejects.toThrow();
    await expect(
      server.post('/api/public/scores', { id: `score-${id}`, traceId: id, name: 'n', value: 1 }),
    ).rejects.toThrow();
    expect(await observationsOf(server, { traceId: id })).toHaveLength(1);
    expect(await scoresOf(server, { traceId: id })).toHaveLength(1);
  });

  it('is slow to order', async () => {
    await order({ kind: 'slow', delayMs: 300, next: 1 });
    const started = performance.now();
    await read();
    expect(performance.now() - started).toBeGreaterThanOrEqual(295);
  });

  it('is down for a time, with the admin API still there, and comes back', async () => {
    await order({ kind: 'down', seconds: 3_600 });
    await expect(read()).rejects.toThrow();
    expect((await server.call('/dev/stats')).status).toBe(200);
    await server.call('/dev/faults', { method: 'DELETE' });
    await order({ kind: 'down', seconds: 0.3 });
    await eventually(
      () => read().catch(() => undefined),
      (answer) => answer?.status === 200,
    );
  });

  it('strikes the same requests for the same seed', async () => {
    const pattern = async () => {
      const other = await TestServer.start({
        seed: 42,
        faults: [{ kind: 'server_error', probability: 0.5 }],
      });
      try {
        const statuses = [];
        for (let request = 0; request < 20; request += 1)
          statuses.push((await other.call('/api/public/projects')).status);
        return statuses;
      } finally {
        await other.stop();
      }
    };
    const [first, second] = [await pattern(), await pattern()];
    expect(second).toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 500]));
  });

  it('outlives its database sessions: what was under way fails, the next requests are served', async () => {
    const killer = new pg.Client({ connectionString: server.databaseUrl });
    await killer.connect();
    try {
      const create = (name: string) =>
        server.post('/api/public/v2/prompts', { name, type: 'text', prompt: 'x' });
      const statuses = new Set<number>();
      for (let round = 0; round < 10; round += 1) {
        const running = Array.from({ length: 8 }, (_, index) => create(`ends-${round}-${index}`));
        await killer.query(
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
        );
        for (const answer of await Promise.all(running)) statuses.add(answer.status);
      }
      expect([...statuses].filter((status) => status !== 201 && status !== 500)).toEqual([]);
      await eventually(read, ({ status }) => status === 200);
    } finally {
      await killer.end();
    }
  });

  it('refuses a rule that makes no sense', async () => {
    const answers = await Promise.all([
      order({ kind: 'explode' }),
      order({ kind: 'slow' }),
      order({ kind: 'down' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
  });

  it('counts rows and requests, and lists the last requests with their faults', async () => {
    await order({ kind: 'server_error', next: 1 });
    await read();
    const stats = await server.call('/dev/stats');
    expect(stats.body['rows']).toMatchObject({ observations: expect.any(Number) });
    expect(stats.body['requests']).toMatchObject({
      'GET /api/public/v3/scores 500': expect.any(Number),
    });
    const { body } = await server.call('/dev/requests?limit=2');
    expect(body['requests']).toMatchObject([
      { method: 'GET', path: '/dev/stats', status: 200 },
      { path: '/api/public/v3/scores', status: 500, faults: ['server_error'] },
    ]);
  });
});

const mainFile = fileURLToPath(new URL('../../src/devstack/langfuse/main.ts', import.meta.url));
const loader = new URL('../support/register-ts.mjs', import.meta.url).href;

/** The supervised child, as the stack starts it, but from the sources. */
async function startChild(options: object) {
  const child = spawn(process.execPath, ['--import', loader, mainFile], {
    env: { ...process.env, ASSAY_CHILD_OPTIONS: JSON.stringify(options) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, ready: JSON.parse(line) as { ready: boolean; url: string } };
}

describe('the dev server as a supervised child', () => {
  it('loses nothing to kill -9, not even the delay of a write, and ends cleanly on SIGTERM', async () => {
    const database = await createTestDatabase('template0');
    const id = traceId();
    const visibility = { spans: { fixedMs: 4_000 }, scores: { fixedMs: 0 } };
    const options = { ...optionsFor(database.url, { visibility }), parentPid: process.pid };
    try {
      const first = await startChild(options);
      const post = (url: string, path: string, body: unknown) =>
        callServer(url, path, { method: 'POST', body });
      await post(first.ready.url, '/api/public/scores', {
        id: `s-${id}`,
        traceId: id,
        name: 'n',
        value: 1,
      });
      const sentAt = Date.now();
      expect((await post(first.ready.url, otlpPath, otlpExport({ traceId: id }))).status).toBe(200);
      first.child.kill('SIGKILL');
      await once(first.child, 'exit');

      const second = await startChild(options);
      const observations = async () =>
        rowsIn(await callServer(second.ready.url, `/api/public/v2/observations?traceId=${id}`, {}));
      const score = await callServer(second.ready.url, `/api/public/v3/scores?traceId=${id}`, {});
      expect(rowsIn(score)).toHaveLength(1);
      const early = await observations();
      // Only a look that was over in time may say that the row was not shown too early.
      if (Date.now() - sentAt < 4_000) expect(early).toEqual([]);
      await eventually(observations, ({ length }) => length === 1);
      second.child.kill('SIGTERM');
      expect(await once(second.child, 'exit')).toEqual([0, null]);
    } finally {
      await database.drop();
    }
  });

  it('ends when its parent is another process than the one that started it', async () => {
    const database = await createTestDatabase('template0');
    try {
      // Process 1 never is the parent of this child: as if the real one had died.
      const { child } = await startChild({ ...optionsFor(database.url, {}), parentPid: 1 });
      expect(await once(child, 'exit')).toEqual([0, null]);
    } finally {
      await database.drop();
    }
  });

  it('says what is wrong with its options without repeating a key, and exits with 1', async () => {
    const { child, ready } = await startChildFailing({
      ...optionsFor('postgres://x', {}),
      port: 'many',
    });
    expect(child.exitCode).toBe(1);
    expect(ready).toMatch(/port/);
    expect(ready).not.toMatch(/sk-lf/);
  });
});

async function startChildFailing(options: object) {
  const child = spawn(process.execPath, ['--import', loader, mainFile], {
    env: { ...process.env, ASSAY_CHILD_OPTIONS: JSON.stringify(options) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let ready = '';
  child.stderr.on('data', (chunk: Buffer) => {
    ready += chunk.toString('utf8');
  });
  await once(child, 'close');
  return { child, ready };
}
