import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import protobuf from 'protobufjs';

import {
  eventually,
  noon,
  observationsOf,
  otlpExport,
  otlpPath,
  rowsIn,
  sendSpans,
  spanId,
  TestServer,
  traceId,
  versionHeader,
} from './langfuse-support.js';

describe('traces of the dev server', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });

  afterAll(() => server.stop());

  it('shows a span that was sent twice as two rows, identical bytes too, until it is merged', async () => {
    const span = { traceId: traceId(), spanId: spanId(), start: noon };
    await sendSpans(server, span);
    await sendSpans(server, span);
    expect(await observationsOf(server, { traceId: span.traceId })).toHaveLength(2);
    const merged = await server.post('/dev/merge', {});
    expect(merged.body).toEqual({ merged: 1 });
    expect(await observationsOf(server, { traceId: span.traceId })).toHaveLength(1);
  });

  it('keeps two rows of a span with another start time for ever, and merges to the last sending', async () => {
    const span = { traceId: traceId(), spanId: spanId() };
    await sendSpans(server, { ...span, start: noon });
    await sendSpans(server, { ...span, start: noon + 50 });
    await sendSpans(server, {
      ...span,
      start: noon,
      attributes: { 'langfuse.observation.output': 'last' },
    });
    await server.post('/dev/merge', {});
    const rows = await observationsOf(server, { traceId: span.traceId });
    expect(rows.map((row) => [row['startTime'], row['output']])).toEqual([
      ['2026-03-01T12:00:00.050Z', null],
      ['2026-03-01T12:00:00.000Z', 'last'],
    ]);
  });

  it('never hides a duplicate at the edge of a page', async () => {
    const span = { traceId: traceId(), spanId: spanId() };
    for (let sent = 0; sent < 5; sent += 1) await sendSpans(server, span);
    let cursor: string | undefined;
    let rows = 0;
    do {
      const search = new URLSearchParams({
        traceId: span.traceId,
        limit: '2',
        ...(cursor === undefined ? {} : { cursor }),
      });
      const page = await server.call(`/api/public/v2/observations?${search.toString()}`);
      rows += rowsIn(page).length;
      cursor = (page.body['meta'] as { cursor?: string }).cursor;
    } while (cursor !== undefined);
    expect(rows).toBe(5);
  });

  it('accepts an export with half a surrogate pair and loses all of it, the sound spans too', async () => {
    const [bad, sound] = [traceId(), traceId()];
    const broken = {
      traceId: bad,
      attributes: { 'langfuse.observation.input': 'half \ud83d here' },
    };
    const answer = await sendSpans(server, broken, { traceId: sound });
    expect(answer.status).toBe(200);
    expect(await observationsOf(server, { traceId: bad })).toEqual([]);
    expect(await observationsOf(server, { traceId: sound })).toEqual([]);
    // The whole pair is no half: it is kept.
    await sendSpans(server, {
      traceId: sound,
      attributes: { 'langfuse.observation.input': 'whole 😀' },
    });
    expect(await observationsOf(server, { traceId: sound })).toMatchObject([{ input: 'whole 😀' }]);
  });

  it('keeps NUL in spans and finds them by it', async () => {
    const id = traceId();
    await sendSpans(server, {
      traceId: id,
      name: 'a\0b',
      attributes: { 'langfuse.observation.output': 'x\0y\uffffz' },
    });
    expect(await observationsOf(server, { traceId: id })).toMatchObject([
      { name: 'a\0b', output: 'x\0y\uffffz' },
    ]);
    expect(await observationsOf(server, { name: 'a\0b' })).toHaveLength(1);
  });

  it.each([
    ['a numeric trace id', { traceId: 17 }, 'traceId:not_an_id'],
    ['no span id', { spanId: undefined }, 'spanId:absent'],
  ])('refuses the whole export for one span with %s', async (_what, bad, problem) => {
    const sound = traceId();
    const answer = await sendSpans(server, { traceId: sound }, bad);
    expect(answer.status).toBe(400);
    expect(answer.body['error']).toContain(`1 of 2 span(s) cannot be processed (${problem})`);
    expect(await observationsOf(server, { traceId: sound })).toEqual([]);
  });

  it('keeps ids as they are sent: short ones and capitals', async () => {
    await sendSpans(server, { traceId: 'SHORT', spanId: 'Root' });
    expect(await observationsOf(server, { traceId: 'SHORT' })).toMatchObject([{ id: 'Root' }]);
  });

  it('takes gzip, refuses what only claims to be, and unknown versions and types', async () => {
    const id = traceId();
    const json = { 'content-type': 'application/json', ...versionHeader };
    const zipped = gzipSync(JSON.stringify(otlpExport({ traceId: id })));
    const gzip = { method: 'POST', headers: { ...json, 'content-encoding': 'gzip' } };
    expect((await server.call(otlpPath, { ...gzip, raw: new Uint8Array(zipped) })).status).toBe(
      200,
    );
    expect(await observationsOf(server, { traceId: id })).toHaveLength(1);
    const errors = await Promise.all([
      server.call(otlpPath, { ...gzip, raw: 'not zipped' }),
      server.call(otlpPath, { method: 'POST', headers: json, raw: 'not json' }),
      server.call(otlpPath, {
        method: 'POST',
        headers: { ...json, 'x-langfuse-ingestion-version': '5' },
        raw: '{}',
      }),
      server.call(otlpPath, { method: 'POST', headers: { 'content-type': 'text/csv' }, raw: '{}' }),
    ]);
    expect(errors.map(({ status, body }) => [status, body['error']])).toEqual([
      [400, 'Failed to decompress request body'],
      [400, 'Failed to parse OTel JSON Trace'],
      [400, 'Unsupported x-langfuse-ingestion-version: "5". Maximum supported: "4".'],
      [400, 'Invalid content type'],
    ]);
  });

  it('takes protobuf: bytes become hex ids, attributes and times are read', async () => {
    const id = Buffer.alloc(16, 0xab);
    const bytes = protobufExport(id, Buffer.alloc(8, 0xcd));
    const answer = await server.call(otlpPath, {
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', ...versionHeader },
      raw: bytes,
    });
    expect(answer.status).toBe(200);
    expect(await observationsOf(server, { traceId: id.toString('hex') })).toMatchObject([
      {
        id: 'cdcdcdcdcdcdcdcd',
        name: 'proto',
        startTime: '2026-03-01T12:00:00.000Z',
        latency: 1.5,
        output: 'from bytes',
        metadata: { 'resourceAttributes.service.name': 'contract' },
      },
    ]);
  });

  it('parses metadata values, cuts long ones unless io is asked, and filters by a key', async () => {
    const id = traceId();
    const long = 'm'.repeat(300);
    await sendSpans(server, {
      traceId: id,
      attributes: {
        'langfuse.observation.metadata.count': '3',
        'langfuse.observation.metadata.long': long,
        'langfuse.observation.metadata.assay.export_id': `export-${id}`,
      },
    });
    const cut = await observationsOf(server, { traceId: id, fields: 'metadata' });
    const whole = await observationsOf(server, { traceId: id, fields: 'metadata,io' });
    expect(cut[0]).toMatchObject({ metadata: { count: 3, long: 'm'.repeat(200) } });
    expect(whole[0]).toMatchObject({ metadata: { count: 3, long } });
    const byKey = (key: string, value: string) =>
      observationsOf(server, {
        filter: JSON.stringify([
          { type: 'stringObject', column: 'metadata', key, operator: '=', value },
        ]),
      });
    expect(await byKey('assay.export_id', `export-${id}`)).toMatchObject([{ traceId: id }]);
    expect(await byKey('assay.export_id', 'export-of-nobody')).toEqual([]);
    expect((await byKey('count', '3')).map((row) => row['traceId'])).toContain(id);
  });

  it('shows spans only when their delay is over, and takes a new delay at run time', async () => {
    const [late, later] = [traceId(), traceId()];
    await server.post('/dev/visibility', { spans: { fixedMs: 200 } });
    await sendSpans(server, { traceId: late });
    await server.post('/dev/visibility', { spans: { fixedMs: 3_600_000 } });
    await sendSpans(server, { traceId: later });
    const shown = (id: string) => observationsOf(server, { traceId: id });
    await eventually(
      () => shown(late),
      ({ length }) => length === 1,
    );
    expect(await shown(later)).toEqual([]);
    await server.post('/dev/visibility', { preset: 'none' });
  });

  it('prices known models, sums usage, keeps a given cost and lets unknown models cost nothing', async () => {
    const id = traceId();
    const generation = (model: string, extra: Record<string, string> = {}) => ({
      traceId: id,
      name: model,
      attributes: {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.model.name': model,
        'langfuse.observation.usage_details': '{"input":10,"output":10}',
        ...extra,
      },
    });
    const given = { 'langfuse.observation.cost_details': '{"input":1,"output":2}' };
    await sendSpans(
      server,
      generation('gpt-4o-mini'),
      generation('gpt-4o', given),
      generation('nobody-knows'),
    );
    const rows = await observationsOf(server, { traceId: id });
    const costs = Object.fromEntries(rows.map((row) => [String(row['model']), row['costDetails']]));
    expect(costs).toEqual({
      'gpt-4o-mini': { input: 0.0000015, output: 0.000006, total: 0.0000075 },
      'gpt-4o': { input: 1, output: 2, total: 3 },
      'nobody-knows': {},
    });
    expect(rows.map((row) => row['totalUsage'])).toEqual([20, 20, 20]);
  });

  it('deletes traces with their scores', async () => {
    const id = traceId();
    await sendSpans(server, { traceId: id });
    await server.post('/api/public/scores', { traceId: id, name: 'x', value: 1 });
    const answer = await server.call(`/api/public/traces/${id}`, { method: 'DELETE' });
    expect(answer.body).toEqual({ message: 'Trace deleted successfully' });
    expect(await observationsOf(server, { traceId: id })).toEqual([]);
  });
});

