import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { rowsIn, sendSpans, spanId, TestServer, traceId } from './langfuse-support.js';

describe('runs, scores and metrics of a v3 server', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start({ mode: 'legacy' });
    await server.post('/api/public/v2/datasets', { name: 'qa set' });
    for (const id of ['one', 'two'])
      await server.post('/api/public/dataset-items', { datasetName: 'qa set', id, input: id });
  });
  afterAll(() => server.stop());

  const link = (body: object) => server.post('/api/public/dataset-run-items', body);
  const runPath = (name: string) => `/api/public/datasets/qa%20set/runs/${name}`;

  it('makes a run on first use, keeps its first words, and the last trace of each item', async () => {
    const first = await link({
      runName: 'run-a',
      runDescription: 'first',
      metadata: { v: 1 },
      datasetItemId: 'one',
      traceId: 'trace-old',
    });
    await link({
      runName: 'run-a',
      runDescription: 'second',
      metadata: { v: 2 },
      datasetItemId: 'one',
      traceId: 'trace-new',
    });
    await link({ runName: 'run-a', datasetItemId: 'two', traceId: 'trace-two' });
    const { datasetRunId } = first.body;
    const run = await server.call(runPath('run-a'));
    expect(run.body).toMatchObject({
      id: datasetRunId,
      description: 'first',
      metadata: { v: 1 },
      datasetName: 'qa set',
      datasetRunItems: [
        { datasetItemId: 'two', traceId: 'trace-two', datasetRunId, datasetRunName: 'run-a' },
        { datasetItemId: 'one', traceId: 'trace-new' },
      ],
    });
    const { datasetId } = run.body;
    const listed = await server.call(
      `/api/public/dataset-run-items?datasetId=${String(datasetId)}&runName=run-a&limit=1&page=2`,
    );
    expect(rowsIn(listed)).toMatchObject([{ datasetItemId: 'one' }]);
    expect(listed.body['meta']).toMatchObject({ totalItems: 2, totalPages: 2 });
    const runs = await server.call('/api/public/datasets/qa%20set/runs');
    expect(rowsIn(runs)).toMatchObject([{ name: 'run-a' }]);

    const deleted = await server.call(runPath('run-a'), { method: 'DELETE' });
    expect(deleted.body).toEqual({ message: 'Dataset run successfully deleted' });
    expect((await server.call(runPath('run-a'))).body['message']).toBe('Dataset run not found');
  });

  it('keeps one row for an item that is linked by many at the same time', async () => {
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        link({ runName: 'run-busy', datasetItemId: 'one', traceId: `trace-${index}` }),
      ),
    );
    const run = await server.call(runPath('run-busy'));
    expect(run.body['datasetRunItems']).toHaveLength(1);
  });

  it('finds the trace of an observation that is linked alone, and refuses what it cannot link', async () => {
    const span = { traceId: traceId(), spanId: spanId() };
    await sendSpans(server, span);
    const linked = await link({
      runName: 'run-old',
      datasetItemId: 'one',
      observationId: span.spanId,
    });
    expect(linked.body['traceId']).toBe(span.traceId);
    const refused = await Promise.all([
      link({ runName: 'run-old', datasetItemId: 'nowhere', traceId: 't' }),
      link({ runName: 'run-old', datasetItemId: 'one' }),
      link({ datasetItemId: 'one', traceId: 't' }),
      link({ runName: 'run-old', datasetItemId: 'one', observationId: 'unknown' }),
    ]);
    expect(refused.map(({ status }) => status)).toEqual([404, 400, 400, 404]);
  });

  it('lists scores by ids, value and run; those of a trace once the trace is there', async () => {
    const span = { traceId: traceId(), spanId: spanId(), attributes: { 'user.id': 'scored' } };
    const score = (body: object) => server.post('/api/public/scores', body);
    await score({ id: 'v2-num', traceId: span.traceId, name: 'share', value: 0.5 });
    await score({
      id: 'v2-bool',
      traceId: span.traceId,
      name: 'ok',
      value: 1,
      dataType: 'BOOLEAN',
    });
    await score({
      id: 'v2-text',
      traceId: span.traceId,
      name: 'say',
      value: 'x',
      dataType: 'TEXT',
    });
    await score({ id: 'v2-run', datasetRunId: 'run-1', name: 'mean', value: 0.25 });
    const ids = 'scoreIds=v2-num,v2-bool,v2-text,v2-run';
    const list = async (query: string) =>
      rowsIn(await server.call(`/api/public/v2/scores?${ids}&${query}`));
    expect((await list('')).map(({ id }) => id)).toEqual(['v2-run']);
    await sendSpans(server, span);
    const rows = new Map((await list('')).map((row) => [row['id'], row]));
    expect(rows.get('v2-bool')).toMatchObject({
      value: 1,
      stringValue: 'True',
      trace: { userId: 'scored', sessionId: null },
    });
    expect(rows.get('v2-text')).not.toHaveProperty('value');
    expect(rows.get('v2-run')).toMatchObject({ datasetRunId: 'run-1', traceId: null, trace: null });
    const idsOf = async (query: string) => (await list(query)).map(({ id }) => id);
    expect(await idsOf('operator=%3E%3D&value=0.5')).toEqual(['v2-bool', 'v2-num']);
    expect(await idsOf('datasetRunId=run-1')).toEqual(['v2-run']);
    expect(await idsOf('dataType=TEXT')).toEqual(['v2-text']);
    expect((await list('fields=score'))[0]).not.toHaveProperty('trace');
    const one = await server.call('/api/public/v2/scores/v2-num');
    expect(one.body).toMatchObject({ id: 'v2-num', value: 0.5, dataType: 'NUMERIC' });
    const v1 = await server.call(`/api/public/scores?${ids}`);
    expect(rowsIn(v1).map(({ id }) => id)).not.toContain('v2-run');
    expect((await server.call('/api/public/v2/scores/none')).body['message']).toBe(
      'Score not found',
    );
  });

  it('counts traces by day and by v1 metrics', async () => {
    const day = Date.parse('2026-01-05T10:00:00.000Z');
    for (const name of ['metric-a', 'metric-a', 'metric-b'])
      await sendSpans(server, {
        traceId: traceId(),
        spanId: spanId(),
        name,
        start: day,
        attributes: {
          'langfuse.observation.model.name': 'gpt-4o-mini',
          'langfuse.observation.usage_details': '{"input":100,"output":10}',
        },
      });
    const query = {
      view: 'traces',
      dimensions: [{ field: 'name' }],
      metrics: [
        { measure: 'count', aggregation: 'count' },
        { measure: 'totalTokens', aggregation: 'sum' },
      ],
      fromTimestamp: '2026-01-05T00:00:00Z',
      toTimestamp: '2026-01-06T00:00:00Z',
    };
    const metrics = await server.call(
      `/api/public/metrics?query=${encodeURIComponent(JSON.stringify(query))}`,
    );
    expect(rowsIn(metrics)).toEqual([
      { name: 'metric-a', count_count: 2, sum_totalTokens: 220 },
      { name: 'metric-b', count_count: 1, sum_totalTokens: 110 },
    ]);
    const daily = await server.call(
      '/api/public/metrics/daily?toTimestamp=2026-01-06T00:00:00Z&fromTimestamp=2026-01-05T00:00:00Z',
    );
    expect(rowsIn(daily)).toMatchObject([
      {
        date: '2026-01-05',
        countTraces: 3,
        countObservations: 3,
        usage: [{ model: 'gpt-4o-mini', inputUsage: 300, outputUsage: 30, countTraces: 3 }],
      },
    ]);
  });
});
