import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Loose } from '../langfuse-support.js';
import { figuresOf, startMoves, type Moves } from './driver.js';
import { fillWorkspace, start } from './workspace.js';

const examples = 30;
const live = 25;

/** All rows of a list of the API of Langfuse 3. */
async function listOf({ langfuse }: Moves, path: string): Promise<readonly Loose[]> {
  const rows: Loose[] = [];
  for (let page = 1; ; page += 1) {
    const join = path.includes('?') ? '&' : '?';
    const { status, text, body } = await langfuse.call(
      `/api/public/${path}${join}page=${page}&limit=100`,
    );
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
    const data = body['data'] as readonly Loose[];
    rows.push(...data);
    if (data.length < 100) return rows;
  }
}

/** Requests that write, by the server's own count. */
async function writes({ langfuse }: Moves): Promise<number> {
  const { body } = await langfuse.call('/dev/stats');
  return Object.entries(body['requests'] as Readonly<Record<string, number>>)
    .filter(([route]) => /^(?:POST|PATCH|PUT|DELETE) \/api\/public/.test(route))
    .reduce((sum, [, count]) => sum + count, 0);
}

describe.each([
  ['Langfuse 3', { mode: 'legacy', version: '3.140.0' }],
  ['Langfuse 4 that writes both', { mode: 'dual' }],
] as const)('a move to %s', (_, options) => {
  let moves: Moves;
  beforeAll(async () => {
    moves = await startMoves(options);
    await fillWorkspace(moves.langsmith, { examples, live });
  });
  afterAll(() => moves.stop());

  it('brings all of it once, though an answer to the spans and one to the scores is lost', async () => {
    for (const pathPrefix of ['/api/public/otel/v1/traces', '/api/public/ingestion']) {
      await moves.langfuse.post('/dev/faults', { kind: 'commit_then_drop', next: 1, pathPrefix });
    }
    const report = await moves.run({ name: 'all' });
    expect(report.error).toBeUndefined();
    expect(report.kinds.flatMap(({ differing }) => differing)).toEqual([]);
    expect(report.status).toBe('verified');
    const whole = { left: [], differing: [] };
    expect(figuresOf(report, 'item')).toMatchObject({ ...whole, verified: examples });
    expect(figuresOf(report, 'prompt_version')).toMatchObject({ found: 3, verified: 2 });
    expect(figuresOf(report, 'prompt_label')).toMatchObject({ ...whole, verified: 1 });
    expect(figuresOf(report, 'trace')).toMatchObject({ ...whole, verified: examples + live });
    expect(figuresOf(report, 'score')).toMatchObject({ found: 4, verified: 3 });
  });

  it('keeps times, parents and conversations, and puts scores where they were', async () => {
    const traces = await listOf(moves, 'traces');
    expect(traces).toHaveLength(examples + live);
    const observations = await listOf(moves, 'observations');
    expect(observations).toHaveLength(examples + 2 * live);
    expect(new Set(observations.map(({ id }) => id)).size).toBe(observations.length);
    const talks = traces.filter(({ sessionId }) => String(sessionId).startsWith('talk-'));
    expect(talks).toHaveLength(live);
    expect(talks.map(({ timestamp }) => Date.parse(String(timestamp)) - start).sort()).toEqual(
      Array.from({ length: live }, (__, index) => index * 10).sort(),
    );
    for (const { id } of talks) {
      const spans = observations.filter(({ traceId }) => traceId === id);
      const root = spans.find(({ parentObservationId }) => parentObservationId === null);
      const call = spans.find(({ type }) => type === 'GENERATION');
      expect(call).toMatchObject({ parentObservationId: root?.['id'], model: 'demo-small' });
      const began = Date.parse(String(root?.['startTime']));
      expect(Date.parse(String(root?.['endTime'])) - began).toBe(1_500);
      expect(Date.parse(String(call?.['startTime'])) - began).toBe(100);
    }
    const scores = await listOf(moves, 'v2/scores');
    expect(
      scores.map(({ name, value, stringValue }) => [name, stringValue ?? value]).sort(),
    ).toEqual([
      ['correct', 0],
      ['correct', 1],
      ['tone', 'warm'],
    ]);
    const tone = scores.find(({ name }) => name === 'tone');
    expect(observations.find(({ id }) => id === tone?.['observationId'])).toMatchObject({
      type: 'GENERATION',
      traceId: tone?.['traceId'],
    });
    const source = [...moves.langsmith.inspect.feedback].find(({ key }) => key === 'tone');
    expect(Date.parse(String(tone?.['timestamp']))).toBe(
      Math.floor(Number(source?.createdAt) / 1_000),
    );
  });

  it('shows the experiment with each of its items once', async () => {
    if (options.mode === 'dual') {
      const asked = 'fromStartTime=2026-01-01T00:00:00Z&fields=core,metadata';
      const { body } = await moves.langfuse.call(`/api/public/experiments?${asked}`);
      const [experiment] = body['data'] as readonly Loose[];
      expect(experiment).toMatchObject({ name: 'baseline', metadata: { model: 'demo-small' } });
      const of = `${asked}&limit=100&experimentId=${String(experiment?.['id'])}`;
      const items = await moves.langfuse.call(`/api/public/experiment-items?${of}`);
      const rows = items.body['data'] as readonly Loose[];
      expect(new Set(rows.map(({ experimentItemId }) => experimentItemId)).size).toBe(examples);
      expect(rows).toHaveLength(examples);
      return;
    }
    const datasets = await listOf(moves, 'v2/datasets');
    const runs = await listOf(moves, 'datasets/capitals/runs');
    expect(runs).toMatchObject([
      { name: 'baseline', metadata: { model: 'demo-small', 'assay.moved_from': 'langsmith' } },
    ]);
    const items = await listOf(
      moves,
      `dataset-run-items?datasetId=${String(datasets[0]?.['id'])}&runName=baseline`,
    );
    expect(items).toHaveLength(examples);
    expect(new Set(items.map(({ datasetItemId }) => datasetItemId)).size).toBe(examples);
    expect(new Set(items.map(({ traceId }) => traceId)).size).toBe(examples);
  });

  it('writes nothing where it is made again, under its own name or another', async () => {
    const before = await writes(moves);
    const again = await moves.run({ name: 'all' });
    const other = await moves.run({ name: 'once-more' });
    expect([again.status, other.status]).toEqual(['verified', 'verified']);
    expect(figuresOf(other, 'trace')).toMatchObject({ written: 0, stood: examples + live });
    expect(figuresOf(other, 'score')).toMatchObject({ written: 0, stood: 3 });
    expect(await writes(moves)).toBe(before);
  });
});