/** Written field by field from opentelemetry.proto, so that it does not share the schema of the server. */
function protobufExport(trace: Buffer, span: Buffer): Uint8Array<ArrayBuffer> {
  const message = () => protobuf.Writer.create();
  const text = (key: string, value: string) =>
    message()
      .uint32(10)
      .string(key)
      .uint32(18)
      .bytes(message().uint32(10).string(value).finish())
      .finish();
  const nanos = (milliseconds: number) => (BigInt(milliseconds) * 1_000_000n).toString();
  const fixed = (writer: protobuf.Writer, milliseconds: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(nanos(milliseconds)));
    return writer.fixed32(bytes.readUInt32LE(0)).fixed32(bytes.readUInt32LE(4));
  };
  const writer = message().uint32(10).bytes(trace).uint32(18).bytes(span);
  writer.uint32(42).string('proto').uint32(48).int32(1);
  fixed(writer.uint32(57), noon);
  fixed(writer.uint32(65), noon + 1_500);
  writer.uint32(74).bytes(text('langfuse.observation.output', 'from bytes'));
  const scopeSpans = message()
    .uint32(10)
    .bytes(message().uint32(10).string('langfuse-sdk').finish())
    .uint32(18)
    .bytes(writer.finish())
    .finish();
  const resource = message().uint32(10).bytes(text('service.name', 'contract')).finish();
  const resourceSpans = message().uint32(10).bytes(resource).uint32(18).bytes(scopeSpans);
  return new Uint8Array(message().uint32(10).bytes(resourceSpans.finish()).finish());
}
