import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { LangfuseServerOptions } from '../../src/devstack/langfuse/server.js';
import { startLangfuseServer } from '../../src/devstack/langfuse/server.js';
import {
  noon,
  observationsOf,
  optionsFor,
  otlpExport,
  otlpPath,
  rowsIn,
  sendSpans,
  spanId,
  TestServer,
  traceId,
} from './langfuse-support.js';

type Mode = NonNullable<LangfuseServerOptions['mode']>;

const v4Paths = [
  ['v2/observations', 'observations v2', 'limit=5000'],
  ['experiments?fromStartTime=2026-01-01T00:00:00Z', 'experiments', 'limit=101'],
  ['experiment-items?fromStartTime=2026-01-01T00:00:00Z', 'experiment items', 'limit=101'],
] as const;
const v3Paths = [
  'traces',
  'traces/t',
  'observations',
  'observations/o',
  'sessions',
  'sessions/s',
  'v2/scores',
  'v2/scores/s',
  'scores',
  'dataset-run-items',
  'datasets/d/runs',
  'datasets/d/runs/r',
  'metrics',
  'metrics/daily',
];

describe('the write modes of the dev server', () => {
  const servers = new Map<Mode, TestServer>();
  const of = (mode: Mode): TestServer => {
    const server = servers.get(mode);
    if (server === undefined) throw new Error(`no server in ${mode}`);
    return server;
  };

  beforeAll(async () => {
    for (const mode of ['events_only', 'dual', 'legacy'] as const)
      servers.set(mode, await TestServer.start({ mode }));
  });
  afterAll(async () => {
    for (const server of servers.values()) await server.stop();
  });

  it('refuses v4 endpoints in legacy by naming the mode, after validation', async () => {
    for (const [path, api, bad] of v4Paths) {
      const url = `/api/public/${path}`;
      const refused = await of('legacy').call(url);
      expect([refused.status, refused.body]).toEqual([
        404,
        {
          message: `The ${api} API is only available in a Langfuse v4 write mode. Learn more at: https://langfuse.com/docs/v4`,
          error: 'LangfuseNotFoundError',
        },
      ]);
      const invalid = await of('legacy').call(`${url}${path.includes('?') ? '&' : '?'}${bad}`);
      expect(invalid.status).toBe(400);
      const cursor = await of('legacy').call(`${url}${path.includes('?') ? '&' : '?'}cursor=none`);
      expect(cursor.body['message']).toBe('Invalid cursor format');
      expect((await of('dual').call(url)).status).toBe(200);
    }
    const metrics = await of('legacy').call('/api/public/v2/metrics?query=nope');
    expect(metrics.status).toBe(400);
  });

  it('refuses v3 reads in events_only before validation', async () => {
    for (const path of v3Paths) {
      const answer = await of('events_only').call(`/api/public/${path}?page=0`);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(String(answer.body['message'])).toContain('events_only mode');
    }
    for (const mode of ['dual', 'legacy'] as const) {
      const invalid = await of(mode).call('/api/public/traces?page=0');
      expect(invalid.status).toBe(400);
    }
  });

  it('shows a span in the v3 reads once, the last sending, and its trace with what hangs on it', async () => {
    for (const mode of ['dual', 'legacy'] as const) {
      const ids = { traceId: traceId(), root: spanId(), model: spanId() };
      const generation = {
        traceId: ids.traceId,
        spanId: ids.model,
        parentSpanId: ids.root,
        name: 'call',
        start: noon + 100,
        durationMs: 400,
        attributes: {
          'langfuse.observation.type': 'generation',
          'langfuse.observation.model.name': 'gpt-4o-mini',
          'langfuse.observation.usage_details': '{"input":1000,"output":500}',
        },
      };
      await sendSpans(of(mode), generation, {
        traceId: ids.traceId,
        spanId: ids.root,
        name: 'handle',
        attributes: {
          'langfuse.trace.name': 'question',
          'langfuse.observation.input': '{"q":"2+2"}',
          'langfuse.observation.metadata.attempt': '2',
          'langfuse.trace.metadata.run': 'r-1',
          'user.id': 'ann',
          'session.id': `s-${mode}`,
        },
      });
      await sendSpans(of(mode), { ...generation, start: noon + 150, durationMs: 350 });

      const trace = await of(mode).call(`/api/public/traces/${ids.traceId}`);
      expect(trace.body).toMatchObject({
        name: 'question',
        timestamp: '2026-03-01T12:00:00.000Z',
        userId: 'ann',
        sessionId: `s-${mode}`,
        input: { q: '2+2' },
        metadata: {
          attempt: 2,
          run: 'r-1',
          scope: { name: 'langfuse-sdk' },
          resourceAttributes: { 'service.name': 'contract' },
        },
        latency: 1,
        totalCost: 0.00045,
        observations: [
          { id: ids.root, type: 'SPAN', parentObservationId: null, model: null },
          { id: ids.model, type: 'GENERATION', startTime: '2026-03-01T12:00:00.150Z' },
        ],
      });
      const listed = await of(mode).call(`/api/public/observations?traceId=${ids.traceId}`);
      expect(rowsIn(listed).map(({ id }) => id)).toEqual([ids.model, ids.root]);
      expect(rowsIn(listed)[0]).toMatchObject({
        usageDetails: { input: 1_000, output: 500, total: 1_500 },
        calculatedTotalCost: 0.00045,
        latency: 0.35,
      });
      const session = await of(mode).call(`/api/public/sessions/s-${mode}`);
      expect(session.body['traces']).toMatchObject([{ id: ids.traceId }]);
    }
  });

  it('carries spans without the version header to the v4 tables by the job alone, under a made-up root', async () => {
    const server = of('dual');
    const span = { traceId: traceId(), spanId: spanId(), name: 'old' };
    await server.call(otlpPath, { method: 'POST', body: otlpExport(span) });
    expect(await observationsOf(server, { traceId: span.traceId })).toEqual([]);
    const ran = await server.post('/dev/propagate', {});
    expect(ran.body).toEqual({ propagated: 1 });
    const rows = await observationsOf(server, { traceId: span.traceId });
    expect(new Map(rows.map((row) => [row['id'], row['parentObservationId']]))).toEqual(
      new Map([
        [`t-${span.traceId}`, null],
        [span.spanId, `t-${span.traceId}`],
      ]),
    );
    expect((await server.post('/dev/propagate', {})).body).toEqual({ propagated: 0 });
    expect(await observationsOf(server, { traceId: span.traceId })).toHaveLength(2);

    // What came directly is there already: the job must not send it a second time.
    const direct = { traceId: traceId(), spanId: spanId() };
    await sendSpans(server, direct);
    await server.post('/dev/propagate', {});
    expect(await observationsOf(server, { traceId: direct.traceId })).toHaveLength(1);
  });

  it('writes nothing to the v4 tables in legacy and nothing to the v3 tables in events_only', async () => {
    const rowsOf = async (mode: Mode) => {
      await sendSpans(of(mode), { traceId: traceId(), spanId: spanId() });
      return (await of(mode).call('/dev/stats')).body['rows'] as Record<string, number>;
    };
    expect(await rowsOf('legacy')).toMatchObject({ observations: 0 });
    expect(await rowsOf('events_only')).toMatchObject({ v3_observations: 0, v3_traces: 0 });
  });

  it('deletes a trace from the v3 tables, and comments on it until then', async () => {
    const server = of('legacy');
    const span = { traceId: traceId(), spanId: spanId() };
    await sendSpans(server, span);
    const comment = { projectId: 'project-contract', objectType: 'TRACE', content: 'look' };
    const commented = await server.post('/api/public/comments', {
      ...comment,
      objectId: span.traceId,
    });
    expect(commented.status).toBe(200);
    await server.call(`/api/public/traces/${span.traceId}`, { method: 'DELETE' });
    expect((await server.call(`/api/public/traces/${span.traceId}`)).status).toBe(404);
    expect((await server.call(`/api/public/observations/${span.spanId}`)).status).toBe(404);
  });

  it('shows trace and run pages in legacy', async () => {
    const server = of('legacy');
    await server.post('/api/public/v2/datasets', { name: 'pages' });
    const item = { datasetName: 'pages', id: 'page-item', input: 'x' };
    const { datasetId } = (await server.post('/api/public/dataset-items', item)).body;
    const span = { traceId: traceId(), spanId: spanId(), name: 'a <step>' };
    await sendSpans(server, span);
    const linked = await server.post('/api/public/dataset-run-items', {
      runName: 'page-run',
      datasetItemId: 'page-item',
      traceId: span.traceId,
    });
    const base = '/project/project-contract';
    const trace = await server.call(`${base}/traces/${span.traceId}`, { auth: null });
    expect(trace.text).toContain('a &lt;step&gt;');
    const runId = String(linked.body['datasetRunId']);
    const run = await server.call(`${base}/datasets/${String(datasetId)}/runs/${runId}`, {
      auth: null,
    });
    expect([run.status, run.text.includes(span.traceId)]).toEqual([200, true]);
  });

  it('keeps NUL in text, and loses an export with half of a surrogate pair', async () => {
    const server = of('legacy');
    const nul = { traceId: traceId(), spanId: spanId(), name: 'a\0b' };
    await sendSpans(server, nul);
    const trace = await server.call(`/api/public/traces/${nul.traceId}`);
    expect(trace.body).toMatchObject({ name: 'a\0b', observations: [{ name: 'a\0b' }] });
    const lost = { traceId: traceId(), spanId: spanId(), name: 'half \ud800' };
    expect((await sendSpans(server, lost)).status).toBe(200);
    expect((await server.call(`/api/public/traces/${lost.traceId}`)).status).toBe(404);
  });

  it('merges parallel exports of one trace without losing any', async () => {
    const server = of('legacy');
    const trace = traceId();
    const spans = Array.from({ length: 20 }, (_, index) => ({
      traceId: trace,
      spanId: spanId(),
      start: noon + index,
      attributes: { [`langfuse.trace.metadata.k${index}`]: 'set' },
    }));
    await Promise.all(spans.map((span) => sendSpans(server, span)));
    const { body } = await server.call(`/api/public/traces/${trace}`);
    expect(body['observations']).toHaveLength(20);
    expect(Object.keys(body['metadata'] as object).filter((key) => /^k\d/.test(key))).toHaveLength(
      20,
    );
    expect(body['timestamp']).toBe('2026-03-01T12:00:00.000Z');
  });
});

describe('the reported version', () => {
  it('is the one that was set', async () => {
    const server = await TestServer.start({ mode: 'legacy', version: '3.50.0' });
    const health = await server.call('/api/public/health', { auth: null });
    await server.stop();
    expect(health.body).toEqual({ status: 'OK', version: '3.50.0' });
  });

  it('must be a version', async () => {
    const options = optionsFor('postgres://127.0.0.1:1/none', { version: 'v3' });
    await expect(startLangfuseServer(options)).rejects.toThrow('a version like');
  });
});
