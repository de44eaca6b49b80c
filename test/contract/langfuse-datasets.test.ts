import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { JsonAnswer } from './langfuse-support.js';
import { rowsIn, TestServer, traceId } from './langfuse-support.js';

describe('datasets of the dev server', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
    await dataset({ name: 'base' });
  });

  afterAll(() => server.stop());

  const dataset = (body: object) => server.post('/api/public/v2/datasets', body);
  const item = (body: object) => server.post('/api/public/dataset-items', body);
  const one = (id: string) => server.call(`/api/public/dataset-items/${id}`);
  const fieldsOf = ({ body }: JsonAnswer) => [
    body['input'],
    body['expectedOutput'],
    body['metadata'],
    body['status'],
  ];

  it('upserts a dataset by name and keeps the fields that were left out', async () => {
    const first = await dataset({ name: 'team a/näive ☃', description: 'one', metadata: { a: 1 } });
    const second = await dataset({ name: 'team a/näive ☃', description: 'two' });
    expect(second.body).toMatchObject({
      id: first.body['id'],
      description: 'two',
      metadata: { a: 1 },
    });
    const read = await server.call(
      `/api/public/v2/datasets/${encodeURIComponent('team a/näive ☃')}`,
    );
    expect(read.body).toEqual(second.body);
  });

  it('gives strings that parse as JSON back parsed, and keys in another order', async () => {
    const answer = await item({
      datasetName: 'base',
      id: 'parsed',
      input: '{"bb":1,"a":2}',
      expectedOutput: '4',
      metadata: { zz: 1, b: 2, a: '007' },
    });
    expect(answer.body).toMatchObject({ input: { a: 2, bb: 1 }, expectedOutput: 4 });
    const { text } = await one('parsed');
    expect(text).toContain('"input":{"a":2,"bb":1}');
    expect(text).toContain('"metadata":{"a":"007","b":2,"zz":1}');
    const kept = await item({ datasetName: 'base', id: 'kept', input: '007' });
    expect(kept.body['input']).toBe('007');
  });

  it('keeps omitted fields and those sent as null; archived stays archived until it is said', async () => {
    const id = 'partial';
    await item({
      datasetName: 'base',
      id,
      input: 'in',
      expectedOutput: 'out',
      metadata: { a: 1 },
      status: 'ARCHIVED',
    });
    const partial = await item({ datasetName: 'base', id, expectedOutput: 'new', metadata: null });
    expect(fieldsOf(partial)).toEqual(['in', 'new', { a: 1 }, 'ARCHIVED']);
    const active = await item({ datasetName: 'base', id, status: 'ACTIVE' });
    expect(fieldsOf(active)).toEqual(['in', 'new', { a: 1 }, 'ACTIVE']);
  });

  it('makes a version of each write, readable at its time', async () => {
    const name = `versions-${traceId()}`;
    await dataset({ name });
    const id = `item-${name}`;
    const writes = [];
    for (const input of ['first', 'second', 'third'])
      writes.push(await item({ datasetName: name, id, input }));
    const times = writes.map(({ body }) => String(body['createdAt']));
    expect(new Set(times).size).toBe(3);
    const at = async (version: string) => {
      const search = new URLSearchParams({ datasetName: name, version });
      const answer = await server.call(`/api/public/dataset-items?${search.toString()}`);
      return rowsIn(answer).map((row) => row['input']);
    };
    expect(await Promise.all(times.map(at))).toEqual([['first'], ['second'], ['third']]);
    expect(await at('2020-01-01T00:00:00Z')).toEqual([]);
  });

  it('loses no version when one item is written many times at once', async () => {
    const name = `parallel-${traceId()}`;
    await dataset({ name });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, input) =>
        item({ datasetName: name, id: `item-${name}`, input }),
      ),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(new Set(answers.map(({ body }) => body['createdAt'])).size).toBe(12);
  });

  it('lists the active items, newest version first, and leaves out archived and deleted ones', async () => {
    const name = `listed-${traceId()}`;
    await dataset({ name });
    const ids = ['a', 'b', 'c', 'd'].map((letter) => `${letter}-${name}`);
    for (const id of ids) await item({ datasetName: name, id, input: id });
    await item({ datasetName: name, id: ids[0], input: 'again' });
    await item({ datasetName: name, id: ids[1], status: 'ARCHIVED' });
    const remove = () =>
      server.call(`/api/public/dataset-items/${ids[2] ?? ''}`, { method: 'DELETE' });
    expect((await remove()).status).toBe(200);
    expect((await remove()).status).toBe(404);
    const list = await server.call(`/api/public/dataset-items?datasetName=${name}`);
    expect(rowsIn(list).map((row) => row['id'])).toEqual([ids[0], ids[3]]);
    expect(list.body['meta']).toEqual({ page: 1, limit: 50, totalItems: 2, totalPages: 1 });
    expect((await one(ids[1] ?? '')).body['status']).toBe('ARCHIVED');
    expect((await one(ids[2] ?? '')).status).toBe(404);
  });

  it('drops NUL from items, which its tables cannot hold', async () => {
    const answer = await item({ datasetName: 'base', id: 'nul', input: { text: 'a\0b' } });
    expect(answer.body['input']).toEqual({ text: 'ab' });
  });

  it('refuses an id of another dataset, a schema violation, an unknown dataset, a long id', async () => {
    await dataset({
      name: 'typed',
      inputSchema: { type: 'object', required: ['q'] },
      expectedOutputSchema: { type: 'string' },
    });
    await item({ datasetName: 'base', id: 'taken', input: 1 });
    const answers = await Promise.all([
      item({ datasetName: 'typed', id: 'taken', input: { q: 1 } }),
      item({ datasetName: 'typed', id: 'typed-1', input: {} }),
      item({ datasetName: 'nobody', input: 1 }),
      item({ datasetName: 'base', id: 'x'.repeat(256), input: 1 }),
      dataset({ name: 'bad', inputSchema: { type: 'no-such-type' } }),
      dataset({ name: '/leading' }),
    ]);
    expect(
      answers.map(({ status, body }) => [
        status,
        typeof body['error'] === 'string' ? body['error'] : 'issues',
      ]),
    ).toEqual([
      [409, 'LangfuseConflictError'],
      [400, 'InvalidRequestError'],
      [404, 'LangfuseNotFoundError'],
      [400, 'issues'],
      [400, 'issues'],
      [400, 'InvalidRequestError'],
    ]);
    expect(answers[1].body['message']).toBe(
      "Dataset item validation failed: Input validation failed: must have required property 'q'",
    );
  });

  it('answers a run item with the derived experiment id and stores nothing', async () => {
    await item({ datasetName: 'base', id: 'run-me', input: 1 });
    const body = { runName: 'r', datasetItemId: 'run-me', traceId: 't' };
    const first = await server.post('/api/public/dataset-run-items', body);
    const second = await server.post('/api/public/dataset-run-items', body);
    expect(first.body['datasetRunId']).toMatch(/^[0-9a-f]{16}$/);
    expect(second.body['datasetRunId']).toBe(first.body['datasetRunId']);
    expect((await server.call('/api/public/dataset-run-items?datasetId=x&runName=r')).status).toBe(
      404,
    );
  });
});
