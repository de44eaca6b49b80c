import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Langfuse } from 'langfuse';

import { keys, observationsOf, TestServer } from './langfuse-support.js';

/** An application that was never moved off the 3.x package, against the servers that it was written for. */
describe.each(['legacy', 'dual'] as const)('the langfuse 3.x package, unchanged, in %s', (mode) => {
  let server: TestServer;
  let client: Langfuse;
  const errors: string[] = [];

  beforeAll(async () => {
    server = await TestServer.start({ mode });
    client = new Langfuse({ ...keys, baseUrl: server.url, fetchRetryCount: 0 });
    client.on('error', (error: unknown) => errors.push(String(error)));
  });
  afterAll(async () => {
    await client.shutdownAsync();
    await server.stop();
  });

  it('reads back a trace with spans, a generation, an event and scores', async () => {
    const trace = client.trace({
      id: 'app-1',
      name: 'answer-question',
      userId: 'ann',
      sessionId: 'talk',
      tags: ['blue'],
      metadata: { tenant: { id: 1 } },
      input: { q: 'two plus two?' },
    });
    const span = trace.span({ name: 'retrieve', input: 'two' });
    span.event({ name: 'hit', level: 'WARNING' });
    span.end({ output: ['doc'] });
    const generation = trace.generation({
      name: 'call-model',
      model: 'gpt-4o-mini',
      modelParameters: { temperature: 0.1 },
      input: [{ role: 'user', content: 'two plus two?' }],
    });
    generation.end({ output: 'four', usage: { promptTokens: 1_000, completionTokens: 500 } });
    generation.score({ name: 'exact', value: 1 });
    trace.update({ output: 'four', metadata: { tenant: { plan: 'free' } } });
    trace.score({ name: 'tone', value: 'kind' });
    await client.flushAsync();

    const { data } = await client.fetchTrace('app-1');
    expect(data).toMatchObject({
      name: 'answer-question',
      userId: 'ann',
      sessionId: 'talk',
      tags: ['blue'],
      metadata: { tenant: { id: 1, plan: 'free' } },
      input: { q: 'two plus two?' },
      output: 'four',
      totalCost: 0.00045,
    });
    const byName = new Map(data.observations.map((row) => [row.name, row]));
    expect(byName.get('hit')).toMatchObject({
      type: 'EVENT',
      parentObservationId: span.id,
      level: 'WARNING',
    });
    expect(byName.get('call-model')).toMatchObject({
      type: 'GENERATION',
      model: 'gpt-4o-mini',
      output: 'four',
      usage: { input: 1_000, output: 500, total: 1_500 },
    });
    expect(data.scores.map(({ name }) => name).sort()).toEqual(['exact', 'tone']);

    const listed = await client.fetchTraces({ userId: 'ann', tags: ['blue'] });
    expect(listed.data.map(({ id }) => id)).toEqual(['app-1']);
    const observations = await client.fetchObservations({ traceId: 'app-1', type: 'GENERATION' });
    expect(observations.data.map(({ id }) => id)).toEqual([generation.id]);
    const one = await client.fetchObservation(generation.id);
    expect(one.data.name).toBe('call-model');
    const sessions = await client.fetchSessions();
    expect(sessions.data.map(({ id }) => id)).toEqual(['talk']);
    expect(errors).toEqual([]);
  });

  it('links dataset items to a run and reads the run', async () => {
    await client.createDataset('sdk3-set');
    for (const id of ['sdk3-one', 'sdk3-two'])
      await client.createDatasetItem({
        datasetName: 'sdk3-set',
        id,
        input: id,
        expectedOutput: 'x',
      });
    const dataset = await client.getDataset('sdk3-set');
    for (const item of dataset.items) {
      const trace = client.trace({ name: 'item', input: item.id });
      await item.link(trace, 'sdk3-run', { description: 'nightly', metadata: { commit: 'abc' } });
    }
    const run = await client.getDatasetRun({ datasetName: 'sdk3-set', runName: 'sdk3-run' });
    expect(run).toMatchObject({ description: 'nightly', metadata: { commit: 'abc' } });
    expect(run.datasetRunItems.map(({ datasetItemId }) => datasetItemId).sort()).toEqual([
      'sdk3-one',
      'sdk3-two',
    ]);
    const runs = await client.getDatasetRuns('sdk3-set');
    expect(runs.data.map(({ name }) => name)).toEqual(['sdk3-run']);
    // The link flushes its trace first, so it can be read.
    const [item] = run.datasetRunItems;
    const { data } = await client.fetchTrace(item?.traceId ?? '');
    expect(data.name).toBe('item');
  });

  it('fetches a prompt and ties a generation to its version', async () => {
    await client.createPrompt({
      name: 'sdk3-greeter',
      prompt: 'Hello {{name}}',
      labels: ['production'],
    });
    const prompt = await client.getPrompt('sdk3-greeter');
    expect(prompt.compile({ name: 'Ada' })).toBe('Hello Ada');
    const trace = client.trace({ id: 'prompted' });
    const generation = trace.generation({ name: 'greet', prompt, model: 'gpt-4o-mini' });
    await client.flushAsync();
    const { data } = await client.fetchObservation(generation.id);
    expect(data).toMatchObject({ promptName: 'sdk3-greeter', promptVersion: 1 });
    expect(data.promptId).not.toBeNull();
  });

  it('reaches the v4 tables in dual by the job, in legacy never', async () => {
    client.trace({ id: 'moved', name: 'moved' }).span({ id: 'moved-span', name: 'step' }).end();
    await client.flushAsync();
    await server.post('/dev/propagate', {});
    const stats = await server.call('/dev/stats');
    if (mode === 'legacy') {
      expect(stats.body['rows']).toMatchObject({ observations: 0 });
      return;
    }
    const rows = await observationsOf(server, { traceId: 'moved' });
    expect(rows.map(({ id }) => id).sort()).toEqual(['moved-span', 't-moved']);
  });
});
