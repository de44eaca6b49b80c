import { describe, expect, it } from '@jest/globals';

import type { CellResult, TracedSpan } from '../../../../src/contracts/records.js';
import { cellSpanId } from '../../../../src/core/ids/platform-ids.js';
import type { OtlpSpan } from '../../../../src/platforms/langfuse/v4/attributes.js';
import {
  encodeJudgementSpans,
  encodeSpans,
  maxSpansBytes,
} from '../../../../src/platforms/langfuse/v4/encode-spans.js';
import { cell, item, judgeCall, run, targetCall } from './cell-fixture.js';

const settings = { environment: 'assay', release: undefined };
const identity = { runUid: 'run-0001', itemId: 'ticket-1', repetition: 1, revision: 1 };
const id = (path: string): string => cellSpanId(identity, path);

const outer: TracedSpan = {
  path: 'target/span/answer#1',
  parent: 'target',
  name: 'answer',
  kind: 'chain',
  startedAt: '2026-11-20T10:00:00.050Z',
  endedAt: '2026-11-20T10:00:00.950Z',
  metadata: {},
};
const inner: TracedSpan = {
  ...outer,
  path: 'target/span/answer#1/ask#1',
  parent: outer.path,
  name: 'ask',
  kind: 'generation',
  model: 'gpt-4o',
  parameters: { temperature: 0 },
  input: { messages: [] },
  output: 'yes',
  usage: { inputTokens: 12, outputTokens: 5, cachedInputTokens: 4 },
  costDetails: { total: 0.5 },
};
const ofJudge: TracedSpan = {
  ...outer,
  path: 'judge:tone/span/look#1',
  parent: 'judge:tone',
  name: 'look',
};

function encode(change: Partial<CellResult>) {
  const record = encodeSpans({ cell: { ...cell, ...change }, item, run, settings });
  return { record, spans: JSON.parse(record.body) as OtlpSpan[] };
}

const attributesOf = (span: OtlpSpan | undefined): Record<string, string> =>
  Object.fromEntries(
    (span?.attributes ?? []).map(({ key, value }) => [key, String(Object.values(value)[0])]),
  );

const parents = (spans: readonly OtlpSpan[]) =>
  spans.map(({ name, spanId, parentSpanId }) => [name, spanId, parentSpanId]);

describe('spans of a team’s own code on Langfuse', () => {
  it('stand below their target or evaluator, and calls below the span that made them', () => {
    const { spans, record } = encode({
      spans: [outer, inner, ofJudge],
      calls: [{ ...targetCall, parent: outer.path }, judgeCall],
    });
    expect(parents(spans)).toEqual([
      ['triage-nightly', id('root'), undefined],
      ['triage', id('target'), id('root')],
      ['tone', id('judge:tone'), id('root')],
      ['answer', id(outer.path), id('target')],
      ['ask', id(inner.path), id(outer.path)],
      ['look', id(ofJudge.path), id('judge:tone')],
      ['gpt-4o-mini', id('target/call/1'), id(outer.path)],
      ['judge-model', id('judge:tone/call/1'), id('judge:tone')],
    ]);
    expect(record.ids).toEqual(spans.map(({ spanId }) => spanId));
  });

  it('show an evaluator that called nothing where its code was traced', () => {
    const { spans } = encode({ spans: [ofJudge], calls: [] });
    expect(spans.map(({ name }) => name)).toEqual(['triage-nightly', 'triage', 'tone', 'look']);
  });

  it('show model, tokens and cost by Langfuse’s names, each token once', () => {
    const { spans } = encode({ spans: [outer, inner] });
    const shown = attributesOf(spans.find(({ name }) => name === 'ask'));
    expect(shown).toMatchObject({
      'langfuse.observation.type': 'generation',
      'langfuse.observation.model.name': 'gpt-4o',
      'langfuse.observation.model.parameters': '{"temperature":0}',
      'langfuse.observation.input': '{"messages":[]}',
      'langfuse.observation.output': 'yes',
      'langfuse.observation.cost_details': '{"total":0.5}',
    });
    expect(JSON.parse(shown['langfuse.observation.usage_details'] ?? '')).toEqual({
      input: 8,
      input_cached_tokens: 4,
      output: 5,
      total: 17,
    });
  });

  it('never speak for us: metadata with our names is renamed, of an unfinished one it is said', () => {
    const metadata = { 'assay.run_uid': 'another', 'assay.export_id': 'x', tenant: 'a' };
    const { spans } = encode({ spans: [{ ...outer, metadata, unfinished: true }] });
    const span = spans.find(({ name }) => name === 'answer');
    const prefix = 'langfuse.observation.metadata';
    expect(attributesOf(span)).toMatchObject({
      [`${prefix}.assay.run_uid`]: 'run-0001',
      [`${prefix}.user.assay.run_uid`]: 'another',
      [`${prefix}.user.assay.export_id`]: 'x',
      [`${prefix}.tenant`]: 'a',
      [`${prefix}.assay.unfinished`]: 'true',
      'langfuse.observation.level': 'WARNING',
    });
    const keys = span?.attributes.map(({ key }) => key) ?? [];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('that were left out are counted on the root', () => {
    const { spans } = encode({ spans: [outer], spansLeftOut: 7 });
    expect(attributesOf(spans[0])['langfuse.observation.metadata.assay.spans_left_out']).toBe('7');
  });

  it('fit a request however much they say, with parents that stand in it', () => {
    // About what the collector lets through of one cell, all of it six bytes long in JSON.
    const long = '\u0001'.repeat(1_200);
    const metadata = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`k${index}`, long.slice(0, 12)]),
    );
    const spans = Array.from({ length: 500 }, (_, index): TracedSpan => ({
      ...inner,
      path: `target/span/s#${index}`,
      parent: index === 0 ? 'target' : `target/span/s#${index - 1}`,
      input: long,
      output: long,
      statusMessage: long,
      metadata,
    }));
    const { record, spans: shown } = encode({
      spans,
      calls: [{ ...targetCall, parent: 'target/span/s#499' }],
    });
    expect(Buffer.byteLength(record.body)).toBeLessThanOrEqual(maxSpansBytes);
    const ids = new Set(shown.map(({ spanId }) => spanId));
    for (const { parentSpanId } of shown.slice(1)) expect(ids.has(parentSpanId ?? '')).toBe(true);
    const left = attributesOf(shown[0])['langfuse.observation.metadata.assay.spans_left_out'];
    expect(Number(left ?? 0) + shown.filter(({ name }) => name === 'ask').length).toBe(500);
  });

  it('of a later judgement have ids of their own, and those of before are not sent again', () => {
    const record = encodeJudgementSpans({
      cell: { ...cell, spans: [outer, ofJudge] },
      item,
      run,
      settings,
      judgement: {
        pass: 3,
        calls: [{ ...judgeCall, parent: ofJudge.path }],
        spans: [ofJudge],
        failures: [],
      },
    });
    expect(parents(JSON.parse(record?.body ?? '[]') as OtlpSpan[])).toEqual([
      ['tone', id('pass:3/judge:tone'), id('root')],
      ['look', id(`pass:3/${ofJudge.path}`), id('pass:3/judge:tone')],
      ['judge-model', id('pass:3/judge:tone/call/1'), id(`pass:3/${ofJudge.path}`)],
    ]);
  });
});
