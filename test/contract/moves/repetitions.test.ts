import { afterEach, describe, expect, it } from '@jest/globals';

import { langfuseExperimentId } from '../../../src/core/ids/platform-ids.js';
import type { Loose } from '../langfuse-support.js';
import { figuresOf, startMoves, type Moves } from './driver.js';
import { fillWorkspace, start } from './workspace.js';

const examples = 4;
let moves: Moves;
afterEach(() => moves.stop());

/** The items of each experiment that a v4 server shows, by the experiment's name. */
async function experimentsOn4(): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const asked = 'fromStartTime=2026-01-01T00:00:00Z&fields=core,metadata&limit=100';
  const { body } = await moves.langfuse.call(`/api/public/experiments?${asked}`);
  const shown: Record<string, readonly unknown[]> = {};
  for (const { id, name } of body['data'] as readonly Loose[]) {
    const of = `${asked}&experimentId=${String(id)}`;
    const items = await moves.langfuse.call(`/api/public/experiment-items?${of}`);
    shown[String(name)] = (items.body['data'] as readonly Loose[]).map(
      ({ experimentItemId }) => experimentItemId,
    );
  }
  return shown;
}

describe('an experiment whose items ran twice', () => {
  it('is two experiments on Langfuse 4, each with each item once, in the order in which they ran', async () => {
    moves = await startMoves();
    await fillWorkspace(moves.langsmith, { examples, live: 1, repetitions: 2 });
    const report = await moves.run({ name: 'all' });
    expect(report).toMatchObject({ status: 'verified' });
    expect(figuresOf(report, 'trace')).toMatchObject({ verified: 2 * examples + 1 });
    const shown = await experimentsOn4();
    expect(Object.keys(shown).sort()).toEqual(['baseline', 'baseline (repetition 2)']);
    for (const items of Object.values(shown)) {
      expect(items).toHaveLength(examples);
      expect(new Set(items).size).toBe(examples);
    }
    const second = 'baseline (repetition 2)';
    const { body } = await moves.langfuse.call(
      '/api/public/v2/observations?fields=core,basic,time,trace_context&limit=100',
    );
    const [dataset] = moves.langsmith.inspect.datasets;
    expect(dataset).toBeDefined();
    // The second run of each item was a minute later.
    const late = (body['data'] as readonly Loose[]).filter(
      ({ startTime }) => Date.parse(String(startTime)) >= start + 60_000,
    );
    expect(late).toHaveLength(examples);
    expect(shown[second]).toHaveLength(late.length);
    const again = await moves.run({ name: 'again' });
    expect(figuresOf(again, 'trace')).toMatchObject({ written: 0, stood: 2 * examples + 1 });
  });

  it('is two runs on Langfuse 3', async () => {
    moves = await startMoves({ mode: 'legacy', version: '3.140.0' });
    await fillWorkspace(moves.langsmith, { examples, live: 1, repetitions: 2 });
    const report = await moves.run({ name: 'all' });
    expect(report).toMatchObject({ status: 'verified' });
    const list = await moves.langfuse.call('/api/public/datasets/capitals/runs');
    const runs = list.body['data'] as readonly Loose[];
    expect(runs.map(({ name }) => name).sort()).toEqual(['baseline', 'baseline (repetition 2)']);
    for (const { name, datasetId } of runs) {
      const query = new URLSearchParams({ datasetId: String(datasetId), runName: String(name) });
      const items = await moves.langfuse.call(`/api/public/dataset-run-items?${query.toString()}`);
      expect(items.body['data']).toHaveLength(examples);
    }
    const again = await moves.run({ name: 'again' });
    expect(figuresOf(again, 'trace')).toMatchObject({ written: 0, stood: 2 * examples + 1 });
  });

  it('keeps its second traces where only that name is taken, and tells that they are in no experiment', async () => {
    moves = await startMoves();
    await fillWorkspace(moves.langsmith, { examples, live: 1, repetitions: 2 });
    await moves.run({ name: 'sets', only: ['datasets'] });
    await takeName('baseline (repetition 2)');
    const report = await moves.run({ name: 'all' });
    expect(report).toMatchObject({ status: 'verified' });
    expect(figuresOf(report, 'trace')).toMatchObject({
      verified: 2 * examples + 1,
      notCarried: [{ reason: 'the name of repetition 2 is taken there', count: examples }],
    });
    expect((await experimentsOn4())['baseline (repetition 2)']).toEqual(['theirs']);
  });
});

/** Somebody else's experiment of this name on the dataset. */
async function takeName(name: string): Promise<void> {
  const { body } = await moves.langfuse.call('/api/public/v2/datasets/capitals');
  const datasetId = String(body['id']);
  const id = langfuseExperimentId('project-contract', datasetId, name);
  const attributes = {
    'langfuse.experiment.id': id,
    'langfuse.experiment.name': name,
    'langfuse.experiment.dataset.id': datasetId,
    'langfuse.experiment.item.id': 'theirs',
    'langfuse.experiment.item.root_observation_id': 'cd'.repeat(8),
  };
  const span = {
    traceId: 'ab'.repeat(16),
    spanId: 'cd'.repeat(8),
    name: 'theirs',
    kind: 1,
    startTimeUnixNano: `${start}000000`,
    endTimeUnixNano: `${start + 5}000000`,
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({
      key,
      value: { stringValue },
    })),
  };
  const scopeSpans = [{ scope: { name: 'langfuse-sdk' }, spans: [span] }];
  const answer = await moves.langfuse.call('/api/public/otel/v1/traces', {
    method: 'POST',
    headers: { 'x-langfuse-ingestion-version': '4' },
    body: { resourceSpans: [{ resource: {}, scopeSpans }] },
  });
  expect(answer.status).toBe(200);
}
