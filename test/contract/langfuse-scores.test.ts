import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { eventually, scoresOf, TestServer, traceId } from './langfuse-support.js';

const sentAt = '2026-03-01T12:00:00.000Z';

describe('scores of the dev server', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });

  afterAll(() => server.stop());

  const event = (id: string, body: object) => ({
    id,
    type: 'score-create',
    timestamp: sentAt,
    body,
  });
  const ingest = (...batch: readonly unknown[]) => server.post('/api/public/ingestion', { batch });

  it('has one row for an id: an update replaces it, keeps what was left out and the first timestamp', async () => {
    const [first, second] = [traceId(), traceId()];
    const id = `score-${first}`;
    await ingest(
      event('e1', {
        id,
        traceId: first,
        name: 'a',
        value: 0.25,
        comment: 'why',
        metadata: { n: 1 },
      }),
    );
    await server.post('/api/public/scores', { id, traceId: second, name: 'b', value: 'good' });
    expect(await scoresOf(server, { id })).toMatchObject([
      {
        name: 'b',
        value: 'good',
        dataType: 'CATEGORICAL',
        comment: 'why',
        metadata: { n: 1 },
        timestamp: sentAt,
        subject: { kind: 'trace', id: second },
      },
    ]);
    expect(await scoresOf(server, { traceId: first })).toEqual([]);
  });

  it('stays one row when many requests write one id at the same time', async () => {
    const id = `contested-${traceId()}`;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, value) =>
        ingest(event(`e${value}`, { id, traceId: 't', name: 'n', value })),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([207]));
    expect(await scoresOf(server, { id })).toHaveLength(1);
  });

  it('takes the last of two writes of one id in one batch', async () => {
    const id = `twice-${traceId()}`;
    await ingest(
      event('e1', { id, traceId: 't', name: 'n', value: 1, comment: 'kept' }),
      event('e2', { id, traceId: 't', name: 'n', value: 2 }),
    );
    expect(await scoresOf(server, { id })).toMatchObject([{ value: 2, comment: 'kept' }]);
  });

  it('accepts and then drops what does not fit its config; the name becomes the config’s', async () => {
    const config = async (body: object) =>
      (await server.post('/api/public/score-configs', body)).body['id'] as string;
    const numeric = await config({ name: 'share', dataType: 'NUMERIC', minValue: 0, maxValue: 1 });
    const verdict = await config({
      name: 'verdict',
      dataType: 'CATEGORICAL',
      categories: [{ label: 'good', value: 1 }],
    });
    const id = traceId();
    const writes = [
      { id: `${id}-in`, name: 'other-name', value: 1, configId: numeric },
      { id: `${id}-out`, name: 'share', value: 1.5, configId: numeric },
      { id: `${id}-category`, name: 'verdict', value: 'superb', configId: verdict },
      { id: `${id}-type`, name: 'verdict', value: 1, configId: verdict },
      { id: `${id}-unknown`, name: 'share', value: 1, configId: 'nobody' },
    ];
    for (const write of writes) {
      const answer = await server.post('/api/public/scores', { ...write, traceId: id });
      expect([answer.status, answer.body]).toEqual([200, { id: write.id }]);
    }
    expect(await scoresOf(server, { traceId: id })).toMatchObject([
      { id: `${id}-in`, name: 'share', value: 1 },
    ]);
  });

  it('sorts a batch into successes and errors: no body id is a success that is never stored', async () => {
    const id = traceId();
    const answer = await ingest(
      event('good', { id: `${id}-1`, traceId: id, name: 'n', value: 1 }),
      event('no-name', { id: `${id}-2`, traceId: id, value: 1 }),
      event('no-id', { traceId: id, name: 'n', value: 1 }),
      {
        type: 'score-create',
        timestamp: sentAt,
        body: { id: `${id}-3`, traceId: id, name: 'n', value: 1 },
      },
      {
        ...event('no-zone', { id: `${id}-4`, traceId: id, name: 'n', value: 1 }),
        timestamp: '2026-03-01T12:00:00',
      },
      { id: 'span', type: 'span-create', timestamp: sentAt, body: {} },
      { id: 'log', type: 'sdk-log', timestamp: sentAt, body: {} },
    );
    expect(answer.status).toBe(207);
    expect(answer.body['successes']).toEqual([
      { id: 'good', status: 201 },
      { id: 'no-id', status: 201 },
    ]);
    const errors = answer.body['errors'] as { id: string; message: string; error: string }[];
    expect(errors.map((error) => [error.id, error.message])).toEqual([
      ['no-name', 'Invalid request data'],
      ['unknown', 'Invalid request data'],
      ['no-zone', 'Invalid request data'],
      ['span', 'Event type not accepted'],
    ]);
    expect(JSON.parse(errors[0]?.error ?? '')).toMatchObject([{ path: ['body', 'name'] }]);
    expect(await scoresOf(server, { traceId: id })).toHaveLength(1);
  });

  it('shows an update late, too: the old value stays readable until then', async () => {
    const [late, later] = [`late-${traceId()}`, `later-${traceId()}`];
    const write = (id: string, value: number) =>
      server.post('/api/public/scores', { id, traceId: 't', name: 'n', value });
    const valuesOf = async (id: string) =>
      (await scoresOf(server, { id })).map((score) => score['value']);
    await write(late, 1);
    await write(later, 1);
    await server.post('/dev/visibility', { scores: { fixedMs: 200 } });
    await write(late, 2);
    await server.post('/dev/visibility', { scores: { fixedMs: 3_600_000 } });
    await write(later, 2);
    await eventually(
      () => valuesOf(late),
      ([value]) => value === 2,
    );
    expect(await valuesOf(late)).toEqual([2]);
    expect(await valuesOf(later)).toEqual([1]);
    await server.post('/dev/visibility', { preset: 'none' });
  });

  it('deletes a score shortly after a 202, which an unknown id gets, too', async () => {
    const id = `gone-${traceId()}`;
    await server.post('/api/public/scores', { id, traceId: 't', name: 'n', value: 1 });
    const paths = [id, 'nobody'].map((score) => `/api/public/scores/${score}`);
    const answers = await Promise.all(paths.map((path) => server.call(path, { method: 'DELETE' })));
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    await eventually(
      () => scoresOf(server, { id }),
      ({ length }) => length === 0,
    );
  });

  it('filters by name, type, value, range, session, experiment and time, and pages by cursor', async () => {
    const mark = traceId();
    const values = [0.1, 0.5, 0.9];
    for (const [index, value] of values.entries())
      await ingest({
        ...event(`f${index}`, { id: `${mark}-${index}`, traceId: mark, name: mark, value }),
        timestamp: `2026-03-0${index + 1}T00:00:00.000Z`,
      });
    await ingest(
      event('s', { id: `${mark}-s`, sessionId: mark, name: mark, value: 1, dataType: 'BOOLEAN' }),
    );
    await ingest(event('x', { id: `${mark}-x`, datasetRunId: mark, name: mark, value: 'c' }));
    const ids = async (query: Record<string, string>) =>
      (await scoresOf(server, { name: mark, ...query })).map((score) =>
        String(score['id']).slice(mark.length + 1),
      );
    expect(await ids({ dataType: 'numeric', valueMin: '0.2' })).toEqual(['2', '1']);
    expect(await ids({ dataType: 'NUMERIC', value: '0.1,0.9' })).toEqual(['2', '0']);
    expect(await ids({ dataType: 'BOOLEAN', value: 'true' })).toEqual(['s']);
    expect(await ids({ dataType: 'CATEGORICAL', value: 'c' })).toEqual(['x']);
    expect(await ids({ sessionId: mark })).toEqual(['s']);
    expect(await ids({ experimentId: mark })).toEqual(['x']);
    expect(
      await ids({
        traceId: mark,
        fromTimestamp: '2026-03-02T00:00:00Z',
        toTimestamp: '2026-03-03T00:00:00Z',
      }),
    ).toEqual(['1']);
    const page = await server.call(`/api/public/v3/scores?traceId=${mark}&limit=2`);
    const { cursor } = page.body['meta'] as { cursor: string };
    expect(await ids({ traceId: mark, cursor })).toEqual(['0']);
  });

  it.each([
    ['a string for NUMERIC', { dataType: 'NUMERIC', value: 'high', traceId: 't' }],
    ['2 for BOOLEAN', { dataType: 'BOOLEAN', value: 2, traceId: 't' }],
    ['no target', { value: 1 }],
    ['two targets', { value: 1, traceId: 't', sessionId: 's' }],
    ['an observation without its trace', { value: 1, observationId: 'o' }],
  ])('refuses %s at once', async (_what, body) => {
    const answer = await server.post('/api/public/scores', { name: 'n', ...body });
    expect([answer.status, answer.body['message']]).toEqual([400, 'Invalid request data']);
  });

  it('takes scores, and nothing else, from the bare public key', async () => {
    const auth = `Bearer pk-lf-contract`;
    const body = { id: `bearer-${traceId()}`, traceId: 't', name: 'n', value: 1 };
    const posted = await server.call('/api/public/scores', { method: 'POST', body, auth });
    const read = await server.call('/api/public/v3/scores', { auth });
    expect([posted.status, read.status]).toEqual([200, 403]);
  });
});
