import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import type { OutboxRecord } from '../../src/platforms/port.js';
import type { ForeignScore, ForeignTrace, TraceGroup } from '../../src/platforms/trace-port.js';
import { encodeForeignScores } from '../../src/platforms/langfuse/import/encode-scores.js';
import { encodeTrace } from '../../src/platforms/langfuse/import/encode-trace.js';
import { createLangfusePlatform } from '../../src/platforms/langfuse/platform.js';
import { createRest } from '../../src/platforms/langsmith/rest.js';
import { readOptions } from '../../src/platforms/langsmith/options.js';
import { createTraceSource } from '../../src/platforms/langsmith/trace-source.js';
import { createHttpTransport } from '../../src/platforms/http/transport.js';
import { startLangsmith, type LangsmithServer } from '../support/langsmith/server.js';
import { childRun, clientOf, rootRun } from './langsmith-server-support.js';
import { keys, TestServer } from './langfuse-support.js';
import { exportOf, soon } from './platform-langfuse-support.js';

let langsmith: LangsmithServer;
let langfuse: TestServer;
beforeAll(async () => {
  [langsmith, langfuse] = await Promise.all([startLangsmith(), TestServer.start()]);
});
afterAll(async () => {
  await Promise.all([langsmith.close(), langfuse.stop()]);
});

const sourceOf = () => {
  const settings = readOptions({ endpoint: langsmith.url, apiKey: langsmith.apiKey });
  const transport = createHttpTransport({
    ...settings,
    headers: { 'x-api-key': settings.apiKey },
  });
  return {
    source: createTraceSource(createRest(settings, transport)),
    close: () => transport.close(),
  };
};

describe('traces of LangSmith, read to be taken elsewhere', () => {
  it('are whole, with their feedback, in their order and with their own times', async () => {
    const client = clientOf(langsmith);
    const name = `moved-${randomUUID()}`;
    const roots = Array.from({ length: 130 }, (_, index) =>
      rootRun({
        session_name: name,
        start_time: Date.parse('2026-03-01T12:00:00.000Z') + index * 10,
        end_time: Date.parse('2026-03-01T12:00:05.000Z') + index * 10,
        inputs: { question: `number ${index}` },
        extra: { metadata: { thread_id: 'talk-1', user_id: 'u-1', plan: 'pro' } },
        tags: ['live'],
      }),
    );
    const children = roots.map((root) =>
      childRun(root, {
        session_name: name,
        extra: {
          metadata: {
            ls_model_name: 'demo-small',
            ls_provider: 'demo',
            usage_metadata: { input_tokens: 7, output_tokens: 3, total_tokens: 10 },
          },
        },
      }),
    );
    await client.batchIngestRuns({ runCreates: [...roots, ...children] as never });
    const { id: sessionId } = await client.readProject({ projectName: name });
    for (const feedback of [
      { runId: roots[0]?.id ?? '', key: 'correct', score: 1, comment: 'yes' },
      { runId: children[0]?.id ?? '', key: 'tone', value: 'warm' },
      { runId: roots[1]?.id ?? '', key: 'note', comment: 'only words' },
    ]) {
      await client.createFeedback({ ...feedback, sessionId });
    }

    const { source, close } = sourceOf();
    const groups: TraceGroup[] = [];
    for await (const page of source.groups(soon())) groups.push(...page);
    const group = groups.find((each) => each.name === name);
    if (group === undefined) throw new Error('the project is not listed');

    const traces: ForeignTrace[] = [];
    const cursors: (string | undefined)[] = [];
    for await (const page of source.traces({ group, signal: soon() })) {
      traces.push(...page.traces);
      cursors.push(page.cursor);
    }
    expect(traces.map(({ id }) => id)).toEqual(roots.map(({ id }) => id));
    expect(cursors.length).toBeGreaterThan(1);
    expect(cursors.at(-1)).toBeUndefined();
    const [first] = traces;
    expect(first).toMatchObject({
      sessionId: 'talk-1',
      userId: 'u-1',
      tags: ['live'],
      notCarried: [],
      spans: [
        { id: roots[0]?.id, kind: 'chain', metadata: { plan: 'pro', thread_id: 'talk-1' } },
        {
          id: children[0]?.id,
          parentId: roots[0]?.id,
          kind: 'generation',
          model: 'demo-small',
          usage: { inputTokens: 7, outputTokens: 3 },
        },
      ],
    });
    // A page that was read before is asked for again by its cursor, and is the rest.
    const again = source.traces({ group, cursor: cursors[0] ?? '', signal: soon() });
    const { value } = await again.next();
    expect(value?.traces.map(({ id }) => id)).toEqual(roots.slice(100).map(({ id }) => id));

    const runs = new Map(traces.flatMap(({ id, spans }) => spans.map((span) => [span.id, id])));
    const scores: ForeignScore[] = [];
    const left: string[] = [];
    const pages = source.scores({ runs, signal: soon(), onLeft: (_id, why) => left.push(why) });
    for await (const page of pages) scores.push(...page);
    expect(scores.map(({ name: key, value: score, spanId }) => [key, score, spanId])).toEqual(
      expect.arrayContaining([
        ['correct', { type: 'NUMERIC', value: 1 }, undefined],
        ['tone', { type: 'CATEGORICAL', value: 'warm' }, children[0]?.id],
      ]),
    );
    expect(scores).toHaveLength(2);
    expect(left).toEqual(['it holds a comment or correction and no value']);
    await close();
  });
});

