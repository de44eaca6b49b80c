import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from 'langsmith';

import type { LangsmithServer } from '../support/langsmith/server.js';
import { startLangsmith } from '../support/langsmith/server.js';
import { all, ask, clientOf, listRuns, readRun, rootRun } from './langsmith-server-support.js';

describe('faults and delays of the LangSmith test server', () => {
  let server: LangsmithServer;
  let client: Client;

  beforeAll(async () => {
    server = await startLangsmith({ maxBodyBytes: 64 * 1024 });
    client = clientOf(server);
  });

  afterEach(() => {
    server.faults.clear();
    server.setDelays({ runsMs: 0, feedbackMs: 0 });
  });

  afterAll(() => server.close());

  it('answers the next n matching requests with 429 and Retry-After, under any prefix', async () => {
    server.faults.order({
      kind: 'rate_limit',
      next: 2,
      retryAfterSeconds: 7,
      method: 'GET',
      pathPrefix: '/datasets',
    });
    const answers = [];
    for (const path of ['/info', '/datasets', '/api/v1/datasets', '/datasets'])
      answers.push(await ask(server, `GET ${path}`));
    expect(answers.map(({ status }) => status)).toEqual([200, 429, 429, 200]);
    expect(answers[1]?.headers.get('retry-after')).toBe('7');
  });

  it('keeps nothing of a write that it answered with 500', async () => {
    server.faults.order({ kind: 'server_error', next: 1, pathPrefix: '/datasets' });
    const failed = await ask(server, 'POST /datasets', { body: { name: 'failed' } });
    expect(failed.status).toBe(500);
    expect(server.inspect.datasets).toEqual([]);
  });

  it('really commits before it drops the connection, and a repeat is told so', async () => {
    const run = rootRun();
    server.faults.order({ kind: 'commit_then_drop', next: 1, pathPrefix: '/runs' });
    const send = () => ask(server, 'POST /runs/batch', { body: { post: [run], patch: [] } });
    await expect(send()).rejects.toThrow();
    expect(server.inspect.runs.filter(({ id }) => id === run.id)).toHaveLength(1);
    expect((await send()).status).toBe(409);
    expect(server.inspect.runs.filter(({ id }) => id === run.id)).toHaveLength(1);
    expect(server.requests.counts()).toMatchObject({
      'POST /runs/batch 0': 1,
      'POST /runs/batch 409': 1,
    });
    expect(server.requests.last(2)).toMatchObject([
      { status: 409 },
      { status: 0, faults: ['commit_then_drop'] },
    ]);
  });

  it('is carried through a fault by a client that tries again', async () => {
    server.faults.order({ kind: 'server_error', next: 1, method: 'POST', pathPrefix: '/sessions' });
    await client.createProject({ projectName: 'patient' });
    expect(server.inspect.sessions.filter(({ name }) => name === 'patient')).toHaveLength(1);
  });

  it('is slow to order', async () => {
    server.faults.order({ kind: 'slow', delayMs: 150, next: 1 });
    const started = performance.now();
    await ask(server, 'GET /sessions');
    expect(performance.now() - started).toBeGreaterThanOrEqual(145);
  });

  it('refuses all while it is down', async () => {
    server.faults.order({ kind: 'down', seconds: 60 });
    await expect(ask(server, 'GET /info')).rejects.toThrow();
    server.faults.clear();
    expect((await ask(server, 'GET /info')).status).toBe(200);
  });

  it('shows runs and feedback only after their delay, though they are there', async () => {
    server.setDelays({ runsMs: 60_000, feedbackMs: 60_000 });
    const run = rootRun({ session_name: 'delayed' });
    await ask(server, 'POST /runs', { body: run });
    await client.createFeedback({
      runId: run.id,
      sessionId: server.inspect.sessions.find(({ name }) => name === 'delayed')?.id ?? '',
      key: 'late',
      score: 1,
    });
    expect(server.inspect.runs.map(({ id }) => id)).toContain(run.id);
    expect(await listRuns(client, { id: [run.id] })).toEqual([]);
    await expect(readRun(client, run.id)).rejects.toThrow('404');
    expect(await all(client.listFeedback({ runIds: [run.id] }))).toEqual([]);
    expect(await client.readProject({ projectName: 'delayed', includeStats: true })).toMatchObject({
      run_count: 0,
    });

    server.setDelays({ runsMs: 30, feedbackMs: 30 });
    const soon = rootRun({ session_name: 'delayed' });
    await ask(server, 'POST /runs', { body: soon });
    await new Promise((resolve) => setTimeout(resolve, 45));
    expect(await listRuns(client, { id: [soon.id] })).toHaveLength(1);
  });

  it('answers bodies over the limit, broken ones and unknown paths plainly', async () => {
    const large = { name: 'x'.repeat(65 * 1024) };
    expect((await ask(server, 'POST /datasets', { body: large })).status).toBe(413);
    const broken = await fetch(`${server.url}/datasets`, {
      method: 'POST',
      headers: { 'x-api-key': server.apiKey },
      body: '{',
    });
    expect(broken.status).toBe(422);
    expect((await ask(server, 'GET /nowhere')).status).toBe(404);
    expect((await ask(server, 'DELETE /sessions')).status).toBe(405);
    expect(await ask(server, `GET /datasets/${randomUUID()}`)).toMatchObject({
      status: 404,
      body: { detail: 'Dataset not found' },
    });
    expect((await ask(server, 'GET /datasets/no-uuid')).status).toBe(422);
    expect((await ask(server, 'GET /info')).headers.get('x-dev-server')).toContain('tests only');
  });
});
