import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LangfuseClient } from '@langfuse/client';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { propagateAttributes, startActiveObservation, startObservation } from '@langfuse/tracing';
import { NodeSDK } from '@opentelemetry/sdk-node';

import { keys, TestServer } from './langfuse-support.js';

describe('the official SDK 5, unchanged, against a server in dual', () => {
  let server: TestServer;
  let client: LangfuseClient;
  let processor: LangfuseSpanProcessor;
  let sdk: NodeSDK;

  beforeAll(async () => {
    server = await TestServer.start({ mode: 'dual' });
    client = new LangfuseClient({ ...keys, baseUrl: server.url });
    processor = new LangfuseSpanProcessor({ ...keys, baseUrl: server.url });
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

  it('shows one trace in both kinds of tables, without the job', async () => {
    const traceId = propagateAttributes(
      { userId: 'user-7', sessionId: 'session-7', tags: ['blue'], traceName: 'answer-question' },
      () =>
        startActiveObservation('handle', (root) => {
          root.update({ input: { q: 'two plus two?' }, output: 'four', metadata: { attempt: 2 } });
          startObservation(
            'call-model',
            { model: 'gpt-4o-mini', usageDetails: { input: 1_000, output: 500 } },
            { asType: 'generation' },
          ).end();
          return root.traceId;
        }),
    );
    await processor.forceFlush();
    const v4 = await client.api.observations.getMany({ traceId, fields: 'core,basic' });
    expect(v4.data.map(({ name }) => name).sort()).toEqual(['call-model', 'handle']);
    const v3 = await server.call(`/api/public/traces/${traceId}`);
    expect(v3.body).toMatchObject({
      name: 'answer-question',
      userId: 'user-7',
      sessionId: 'session-7',
      tags: ['blue'],
      input: { q: 'two plus two?' },
      output: 'four',
      metadata: { attempt: 2 },
      totalCost: 0.00045,
    });
    expect(v3.body['observations']).toHaveLength(2);
    expect((await server.post('/dev/propagate', {})).body).toEqual({ propagated: 0 });
  });

  it('runs an experiment that v4 shows as one, with the id of the stored run', async () => {
    await client.api.datasets.create({ name: 'dual-set' });
    const item = { datasetName: 'dual-set', id: 'dual-one', input: '1 + 1', expectedOutput: 'two' };
    await client.api.datasetItems.create(item);
    const loaded = await client.dataset.get('dual-set');
    const result = await loaded.runExperiment({
      name: 'dual',
      runName: 'dual-1',
      task: () => Promise.resolve('two'),
    });
    await processor.forceFlush();
    const run = await server.call('/api/public/datasets/dual-set/runs/dual-1');
    const linked = run.body['datasetRunItems'] as { datasetItemId: string; traceId: string }[];
    expect(linked).toMatchObject([{ datasetItemId: 'dual-one' }]);
    const { data } = await client.api.experiments.list({
      fromStartTime: new Date(Date.now() - 3_600_000).toISOString(),
      id: result.experimentId,
      fields: 'core',
    });
    expect(data).toMatchObject([{ name: 'dual-1', itemCount: 1 }]);
    const trace = await server.call(`/api/public/traces/${linked[0]?.traceId ?? ''}`);
    expect(trace.body['output']).toBe('two');
  });
});