describe('traces from elsewhere on Langfuse', () => {
  const origin = {
    platform: 'langsmith',
    projectId: 'workspace-1',
    group: { id: 'g', name: 'live traffic' },
  };
  const trace: ForeignTrace = {
    id: 'trace-1',
    spans: [
      {
        id: 'a',
        name: 'answer',
        kind: 'chain',
        startedAt: '2026-03-01T12:00:00.123456',
        endedAt: '2026-03-01T12:00:01.123456',
        input: { question: 'why?' },
        output: 'because',
        metadata: { plan: 'pro' },
      },
      {
        id: 'b',
        parentId: 'a',
        name: 'demo-small',
        kind: 'generation',
        startedAt: '2026-03-01T12:00:00.223456',
        endedAt: '2026-03-01T12:00:00.923456',
        model: 'demo-small',
        usage: { inputTokens: 7, outputTokens: 3 },
        costDetails: { total: 0.25 },
        metadata: {},
      },
      {
        id: 'c',
        parentId: 'gone',
        name: 'orphan',
        kind: 'tool',
        startedAt: '2026-03-01T12:00:00Z',
        metadata: {},
      },
    ],
    sessionId: 'talk-1',
    userId: 'u-1',
    tags: ['live'],
    notCarried: [],
  };
  const encode = (): OutboxRecord =>
    encodeTrace({ trace, origin, settings: { environment: 'moved' } });

  it('stand with their own times, parents, session and cost, and their scores on them', async () => {
    const platform = createLangfusePlatform({
      baseUrl: langfuse.url,
      ...keys,
      environment: 'moved',
    });
    const record = encode();
    expect(record).toEqual(encode());
    const sent = await platform.send(exportOf([record]), soon());
    expect(sent).toEqual({ outcome: 'accepted', refused: [] });
    const scores = encodeForeignScores(
      [
        {
          id: 's1',
          traceId: 'trace-1',
          spanId: 'b',
          name: 'tone',
          value: { type: 'CATEGORICAL', value: 'warm' },
          comment: 'kind',
          createdAt: '2026-03-02T00:00:00.000Z',
          metadata: {},
        },
      ],
      { origin, environment: 'moved' },
    );
    expect(await platform.send(exportOf([scores]), soon())).toEqual({
      outcome: 'accepted',
      refused: [],
    });
    const { body } = await langfuse.call(
      `/api/public/v2/observations?traceId=${record.traceId}&fields=core,basic,time,io,metadata,model,usage`,
    );
    const rows = body['data'] as readonly Record<string, unknown>[];
    expect(rows).toHaveLength(3);
    const named = Object.fromEntries(rows.map((row) => [String(row['name']), row]));
    expect(named['answer']).toMatchObject({
      startTime: '2026-03-01T12:00:00.123Z',
      sessionId: 'talk-1',
      userId: 'u-1',
      output: 'because',
      parentObservationId: null,
      metadata: { plan: 'pro', 'assay.moved_from': 'langsmith', 'assay.moved_trace': 'trace-1' },
    });
    expect(named['demo-small']).toMatchObject({
      type: 'GENERATION',
      parentObservationId: record.ids[0],
      usageDetails: { input: 7, output: 3, total: 10 },
      totalCost: 0.25,
    });
    // Its parent never came: it stands at the top rather than nowhere.
    expect(named['orphan']).toMatchObject({ parentObservationId: null });
    const found = await langfuse.call(
      `/api/public/v3/scores?traceId=${record.traceId}&fields=details,subject`,
    );
    expect(found.body['data']).toMatchObject([
      { id: scores.ids[0], name: 'tone', value: 'warm', comment: 'kind' },
    ]);
    await platform.close();
  });

  it('keep the digits that a date has no room for', () => {
    expect(encode().body).toContain('"startTimeUnixNano":"1772366400123456000"');
  });

  it('are refused by a code where they have no span or no time', () => {
    const settings = { environment: 'moved' };
    const broken = { ...trace, spans: [{ ...trace.spans[0], startedAt: 'soon' }] } as ForeignTrace;
    for (const bad of [{ ...trace, spans: [] }, broken]) {
      expect(() => encodeTrace({ trace: bad, origin, settings })).toThrow(
        expect.objectContaining({ code: 'MIGRATION_TRACE_INVALID' }),
      );
    }
  });
});
