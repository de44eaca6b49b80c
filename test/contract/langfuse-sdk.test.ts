import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LangfuseClient } from '@langfuse/client';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { propagateAttributes, startActiveObservation, startObservation } from '@langfuse/tracing';
import { NodeSDK } from '@opentelemetry/sdk-node';

import { stableExperimentId } from '../../src/devstack/langfuse/ids.js';
import { eventually, keys, project, TestServer } from './langfuse-support.js';

describe('the official SDK 5, unchanged, against the dev server', () => {
  let server: TestServer;
  let client: LangfuseClient;
  let processor: LangfuseSpanProcessor;
  let sdk: NodeSDK;

  beforeAll(async () => {
    server = await TestServer.start();
    client = new LangfuseClient({ ...keys, baseUrl: server.url });
    processor = new LangfuseSpanProcessor({
      ...keys,
      baseUrl: server.url,
      environment: 'contract',
    });
    sdk = new NodeSDK({
      spanProcessors: [processor],
      metricReaders: [],
      logRecordProcessors: [],
      instrumentations: [],
    });
    sdk.start();
  });

  afterAll(async () => {
    await sdk.shutdown();
    await client.shutdown();
    await server.stop();
  });

  const rowsOf = (traceId: string) =>
    eventually(
      async () => {
        const answer = await client.api.observations.getMany({
          traceId,
          fields: 'core,basic,io,metadata,model,usage,prompt,trace_context',
        });
        return answer.data;
      },
      (rows) => rows.length > 0,
    );

  it('reads back a trace with a generation: tree, io, usage, cost and what was propagated', async () => {
    const traceId = propagateAttributes(
      { userId: 'user-7', sessionId: 'session-7', tags: ['blue'], traceName: 'answer-question' },
      () =>
        startActiveObservation('handle', (root) => {
          root.update({ input: { q: 'two plus two?' }, output: 'four', metadata: { attempt: 2 } });
          const generation = startObservation(
            'call-model',
            {
              model: 'gpt-4o-mini',
              input: [{ role: 'user', content: 'two plus two?' }],
              output: { role: 'assistant', content: 'four' },
              usageDetails: { input: 1_000, output: 500 },
              modelParameters: { temperature: 0.1 },
            },
            { asType: 'generation' },
          );
          generation.end();
          return root.traceId;
        }),
    );
    await processor.forceFlush();

    const rows = await rowsOf(traceId);
    const root = rows.find((row) => row.name === 'handle');
    const generation = rows.find((row) => row.name === 'call-model');
    expect(rows).toHaveLength(2);
    expect(root).toMatchObject({
      type: 'SPAN',
      parentObservationId: null,
      isRootObservation: true,
      input: '{"q":"two plus two?"}',
      output: 'four',
      environment: 'contract',
      userId: 'user-7',
      sessionId: 'session-7',
      tags: ['blue'],
      traceName: 'answer-question',
    });
    expect(root?.metadata).toMatchObject({ attempt: 2 });
    expect(generation).toMatchObject({
      type: 'GENERATION',
      parentObservationId: root?.id,
      model: 'gpt-4o-mini',
      modelParameters: { temperature: 0.1 },
      usageDetails: { input: 1_000, output: 500, total: 1_500 },
      // 1,000 × 0.15 $/M + 500 × 0.6 $/M.
      costDetails: { input: 0.00015, output: 0.0003, total: 0.00045 },
      userId: 'user-7',
    });
  });

  it('stores scores of the score manager under their own ids', async () => {
    client.score.create({
      id: 'sdk-score-1',
      traceId: 'sdk-trace',
      name: 'exact',
      value: 1,
      dataType: 'BOOLEAN',
      comment: 'right',
    });
    client.score.create({ id: 'sdk-score-2', traceId: 'sdk-trace', name: 'tone', value: 'kind' });
    await client.score.flush();
    const { data } = await client.api.scoresV3.getManyV3({
      traceId: 'sdk-trace',
      fields: 'details,subject',
    });
    const byId = new Map(data.map((score) => [score.id, score]));
    expect(byId.get('sdk-score-1')).toMatchObject({
      value: true,
      dataType: 'BOOLEAN',
      comment: 'right',
      subject: { kind: 'trace', id: 'sdk-trace' },
    });
    expect(byId.get('sdk-score-2')).toMatchObject({ value: 'kind', dataType: 'CATEGORICAL' });
  });

  it('creates, labels, fetches and compiles prompts', async () => {
    const first = await client.prompt.create({
      name: 'sdk/greeter',
      type: 'text',
      prompt: 'Hello {{name}}',
      labels: ['production'],
      config: { temperature: 0 },
    });
    await client.prompt.create({ name: 'sdk/greeter', type: 'text', prompt: 'Hi {{name}}' });
    const production = await client.prompt.get('sdk/greeter', { cacheTtlSeconds: 0 });
    expect(production.version).toBe(first.version);
    expect(production.compile({ name: 'Ada' })).toBe('Hello Ada');
    await client.prompt.update({ name: 'sdk/greeter', version: 2, newLabels: ['production'] });
    const moved = await client.prompt.get('sdk/greeter', { cacheTtlSeconds: 0 });
    expect(moved.version).toBe(2);
    const chat = await client.prompt.create({
      name: 'sdk/chat',
      type: 'chat',
      prompt: [
        { role: 'system', content: 'Be {{mood}}' },
        { type: 'placeholder', name: 'history' },
      ],
      labels: ['production'],
    });
    expect(chat.version).toBe(1);
    const fetched = await client.prompt.get('sdk/chat', { type: 'chat', cacheTtlSeconds: 0 });
    expect(
      fetched.compile({ mood: 'brief' }, { history: [{ role: 'user', content: 'hey' }] }),
    ).toEqual([
      { role: 'system', content: 'Be brief' },
      { role: 'user', content: 'hey' },
    ]);
  });

  it('runs an experiment over a dataset: run, items, expected outputs and scores are there', async () => {
    const dataset = await client.api.datasets.create({ name: 'sdk-arithmetic' });
    for (const [id, input, expectedOutput] of [
      ['add', '1 + 1', 'two'],
      ['sub', '3 - 1', 'three'],
    ] as const)
      await client.api.datasetItems.create({
        datasetName: dataset.name,
        id: `sdk-${id}`,
        input,
        expectedOutput,
      });

    const loaded = await client.dataset.get(dataset.name);
    const result = await loaded.runExperiment({
      name: 'arithmetic',
      runName: 'arithmetic-1',
      description: 'first try',
      task: () => Promise.resolve('two'),
      evaluators: [
        ({ output, expectedOutput }) =>
          Promise.resolve({ name: 'exact', value: output === expectedOutput ? 1 : 0 }),
      ],
      runEvaluators: [() => Promise.resolve({ name: 'mean', value: 0.5 })],
    });
    await processor.forceFlush();

    const experimentId = stableExperimentId(project.projectId, dataset.id, 'arithmetic-1');
    expect(result.experimentId).toBe(experimentId);
    const fromStartTime = new Date(Date.now() - 3_600_000).toISOString();
    const { data: experiments } = await client.api.experiments.list({
      fromStartTime,
      id: experimentId,
      fields: 'core,metadata,scores',
    });
    expect(experiments).toHaveLength(1);
    expect(experiments[0]).toMatchObject({
      name: 'arithmetic-1',
      itemCount: 2,
      datasetId: dataset.id,
      scores: [{ name: 'mean', value: 0.5 }],
    });
    const { data: items } = await client.api.experiments.listItems({
      fromStartTime,
      experimentId,
      fields: 'core,dataset,io,scores',
    });
    const summary = items.map((item) => [
      item.experimentItemId,
      item.output,
      item.expectedOutput,
      item.scores?.map(({ value }) => value),
    ]);
    expect(new Set(summary.map((row) => JSON.stringify(row)))).toEqual(
      new Set([
        JSON.stringify(['sdk-add', 'two', 'two', [1]]),
        JSON.stringify(['sdk-sub', 'two', 'three', [0]]),
      ]),
    );
  });

  it('answers health and projects', async () => {
    const health = await client.api.health.health();
    expect(health).toMatchObject({ status: 'OK', version: '4.16.0' });
    const { data } = await client.api.projects.get();
    expect(data[0]).toMatchObject({ id: project.projectId });
  });
});