describe('a trace that stands on Langfuse 3 and is in no run', () => {
  let moves: Moves;
  beforeAll(async () => {
    moves = await startMoves({ mode: 'legacy', version: '3.140.0' });
    await fillWorkspace(moves.langsmith, { examples: 4, live: 1 });
  });
  afterAll(() => moves.stop());

  it('is told by the report, and brought into its run by the next move, once', async () => {
    const first = await moves.run({ name: 'first' });
    expect(first.status).toBe('verified');
    const runs = 'dataset-run-items';
    const [dataset] = await listOf(moves, 'v2/datasets');
    const asked = `${runs}?datasetId=${String(dataset?.['id'])}&runName=baseline`;
    expect(await listOf(moves, asked)).toHaveLength(4);
    await moves.langfuse.call('/api/public/datasets/capitals/runs/baseline', { method: 'DELETE' });
    const again = await moves.run({ name: 'first' });
    expect(again.status).toBe('differs');
    expect(figuresOf(again, 'trace')?.differing).toMatchObject([
      { count: 4, reason: 'the target does not show it' },
    ]);
    const second = await moves.run({ name: 'second' });
    expect(second.status).toBe('verified');
    expect(figuresOf(second, 'trace')).toMatchObject({ written: 4, stood: 1, verified: 5 });
    expect(await listOf(moves, asked)).toHaveLength(4);
    expect(await listOf(moves, 'observations')).toHaveLength(6);
  });
});
