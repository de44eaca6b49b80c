import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { JsonAnswer } from './langfuse-support.js';
import { TestServer } from './langfuse-support.js';

const at = '2026-03-01T12:00:00.000Z';
let events = 0;

describe('the ingestion endpoint in legacy', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start({ mode: 'legacy' });
  });
  afterAll(() => server.stop());

  const send = (...batch: readonly (readonly [string, object])[]): Promise<JsonAnswer> =>
    server.post('/api/public/ingestion', {
      batch: batch.map(([type, body]) => {
        events += 1;
        return { id: `event-${events}`, type, timestamp: at, body };
      }),
    });
  const trace = async (id: string) => (await server.call(`/api/public/traces/${id}`)).body;
  const observation = async (id: string) =>
    (await server.call(`/api/public/observations/${id}`)).body;

  it('merges what is said of a trace: metadata deep, tags united, what is left out stays', async () => {
    await send([
      'trace-create',
      {
        id: 'merge-1',
        name: 'first',
        userId: 'ann',
        environment: 'staging',
        tags: ['b', 'a'],
        input: { q: 1 },
        metadata: { deep: { x: 1, list: [1] }, keep: 'k' },
      },
    ]);
    await send([
      'trace-create',
      {
        id: 'merge-1',
        name: 'second',
        userId: null,
        environment: 'production',
        tags: ['c', 'a'],
        output: 'done',
        metadata: { deep: { y: 2, list: [2] } },
      },
    ]);
    expect(await trace('merge-1')).toMatchObject({
      name: 'second',
      userId: 'ann',
      environment: 'staging',
      tags: ['a', 'b', 'c'],
      input: { q: 1 },
      output: 'done',
      metadata: { deep: { x: 1, y: 2, list: [2] }, keep: 'k' },
    });
  });

  it('merges create and update of an observation, in one batch or in two', async () => {
    const create = {
      traceId: 'gen-trace',
      name: 'llm',
      startTime: '2026-03-01T12:00:00.200Z',
      model: 'gpt-4o-mini',
      modelParameters: { temperature: 0 },
      usage: { promptTokens: 1_000, completionTokens: 500, totalTokens: 1_500 },
    };
    const update = {
      traceId: 'gen-trace',
      endTime: '2026-03-01T12:00:01.000Z',
      completionStartTime: '2026-03-01T12:00:00.500Z',
      output: { text: 'hey' },
      level: 'WARNING',
      statusMessage: 'slow',
    };
    await send(
      ['generation-create', { id: 'gen-1', ...create }],
      ['generation-update', { id: 'gen-1', ...update }],
    );
    await send(['generation-create', { id: 'gen-2', ...create }]);
    await send(['generation-update', { id: 'gen-2', ...update, usageDetails: { input: 2_000 } }]);
    expect(await observation('gen-1')).toMatchObject({
      type: 'GENERATION',
      name: 'llm',
      latency: 0.8,
      timeToFirstToken: 0.3,
      modelParameters: { temperature: 0 },
      usageDetails: { input: 1_000, output: 500, total: 1_500 },
      // 1,000 × 0.15 $/M + 500 × 0.6 $/M.
      costDetails: { input: 0.00015, output: 0.0003, total: 0.00045 },
      output: { text: 'hey' },
      level: 'WARNING',
      statusMessage: 'slow',
    });
    // Usage is replaced as a whole, and the cost follows it.
    expect(await observation('gen-2')).toMatchObject({
      startTime: '2026-03-01T12:00:00.200Z',
      usageDetails: { input: 2_000, total: 2_000 },
      costDetails: { input: 0.0003, total: 0.0003 },
    });
  });

  it('counts what OpenAI tells apart once, and keeps costs that were given', async () => {
    await send(
      [
        'generation-create',
        {
          id: 'usage-openai',
          traceId: 'usage',
          startTime: at,
          usageDetails: {
            prompt_tokens: 100,
            completion_tokens: 20,
            total_tokens: 120,
            prompt_tokens_details: { cached_tokens: 60, audio_tokens: 0 },
          },
        },
      ],
      [
        'generation-create',
        {
          id: 'usage-cost',
          traceId: 'usage',
          startTime: at,
          model: 'gpt-4o-mini',
          usage: { input: 5, output: 6, unit: 'TOKENS', inputCost: 0.25, outputCost: 0.5 },
        },
      ],
    );
    expect(await observation('usage-openai')).toMatchObject({
      usageDetails: { input: 40, input_cached_tokens: 60, output: 20, total: 120 },
    });
    expect(await observation('usage-cost')).toMatchObject({
      usageDetails: { input: 5, output: 6, total: 11 },
      costDetails: { input: 0.25, output: 0.5, total: 0.75 },
    });
  });

  it('takes observations of any type; one without a trace makes its own', async () => {
    await send(
      ['span-create', { id: 'type-span', traceId: 'types', startTime: at }],
      ['event-create', { id: 'type-event', traceId: 'types', startTime: at }],
      ['tool-create', { id: 'type-tool', traceId: 'types', startTime: at }],
      ['observation-create', { id: 'type-own', traceId: 'types', type: 'AGENT', startTime: at }],
      ['span-create', { id: 'type-lone', name: 'lone', startTime: at }],
    );
    const types = await Promise.all(
      ['type-span', 'type-event', 'type-tool', 'type-own', 'type-lone'].map(observation),
    );
    expect(types.map(({ type }) => type)).toEqual(['SPAN', 'EVENT', 'TOOL', 'AGENT', 'SPAN']);
    expect(await trace('type-lone')).toMatchObject({ name: 'lone', latency: 0 });
  });

  it('answers for each event: wrong types and bad times are errors beside the successes', async () => {
    const answer = await send(
      ['trace-create', { id: 'mixed' }],
      ['no-such-type', { id: 'x' }],
      ['span-create', { id: 'bad', traceId: 'mixed', startTime: 'not a date' }],
      ['span-update', { traceId: 'mixed', output: 'an update of nothing' }],
    );
    expect(answer.status).toBe(207);
    expect(answer.body['successes']).toHaveLength(1);
    const errors = answer.body['errors'] as { status: number; message: string; error: string }[];
    expect(errors.map(({ status, message }) => [status, message])).toEqual(
      Array.from({ length: 3 }, () => [400, 'Invalid request data']),
    );
    expect(errors[0]?.error).toContain('No matching discriminator');
    expect((await server.call('/api/public/observations/bad')).status).toBe(404);
  });

  it('loses what holds half of a surrogate pair, without losing the rest', async () => {
    await send(
      ['trace-create', { id: 'half', name: 'half \ud800' }],
      ['trace-create', { id: 'whole', name: 'sound' }],
    );
    expect((await server.call('/api/public/traces/half')).status).toBe(404);
    expect(await trace('whole')).toMatchObject({ name: 'sound' });
  });

  it('lists traces by user, tags, time and order, with only the asked groups', async () => {
    for (const [id, minute] of [
      ['list-1', 10],
      ['list-2', 20],
      ['list-3', 30],
    ] as const)
      await send([
        'trace-create',
        {
          id,
          userId: 'lister',
          tags: ['red', id],
          input: 'in',
          timestamp: `2026-03-02T12:${minute}:00.000Z`,
        },
      ]);
    const idsOf = async (query: string) => {
      const { body } = await server.call(`/api/public/traces?userId=lister&${query}`);
      return (body['data'] as { id: string }[]).map(({ id }) => id);
    };
    expect(await idsOf('')).toEqual(['list-3', 'list-2', 'list-1']);
    expect(await idsOf('orderBy=timestamp.asc')).toEqual(['list-1', 'list-2', 'list-3']);
    expect(await idsOf('tags=red&tags=list-2')).toEqual(['list-2']);
    expect(await idsOf('fromTimestamp=2026-03-02T12:20:00Z')).toEqual(['list-3', 'list-2']);
    expect(await idsOf('toTimestamp=2026-03-02T12:20:00Z')).toEqual(['list-1']);
    expect(await idsOf('limit=2&page=2')).toEqual(['list-1']);
    const filter = [{ type: 'string', column: 'name', operator: '=', value: 'nobody' }];
    expect(await idsOf(`filter=${encodeURIComponent(JSON.stringify(filter))}`)).toEqual([]);
    const refused = await server.call('/api/public/traces?orderBy=drop.table');
    expect(refused.status).toBe(400);
    const { body } = await server.call('/api/public/traces?userId=lister&limit=1&fields=core');
    expect((body['data'] as object[])[0]).toMatchObject({
      input: null,
      metadata: {},
      observations: [],
      totalCost: -1,
      latency: -1,
    });
  });
});
