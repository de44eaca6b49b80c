import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import type { OutboundExport, Platform } from '../../src/platforms/port.js';
import { judgeCall } from '../unit/platforms/langfuse/cell-fixture.js';
import { TestServer } from './langfuse-support.js';
import {
  exportOf,
  idsIn,
  idsOf,
  platformFor,
  requestsTo,
  scoreIdsOf,
  soon,
  spanRows,
} from './platform-langfuse-support.js';
import {
  expectedItems,
  linkPath,
  linksMade,
  otlpPath,
  planRun,
  rootIds,
  shownItems,
  shownRun,
  spansOf,
} from './platform-langfuse-v3-support.js';

let server: TestServer;
let platform: Platform;

beforeAll(async () => {
  server = await TestServer.start({ mode: 'legacy', version: '3.140.0' });
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
const accepted = { outcome: 'accepted', refused: [] };

describe('cells on a v3 server', () => {
  it('stand each in their run once, with all spans, in one request for spans and one per cell', async () => {
    const planned = await planRun(platform, 30);
    expect(planned.context.run.generation).toBe('v3');
    const records = planned.encode();
    const batch = spansOf(records);
    const before = await linksMade(server);
    const posts = (await requestsTo(server, 'POST', otlpPath)).length;
    expect(await platform.send(batch, soon())).toEqual(accepted);
    expect((await requestsTo(server, 'POST', otlpPath)).length - posts).toBe(1);
    expect((await linksMade(server)) - before).toBe(30);
    const run = await shownRun(server, planned);
    expect(shownItems(run?.items)).toEqual(expectedItems(planned, records));
    expect(run).toMatchObject({
      description: 'Nightly triage',
      metadata: { 'assay.run_uid': planned.context.runUid },
    });
    const rows = await spanRows(platform, planned.context);
    expect(rows).toHaveLength(150);
    expect(new Set(rows.map(({ spanId }) => spanId))).toEqual(idsOf(batch));
  });

  it('are not linked again by a second try, whose spans stand there once', async () => {
    const planned = await planRun(platform, 5);
    const batch = spansOf(planned.encode());
    await platform.send(batch, soon());
    const before = await linksMade(server);
    expect(await platform.send({ ...batch, again: true }, soon())).toEqual(accepted);
    expect(await linksMade(server)).toBe(before);
    expect(await spanRows(platform, planned.context)).toHaveLength(25);
  });

  it('lack their roots as long as they are in no run, and are then linked by a second try', async () => {
    const planned = await planRun(platform, 4);
    const records = planned.encode();
    const batch = spansOf(records);
    // The publisher loses its session right after the spans: what a kill leaves as well.
    let asked = 0;
    const held = await platform.send(batch, soon(), () => (asked += 1) <= 2);
    expect(held).toMatchObject({ outcome: 'ambiguous' });
    expect((await shownRun(server, planned))?.items).toHaveLength(1);

    const found = await platform.findExport(batch, soon());
    const missing = [...idsOf(batch)].filter((id) => !found.has(id));
    expect(missing).toHaveLength(3);
    expect(rootIds(batch)).toEqual(expect.arrayContaining(missing));
    // Nothing of a trace that is in no run counts as published.
    expect(await spanRows(platform, planned.context)).toHaveLength(5);

    expect(await platform.send({ ...batch, again: true }, soon())).toEqual(accepted);
    expect(await platform.findExport(batch, soon())).toEqual(idsOf(batch));
    expect(await spanRows(platform, planned.context)).toHaveLength(20);
    expect(shownItems((await shownRun(server, planned))?.items)).toEqual(
      expectedItems(planned, records),
    );
  });

  it('are found whole where only the answer to a link was lost', async () => {
    const planned = await planRun(platform, 3);
    const batch = spansOf(planned.encode());
    await strike({ kind: 'commit_then_drop', next: 1, method: 'POST', pathPrefix: linkPath });
    expect(await platform.send(batch, soon())).toMatchObject({ outcome: 'ambiguous' });
    const before = await linksMade(server);
    expect(await platform.send({ ...batch, again: true }, soon())).toEqual(accepted);
    // The one whose answer was lost stands there, and the others, which it did not hold back.
    expect(await linksMade(server)).toBe(before);
    expect(await platform.findExport(batch, soon())).toEqual(idsOf(batch));
  });

  it.each(['server_error', 'down'])(
    'are unclear under %s between spans and links',
    async (kind) => {
      const planned = await planRun(platform, 2);
      const batch = spansOf(planned.encode());
      await strike({ kind, next: 1, method: 'POST', pathPrefix: linkPath, seconds: 60 });
      expect(await platform.send(batch, soon())).toMatchObject({ outcome: 'ambiguous' });
      await server.call('/dev/faults', { method: 'DELETE' });
      expect(await platform.send({ ...batch, again: true }, soon())).toEqual(accepted);
      expect((await shownRun(server, planned))?.items).toHaveLength(2);
    },
  );

  it('wait out a clean 429 at a link, which took nothing', async () => {
    const planned = await planRun(platform, 3);
    await strike({
      kind: 'rate_limit',
      next: 1,
      method: 'POST',
      pathPrefix: linkPath,
      retryAfterSeconds: 1,
    });
    const before = await linksMade(server);
    expect(await platform.send(spansOf(planned.encode()), soon())).toEqual(accepted);
    expect((await linksMade(server)) - before).toBe(3);
  });

  it('link nothing where the spans were not taken', async () => {
    const planned = await planRun(platform, 2);
    const batch = spansOf(planned.encode());
    await strike({ kind: 'rate_limit', next: 1, pathPrefix: otlpPath, retryAfterSeconds: 7 });
    expect(await platform.send(batch, soon())).toMatchObject({
      outcome: 'later',
      retryAfterMs: 7_000,
    });
    expect(await shownRun(server, planned)).toBeUndefined();
    expect((await platform.findExport(batch, soon())).size).toBe(0);
    expect(await spanRows(platform, planned.context)).toEqual([]);
  });

  it('name the row whose item is gone, and link the others', async () => {
    const planned = await planRun(platform, 3);
    const records = planned.encode();
    const batch = spansOf(records);
    const gone = expectedItems(planned, records).find(
      ({ traceId }) => traceId === batch.records[1]?.traceId,
    );
    await server.call(`/api/public/dataset-items/${gone?.datasetItemId ?? ''}`, {
      method: 'DELETE',
    });
    expect(await platform.send(batch, soon())).toEqual({
      outcome: 'accepted',
      refused: [
        {
          rowId: 'row-1',
          id: rootIds(batch)[1],
          reason: expect.stringContaining('Dataset item not found') as unknown,
        },
      ],
    });
    expect((await shownRun(server, planned))?.items).toHaveLength(2);
  });

  it('of several pages are read back without one lost or made up', async () => {
    const planned = await planRun(platform, 230);
    const records = planned.encode();
    const batches: OutboundExport[] = [];
    for (let start = 0; start < records.length; start += 100) {
      batches.push(spansOf(records.slice(start, start + 100)));
    }
    for (const batch of batches) expect(await platform.send(batch, soon())).toEqual(accepted);
    const rows = await spanRows(platform, planned.context);
    expect(rows).toHaveLength(230 * 5);
    expect(new Set(rows.map(({ traceId, spanId }) => `${traceId} ${spanId}`)).size).toBe(230 * 5);
    const [first] = batches;
    if (first === undefined) throw new Error('no batch');
    // Its links are on the last page.
    expect(await platform.findExport(first, soon())).toEqual(idsOf(first));
    const before = await linksMade(server);
    expect(await platform.send({ ...first, again: true }, soon())).toEqual(accepted);
    expect(await linksMade(server)).toBe(before);
  });

  it('of each repetition stand in a run of their own', async () => {
    const planned = await planRun(platform, 2, 2);
    const first = planned.encode();
    const second = planned.encode({ repetition: 2 });
    expect(await platform.send(spansOf([...first, ...second]), soon())).toEqual(accepted);
    for (const [index, records] of [first, second].entries()) {
      const run = await shownRun(server, planned, index);
      expect(shownItems(run?.items)).toEqual(expectedItems(planned, records));
    }
    expect(await spanRows(platform, planned.context)).toHaveLength(20);
  });

  it('that are run again take the place of the first in the run, whose traces are deleted', async () => {
    const planned = await planRun(platform, 2);
    const first = planned.encode();
    await platform.send(spansOf(first), soon());
    const again = planned.encode({ revision: 2 });
    expect(await platform.send(spansOf(again), soon())).toEqual(accepted);
    await platform.deleteTraces?.(
      first.map(({ spans }) => spans.traceId),
      soon(),
    );
    const rows = await spanRows(platform, planned.context);
    expect(new Set(rows.map(({ traceId }) => traceId))).toEqual(
      new Set(again.map(({ spans }) => spans.traceId)),
    );
    expect(shownItems((await shownRun(server, planned))?.items)).toEqual(
      expectedItems(planned, again),
    );
  });

  it('that are judged again keep their link, and show the new judgement in their trace', async () => {
    const planned = await planRun(platform, 1);
    const [record] = planned.encode();
    const [item] = planned.items;
    if (record === undefined || item === undefined) throw new Error('no record');
    await platform.send(exportOf([record.spans]), soon());
    const before = await linksMade(server);
    const [added] = platform.encodeJudgement({
      cell: record.cell,
      item,
      run: planned.context,
      pass: 2,
      calls: [judgeCall],
      failures: [],
    });
    if (added?.kind !== 'spans') throw new Error('no spans');
    const batch = exportOf([added]);
    expect(await platform.send(batch, soon())).toEqual(accepted);
    expect(await linksMade(server)).toBe(before);
    expect(await platform.findExport(batch, soon())).toEqual(idsOf(batch));
    expect(await spanRows(platform, planned.context)).toHaveLength(5 + added.ids.length);
    const { body } = await server.call(`/api/public/traces/${record.spans.traceId}`);
    expect(body).toMatchObject({
      name: planned.context.experiment,
      timestamp: '2026-11-20T10:00:00.000Z',
    });
  });

  it('show their trace by name, input and output, and not a call in its place', async () => {
    const planned = await planRun(platform, 1);
    const [record] = planned.encode();
    if (record === undefined) throw new Error('no record');
    await platform.send(exportOf([record.spans]), soon());
    await platform.send(exportOf([record.scores]), soon());
    const { body } = await server.call(`/api/public/traces/${record.spans.traceId}`);
    expect(body).toMatchObject({
      name: planned.context.experiment,
      input: { index: 0 },
      output: { category: 'billing' },
      environment: 'assay',
      timestamp: '2026-11-20T10:00:00.000Z',
    });
    const trace = await platform.readTrace(record.spans.traceId, soon());
    expect(trace).toMatchObject({
      name: planned.context.experiment,
      url: `${server.url}/project/project-contract/traces/${record.spans.traceId}`,
    });
    expect(trace.observations.map(({ type, name }) => [type, name])).toEqual([
      ['SPAN', planned.context.experiment],
      ['SPAN', 'triage'],
      ['GENERATION', 'gpt-4o-mini'],
      ['EVALUATOR', 'tone'],
      ['GENERATION', 'judge-model'],
    ]);
    expect(trace.observations[2]).toMatchObject({
      promptName: 'triage',
      promptVersion: 3,
      inputTokens: 100,
      outputTokens: 20,
      totalCost: 0.000027,
      latencyMs: 800,
      startedAt: '2026-11-20T10:00:00.100Z',
      output: '{"role":"assistant","content":"{\\"category\\":\\"billing\\"}"}',
    });
    expect(trace.observations[4]).toMatchObject({ totalCost: undefined });
    expect(trace.scores.map(({ name, value }) => [name, value]).sort()).toEqual([
      ['category', true],
      ['kind', 'calm'],
      ['tone', 0.75],
    ]);
    await expect(platform.readTrace('f'.repeat(32), soon())).rejects.toMatchObject({
      code: 'TRACE_NOT_FOUND',
    });
  });
});

describe('scores on a v3 server', () => {
  it('stand there once, found by their ids, by their traces and by their export', async () => {
    const planned = await planRun(platform, 40);
    const records = planned.encode();
    await platform.send(spansOf(records), soon());
    for (let start = 0; start < records.length; start += 30) {
      const batch = exportOf(records.slice(start, start + 30).map(({ scores }) => scores));
      expect(await platform.send(batch, soon())).toEqual(accepted);
      expect(await platform.send(batch, soon())).toEqual(accepted);
      expect(await platform.findExport(batch, soon())).toEqual(idsOf(batch));
    }
    const ids = idsIn(records.map(({ scores }) => scores));
    const { run } = planned.context;
    const byId = await scoreIdsOf(platform, { run, scoreIds: ids });
    expect(byId).toHaveLength(120);
    expect(new Set(byId)).toEqual(new Set(ids));
    const traceIds = records.slice(0, 3).map(({ spans }) => spans.traceId);
    expect(new Set(await scoreIdsOf(platform, { run, traceIds }))).toEqual(
      new Set(ids.slice(0, 9)),
    );
  });

  it('of a run as a whole stand at the run that the server made', async () => {
    const planned = await planRun(platform, 2);
    const { context } = planned;
    await platform.send(spansOf(planned.encode()), soon());
    const [record] = platform.encodeRunScores({
      scores: [
        {
          repetition: 1,
          name: 'category.pass_rate',
          evaluator: 'category',
          value: 0.5,
          comment: { passed_items: [], failed_items: [], reasoning: '1 of 2', suggestions: [] },
        },
      ],
      run: context,
      timestamp: '2026-11-20T10:10:00.000Z',
    });
    if (record === undefined) throw new Error('no record');
    const batch = exportOf([{ kind: 'scores', body: record.body, traceId: '', ids: record.ids }]);
    // Another worker than that which sent the spans.
    const other = platformFor(server.url);
    try {
      expect(await other.send(batch, soon())).toEqual(accepted);
      const run = await shownRun(server, planned);
      const { body } = await server.call(`/api/public/v2/scores/${record.ids[0] ?? ''}`);
      expect(body).toMatchObject({ datasetRunId: run?.id, value: 0.5, traceId: null });
      const runIds = [record.runId];
      expect(await scoreIdsOf(other, { run: context.run, runIds })).toEqual(record.ids);
      const ofRun = `${server.url}/project/project-contract/datasets/${context.run.datasetId}`;
      expect(other.runUrl?.(context.run, record.runId)).toBe(`${ofRun}/runs/${run?.id ?? ''}`);
      const stranger = createLangfusePlatform({
        baseUrl: server.url,
        publicKey: 'pk',
        secretKey: 'sk',
        environment: 'assay',
      });
      expect(stranger.runUrl?.(context.run, record.runId)).toBe(ofRun);
      await stranger.close();
    } finally {
      await other.close();
    }
  });

  it('of a run that nothing was put into are refused by name', async () => {
    const { context } = await planRun(platform, 1);
    const [record] = platform.encodeRunScores({
      scores: [
        {
          repetition: 1,
          name: 'x',
          evaluator: 'x',
          value: 1,
          comment: { passed_items: [], failed_items: [], reasoning: '', suggestions: [] },
        },
      ],
      run: context,
      timestamp: '2026-11-20T10:10:00.000Z',
    });
    if (record === undefined) throw new Error('no record');
    const batch = exportOf([{ kind: 'scores', body: record.body, traceId: '', ids: record.ids }]);
    expect(await platform.send(batch, soon())).toEqual({
      outcome: 'accepted',
      refused: [{ rowId: 'row-0', id: record.ids[0], reason: 'its run does not exist' }],
    });
  });
});
