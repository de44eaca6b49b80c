import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import type { Platform } from '../../src/platforms/port.js';
import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import { observationsOf, scoresOf, TestServer } from './langfuse-support.js';
import {
  exportOf,
  idsIn,
  idsOf,
  makeRun,
  platformFor,
  requestsTo,
  scoreIdsOf,
  soon,
  spanRows,
} from './platform-langfuse-support.js';

const otlp = '/api/public/otel/v1/traces';
const ingestion = '/api/public/ingestion';

let server: TestServer;
let platform: Platform;

beforeAll(async () => {
  server = await TestServer.start();
  platform = platformFor(server.url);
});
afterEach(async () => {
  await server.call('/dev/faults', { method: 'DELETE' });
});
afterAll(async () => {
  await platform.close();
  await server.stop();
});

const strike = (rule: object) => server.post('/dev/faults', rule);

describe('publishing spans', () => {
  it('sends a batch in one request, and each span stands there once', async () => {
    const { context, encode } = makeRun(30);
    const batch = exportOf(encode(platform).map(({ spans }) => spans));
    const before = (await requestsTo(server, 'POST', otlp)).length;
    expect(await platform.send(batch, soon())).toEqual({ outcome: 'accepted', refused: [] });
    expect((await requestsTo(server, 'POST', otlp)).length - before).toBe(1);
    const rows = await spanRows(platform, context);
    expect(rows).toHaveLength(150);
    expect(new Set(rows.map(({ spanId }) => spanId))).toEqual(idsOf(batch));
  });

  it('finds all of an export whose answer was lost', async () => {
    const { context, encode } = makeRun(3);
    const batch = exportOf(encode(platform).map(({ spans }) => spans));
    await strike({ kind: 'commit_then_drop', next: 1, pathPrefix: otlp });
    expect(await platform.send(batch, soon())).toMatchObject({ outcome: 'ambiguous' });
    expect(await platform.findExport(batch, soon())).toEqual(idsOf(batch));
    expect(await spanRows(platform, context)).toHaveLength(15);
  });

  it('finds nothing of an export that never arrived', async () => {
    const batch = exportOf(
      makeRun(1)
        .encode(platform)
        .map(({ spans }) => spans),
    );
    await strike({ kind: 'server_error', next: 1, pathPrefix: otlp });
    expect(await platform.send(batch, soon())).toMatchObject({ outcome: 'ambiguous' });
    expect((await platform.findExport(batch, soon())).size).toBe(0);
  });

  it('waits as long as a 429 asks, and has sent nothing', async () => {
    const { context, encode } = makeRun(1);
    const batch = exportOf(encode(platform).map(({ spans }) => spans));
    await strike({ kind: 'rate_limit', next: 1, pathPrefix: otlp, retryAfterSeconds: 7 });
    expect(await platform.send(batch, soon())).toMatchObject({
      outcome: 'later',
      retryAfterMs: 7_000,
    });
    expect(await spanRows(platform, context)).toEqual([]);
    expect(await platform.send(batch, soon())).toMatchObject({ outcome: 'accepted' });
  });

  it('ends at its deadline without a clear answer', async () => {
    const batch = exportOf(
      makeRun(1)
        .encode(platform)
        .map(({ spans }) => spans),
    );
    await strike({ kind: 'slow', next: 1, pathPrefix: otlp, delayMs: 3_000 });
    // What is answered after all would be accepted.
    expect(await platform.send(batch, AbortSignal.timeout(300))).toMatchObject({
      outcome: 'ambiguous',
    });
  });

  it('is refused with wrong keys, which no message shows', async () => {
    const stranger = createLangfusePlatform({
      baseUrl: server.url,
      publicKey: 'pk-lf-x',
      secretKey: 'sk-lf-hunter2',
      environment: 'assay',
    });
    const batch = exportOf(
      makeRun(1)
        .encode(stranger)
        .map(({ spans }) => spans),
    );
    const outcome = await stranger.send(batch, soon());
    await stranger.close();
    expect(outcome).toMatchObject({ outcome: 'refused', code: 'PLATFORM_UNAUTHORIZED' });
    expect(JSON.stringify(outcome)).not.toContain('hunter2');
  });

  it('shows a span that was taken twice as two rows, and counts the export as found once', async () => {
    const { context, encode } = makeRun(1);
    const batch = exportOf(encode(platform).map(({ spans }) => spans));
    await platform.send(batch, soon());
    await platform.send(batch, soon());
    const rows = await spanRows(platform, context);
    expect(rows).toHaveLength(10);
    expect(new Set(rows.map(({ spanId }) => spanId)).size).toBe(5);
    expect(await platform.findExport(batch, soon())).toEqual(idsOf(batch));
  });

  it('reads a run of several pages back without a row lost or made up', async () => {
    const { context, encode } = makeRun(450);
    const records = encode(platform).map(({ spans }) => spans);
    for (let start = 0; start < records.length; start += 100) {
      await platform.send(exportOf(records.slice(start, start + 100)), soon());
    }
    // One again, so that duplicates must be told from rows that a cursor repeats.
    await platform.send(exportOf(records.slice(0, 1)), soon());
    const rows = await spanRows(platform, context);
    expect(rows).toHaveLength(450 * 5 + 5);
    expect(new Set(rows.map((row) => `${row.traceId} ${row.spanId}`)).size).toBe(450 * 5);
  });

  it('takes no row of another run for its own', async () => {
    const one = makeRun(1);
    const other = makeRun(1);
    await platform.send(exportOf(one.encode(platform).map(({ spans }) => spans)), soon());
    await platform.send(exportOf(other.encode(platform).map(({ spans }) => spans)), soon());
    expect(await spanRows(platform, one.context)).toHaveLength(5);
  });

  it('loses no export to hostile text', async () => {
    const output = `half \uD83D nul \0 quote " \\ </script> "assay.export_id":"" \u2028 \u202E`;
    const { context, encode } = makeRun(2, { output });
    const batch = exportOf(encode(platform).map(({ spans }) => spans));
    expect(await platform.send(batch, soon())).toMatchObject({ outcome: 'accepted' });
    expect(await spanRows(platform, context)).toHaveLength(10);
    const [record] = batch.records;
    const trace = await platform.readTrace(record?.traceId ?? '', soon());
    expect(trace.observations[0]?.output).toBe(output.replace(/\uD83D|\0/g, '\uFFFD'));
  });

  it('sends a cell of the largest size in one request', async () => {
    const { context, encode } = makeRun(1, { output: 'x'.repeat(6_000_000) });
    const batch = exportOf(encode(platform).map(({ spans }) => spans));
    expect(await platform.send(batch, soon())).toMatchObject({ outcome: 'accepted' });
    const rows = await observationsOf(server, { traceId: batch.records[0]?.traceId ?? '' });
    const root = rows.find((row) => row['parentObservationId'] === null);
    expect(String(root?.['output'])).toMatch(/^x{900000,}\n… \[cut by Assay/);
    expect(root?.['metadata']).toMatchObject({ 'assay.cut': 'output' });
    expect(await spanRows(platform, context)).toHaveLength(5);
  });
});

describe('publishing scores', () => {
  it('stores each score once, complete, however often it is sent', async () => {
    const { context, encode } = makeRun(40);
    const records = encode(platform).map(({ scores }) => scores);
    for (let start = 0; start < records.length; start += 30) {
      const batch = exportOf(records.slice(start, start + 30));
      expect(await platform.send(batch, soon())).toEqual({ outcome: 'accepted', refused: [] });
      expect(await platform.send(batch, soon())).toEqual({ outcome: 'accepted', refused: [] });
      expect(await platform.findExport(batch, soon())).toEqual(idsOf(batch));
    }
    const traceIds = records.map(({ traceId }) => traceId);
    const found = await scoreIdsOf(platform, { run: context.run, traceIds });
    expect(found).toHaveLength(120);
    expect(new Set(found)).toEqual(new Set(idsIn(records)));
    const scores = await scoresOf(server, { traceId: traceIds[0] ?? '' });
    expect(scores.map((score) => [score['name'], score['value'], score['dataType']])).toEqual(
      expect.arrayContaining([
        ['category', true, 'BOOLEAN'],
        ['tone', 0.75, 'NUMERIC'],
        ['kind', 'calm', 'CATEGORICAL'],
      ]),
    );
  });

  it('names the rows that the 207 refuses and stores the others', async () => {
    const { context, encode } = makeRun(3);
    const records = encode(platform).map(({ scores }) => scores);
    const [good, bad, other] = records;
    if (good === undefined || bad === undefined || other === undefined)
      throw new Error('no records');
    // A type that its value does not have: the server refuses the event alone.
    const body = bad.body.replace(
      '"value":0.75,"dataType":"NUMERIC"',
      '"value":"x","dataType":"NUMERIC"',
    );
    const batch = exportOf([good, { ...bad, body }, other]);
    const outcome = await platform.send(batch, soon());
    expect(outcome).toMatchObject({
      outcome: 'accepted',
      refused: [{ rowId: 'row-1', id: bad.ids[1] }],
    });
    const found = await scoreIdsOf(platform, {
      run: context.run,
      traceIds: records.map(({ traceId }) => traceId),
    });
    expect(new Set(found)).toEqual(new Set(idsIn(records).filter((id) => id !== bad.ids[1])));
  });

  it('does not take an older score under the same id for the one it sent', async () => {
    const { encode } = makeRun(1);
    const scores = encode(platform).map((record) => record.scores);
    await platform.send(exportOf(scores), soon());
    const rejudged = exportOf(scores);
    await strike({ kind: 'server_error', next: 1, pathPrefix: ingestion });
    expect(await platform.send(rejudged, soon())).toMatchObject({ outcome: 'ambiguous' });
    expect((await platform.findExport(rejudged, soon())).size).toBe(0);
  });

  it('finds the scores of the environment where no traces are named', async () => {
    const { context, encode } = makeRun(1);
    const records = encode(platform).map(({ scores }) => scores);
    await platform.send(exportOf(records), soon());
    const found = await scoreIdsOf(platform, { run: context.run });
    expect(found).toEqual(expect.arrayContaining([...idsIn(records)]));
  });
});

describe('reading a trace', () => {
  it('shows its observations with tokens, cost and prompt, and its scores', async () => {
    const { encode } = makeRun(1);
    const [record] = encode(platform);
    if (record === undefined) throw new Error('no record');
    await platform.send(exportOf([record.spans]), soon());
    await platform.send(exportOf([record.scores]), soon());
    const trace = await platform.readTrace(record.spans.traceId, soon());
    expect(trace).toMatchObject({
      id: record.spans.traceId,
      name: 'triage-nightly',
      url: `${server.url}/project/project-contract/traces/${record.spans.traceId}`,
    });
    expect(trace.observations.map(({ type, name }) => [type, name])).toEqual([
      ['SPAN', 'triage-nightly'],
      ['SPAN', 'triage'],
      ['GENERATION', 'gpt-4o-mini'],
      ['EVALUATOR', 'tone'],
      ['GENERATION', 'judge-model'],
    ]);
    expect(trace.observations[2]).toMatchObject({
      model: 'gpt-4o-mini',
      promptName: 'triage',
      promptVersion: 3,
      inputTokens: 100,
      outputTokens: 20,
      totalCost: 0.000027,
      latencyMs: 800,
      startedAt: '2026-11-20T10:00:00.100Z',
    });
    expect(trace.observations[4]).toMatchObject({ totalCost: undefined });
    expect(trace.scores.map(({ name, value }) => [name, value]).sort()).toEqual([
      ['category', true],
      ['kind', 'calm'],
      ['tone', 0.75],
    ]);
    const tone = trace.scores.find(({ name }) => name === 'tone');
    expect(JSON.parse(tone?.comment ?? '')).toMatchObject({ reasoning: 'Polite.' });
  });

  it('says where a trace is missing', async () => {
    await expect(platform.readTrace('f'.repeat(32), soon())).rejects.toMatchObject({
      code: 'TRACE_NOT_FOUND',
    });
  });
});
