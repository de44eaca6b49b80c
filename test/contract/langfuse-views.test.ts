import { request } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  noon,
  project,
  rowsIn,
  sendSpans,
  spanId,
  TestServer,
  traceId,
} from './langfuse-support.js';

const hostile = `<script>alert(1)</script>"'&`;
const escaped = '&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;';

describe('pages and metrics of the dev server', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });

  afterAll(() => server.stop());

  const pageOf = (path: string) =>
    server.call(`/project/${project.projectId}/traces${path}`, { auth: null });

  it('shows a trace as a tree, with every text from outside escaped', async () => {
    const [trace, root, child] = [traceId(), spanId(), spanId()];
    const attributes = { 'langfuse.observation.input': hostile, 'langfuse.trace.name': hostile };
    await sendSpans(
      server,
      { traceId: trace, spanId: root, name: hostile, attributes },
      { traceId: trace, spanId: child, parentSpanId: root, name: 'inner', durationMs: 250 },
    );
    await server.post('/api/public/scores', {
      traceId: trace,
      observationId: child,
      name: hostile,
      value: hostile,
      comment: hostile,
    });
    const answer = await pageOf(`/${trace}`);
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('<script>');
    expect(answer.text.split(escaped).length - 1).toBe(5);
    expect(answer.text).toMatch(/inner<\/strong>[\s\S]*250 ms/);
    expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
    const list = await pageOf('');
    expect(list.text).toContain(`/traces/${trace}`);
    expect(list.text).not.toContain('<script>');
  });

  it('shows spans that are each other’s parents, and ends', async () => {
    const [trace, a, b] = [traceId(), spanId(), spanId()];
    await sendSpans(
      server,
      { traceId: trace, spanId: a, parentSpanId: b, name: 'round' },
      { traceId: trace, spanId: b, parentSpanId: a, name: 'about' },
    );
    const { text } = await pageOf(`/${trace}`);
    expect(text).toMatch(/round[\s\S]*about|about[\s\S]*round/);
  });

  it('shows a run with its scores and its traces, with every text from outside escaped', async () => {
    const [trace, root, run] = [traceId(), spanId(), `run-${spanId()}`];
    await sendSpans(server, {
      traceId: trace,
      spanId: root,
      name: 'root',
      attributes: {
        'langfuse.experiment.id': run,
        'langfuse.experiment.name': hostile,
        'langfuse.experiment.dataset.id': 'dataset-1',
        'langfuse.experiment.item.id': hostile,
        'langfuse.experiment.item.root_observation_id': root,
      },
    });
    await server.post('/api/public/scores', { datasetRunId: run, name: hostile, value: 0.25 });
    const runPage = (path: string) =>
      server.call(`/project/${project.projectId}/datasets/${path}`, { auth: null });
    const answer = await runPage(`dataset-1/runs/${run}`);
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('<script>');
    // Title, heading, score and item.
    expect(answer.text.split(escaped).length - 1).toBe(4);
    expect(answer.text).toContain('<td>0.25</td>');
    expect(answer.text).toContain(`/traces/${trace}"`);
    expect((await runPage(`dataset-1/runs/unknown`)).status).toBe(404);
    expect((await runPage(`dataset-2/runs/${run}`)).status).toBe(404);
  });

  it('leads from a trace to its run and on to the dataset, and shows items, inputs and scores by name', async () => {
    const [trace, root, run] = [traceId(), spanId(), `run-${spanId()}`];
    await sendSpans(server, {
      traceId: trace,
      spanId: root,
      name: 'root',
      attributes: {
        'langfuse.observation.input': '{"text":"where is my parcel"}',
        'langfuse.observation.metadata.assay.item_id': 't1',
        'langfuse.experiment.id': run,
        'langfuse.experiment.name': 'nightly',
        'langfuse.experiment.dataset.id': 'dataset-7',
        'langfuse.experiment.item.id': '80ba480c',
        'langfuse.experiment.item.root_observation_id': root,
      },
    });
    const comment = JSON.stringify({
      passed_items: [],
      failed_items: ['Says sorry'],
      reasoning: 'It is curt.',
      suggestions: [],
    });
    await server.post('/api/public/scores', { traceId: trace, name: 'tone', value: 0.5, comment });
    const open = (path: string) =>
      server.call(`/project/${project.projectId}${path}`, { auth: null });
    const runPath = `/datasets/dataset-7/runs/${run}`;
    for (const path of ['/traces', runPath]) {
      const { text } = await open(path);
      expect(text).toContain('<td>t1</td>');
      expect(text).not.toContain('80ba480c');
      expect(text).toContain('where is my parcel');
      expect(text).toContain('tone 0.5');
    }
    const one = (await open(`/traces/${trace}`)).text;
    expect(one).toContain(`${runPath}"`);
    expect(one).toContain(`/project/${project.projectId}/traces"`);
    expect(one).toContain('It is curt.<br><span class="muted">Failed:</span> Says sorry');
    expect((await open(runPath)).text).toContain('/datasets/dataset-7"');
    expect((await open('/datasets/dataset-7')).text).toContain(`${runPath}"`);
    expect((await open('/datasets/dataset-8')).status).toBe(404);
  });

  it('answers 404 for another project or an unknown trace, 403 for another host name', async () => {
    expect((await pageOf('/nobody')).status).toBe(404);
    expect((await server.call('/project/other/traces', { auth: null })).status).toBe(404);
    const rebound = await new Promise<number | undefined>((resolve, reject) => {
      const url = new URL(`/project/${project.projectId}/traces`, server.url);
      const sent = request(url, { headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject);
      sent.end();
    });
    expect(rebound).toBe(403);
  });

  const metrics = (query: object) =>
    server.call(
      `/api/public/v2/metrics?${new URLSearchParams({
        query: JSON.stringify({
          view: 'observations',
          fromTimestamp: '2026-05-01T10:00:00Z',
          toTimestamp: '2026-05-01T13:00:00Z',
          ...query,
        }),
      }).toString()}`,
    );

  it('counts each sending of a span, measures latency in milliseconds and fills empty hours', async () => {
    const start = Date.parse('2026-05-01T11:30:00Z');
    const span = { traceId: traceId(), spanId: spanId(), name: 'measured', start };
    await sendSpans(server, { ...span, durationMs: 100 });
    await sendSpans(server, { ...span, durationMs: 300 });
    const answer = await metrics({
      metrics: [
        { measure: 'count', aggregation: 'count' },
        { measure: 'latency', aggregation: 'avg' },
        { measure: 'latency', aggregation: 'p50' },
      ],
      dimensions: [{ field: 'name' }],
      timeDimension: { granularity: 'hour' },
    });
    const empty = { name: '', count_count: 0, avg_latency: null, p50_latency: null };
    expect(rowsIn(answer)).toEqual([
      { ...empty, time_dimension: '2026-05-01T10:00:00Z' },
      {
        name: 'measured',
        time_dimension: '2026-05-01T11:00:00Z',
        count_count: 2,
        avg_latency: 200,
        p50_latency: 200,
      },
      { ...empty, time_dimension: '2026-05-01T12:00:00Z' },
    ]);
  });

  it('groups scores by name, booleans among the numbers', async () => {
    const trace = traceId();
    const score = (body: object) => server.post('/api/public/scores', { traceId: trace, ...body });
    await score({ name: 'm-share', value: 0.25 });
    await score({ name: 'm-share', value: 0.75 });
    await score({ name: 'm-ok', value: 1, dataType: 'BOOLEAN' });
    await score({ name: 'm-class', value: 'a' });
    const answer = await metrics({
      view: 'scores-numeric',
      fromTimestamp: new Date(Date.now() - 3_600_000).toISOString(),
      toTimestamp: new Date(Date.now() + 3_600_000).toISOString(),
      metrics: [{ measure: 'value', aggregation: 'avg' }],
      dimensions: [{ field: 'name' }],
      filters: [{ type: 'string', column: 'traceId', operator: '=', value: trace }],
      orderBy: [{ field: 'name', direction: 'asc' }],
    });
    expect(rowsIn(answer)).toEqual([
      { name: 'm-ok', avg_value: 1 },
      { name: 'm-share', avg_value: 0.5 },
    ]);
  });

  it('refuses unknown measures and dimensions, and grouping by ids without a limit', async () => {
    const count = { measure: 'count', aggregation: 'count' };
    const answers = await Promise.all([
      metrics({ metrics: [{ measure: 'happiness', aggregation: 'sum' }] }),
      metrics({ metrics: [count], dimensions: [{ field: 'x"; drop table scores; --' }] }),
      metrics({ metrics: [count], dimensions: [{ field: 'traceId' }] }),
      metrics({ metrics: [count], view: 'traces' }),
      server.call('/api/public/v2/metrics?query=nope'),
    ]);
    expect(
      answers.map(({ status, body }) => [status, String(body['message']).slice(0, 18)]),
    ).toEqual([
      [400, 'Invalid metric hap'],
      [400, 'Invalid dimension '],
      [400, 'High cardinality d'],
      [400, 'Invalid request da'],
      [400, 'Invalid JSON in qu'],
    ]);
    const limited = await metrics({
      metrics: [count],
      dimensions: [{ field: 'traceId' }],
      orderBy: [{ field: 'count_count', direction: 'desc' }],
      config: { row_limit: 1 },
      fromTimestamp: new Date(noon - 1_000).toISOString(),
      toTimestamp: new Date(noon + 1_000).toISOString(),
    });
    expect(rowsIn(limited)).toHaveLength(1);
  });
});
