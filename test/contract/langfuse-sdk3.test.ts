import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Langfuse } from 'langfuse';

import { keys, TestServer } from './langfuse-support.js';

/**
 * Applications instrumented with the langfuse 3.x package exist, and v4 servers refuse their traces. That its helpers resolve
 * all the same is why the package is in tests only.
 */
describe('the langfuse 3.x package against a v4 server', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });
  afterAll(() => server.stop());

  it('resolves although its traces are refused, while its scores arrive', async () => {
    const client = new Langfuse({ ...keys, baseUrl: server.url, flushAt: 1, fetchRetryCount: 0 });
    const errors: string[] = [];
    client.on('error', (error: unknown) => errors.push(String(error)));
    client.trace({ id: 'trace-of-sdk-3', name: 'old', input: 'in', output: 'out' });
    client.score({ id: 'score-of-sdk-3', traceId: 'trace-of-sdk-3', name: 'quality', value: 1 });
    // The caller is told nothing: this is what makes it unfit for our activities.
    await expect(client.shutdownAsync()).resolves.toBeUndefined();

    const rows = await server.call('/api/public/v2/observations?traceId=trace-of-sdk-3');
    expect(rows.body['data']).toEqual([]);
    const scores = await server.call('/api/public/v3/scores?id=score-of-sdk-3');
    expect(scores.body['data']).toHaveLength(1);
  });

  it('resolves on an answer of 500 as well', async () => {
    await server.post('/dev/faults', {
      kind: 'server_error',
      next: 3,
      pathPrefix: '/api/public/ingestion',
    });
    const client = new Langfuse({ ...keys, baseUrl: server.url, flushAt: 1, fetchRetryCount: 0 });
    client.score({ id: 'score-lost', traceId: 'trace-lost', name: 'quality', value: 1 });
    await expect(client.shutdownAsync()).resolves.toBeUndefined();
    const scores = await server.call('/api/public/v3/scores?id=score-lost');
    expect(scores.body['data']).toEqual([]);
  });
});
