import { describe, expect, it } from '@jest/globals';
import { LangfuseOtelSpanAttributes } from '@langfuse/core';

import type { CellResult } from '../../../../src/contracts/records.js';
import { cellSpanId, cellTraceId, platformItemId } from '../../../../src/core/ids/platform-ids.js';
import { attribute, type OtlpSpan } from '../../../../src/platforms/langfuse/v4/attributes.js';
import { encodeSpans, maxSpansBytes } from '../../../../src/platforms/langfuse/v4/encode-spans.js';
import { cell, item, judgeCall, run, targetCall } from './cell-fixture.js';

const settings = { environment: 'assay', release: undefined };
const identity = { runUid: 'run-0001', itemId: 'ticket-1', repetition: 1, revision: 1 };

function encode(change: Partial<CellResult> = {}) {
  const record = encodeSpans({ cell: { ...cell, ...change }, item, run, settings });
  const spans = JSON.parse(record.body) as OtlpSpan[];
  return { record, spans, at: (path: string) => attributesOf(spans, path) };
}

function attributesOf(spans: readonly OtlpSpan[], path: string): Record<string, string> {
  const span = spans.find(({ spanId }) => spanId === cellSpanId(identity, path));
  if (span === undefined) throw new Error(`no span at ${path}`);
  return Object.fromEntries(
    span.attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]),
  );
}

describe('encodeSpans', () => {
  it('names every attribute as the SDK does', () => {
    const known = new Set<string>(Object.values(LangfuseOtelSpanAttributes));
    expect(Object.values(attribute).filter((name) => !known.has(name))).toEqual([]);
  });

  it('gives equal bytes for equal records', () => {
    expect(encode().record.body).toBe(encode().record.body);
  });

  it('hangs calls under the target, and judge calls under their evaluator, below one root', () => {
    const { spans, record } = encode();
    const id = (path: string) => cellSpanId(identity, path);
    expect(spans.map(({ name, spanId, parentSpanId }) => [name, spanId, parentSpanId])).toEqual([
      ['triage-nightly', id('root'), undefined],
      ['triage', id('target'), id('root')],
      ['tone', id('judge:tone'), id('root')],
      ['gpt-4o-mini', id('target/call/1'), id('target')],
      ['judge-model', id('judge:tone/call/1'), id('judge:tone')],
    ]);
    expect(record.traceId).toBe(cellTraceId(identity));
    expect(record.ids).toEqual(spans.map(({ spanId }) => spanId));
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([record.traceId]));
  });

  it('marks every span with its experiment, item, run and an open place for the export id', () => {
    const { spans } = encode({ repetition: 1 });
    for (const span of spans) {
      const found = Object.fromEntries(span.attributes.map(({ key, value }) => [key, value]));
      expect(found).toMatchObject({
        'langfuse.experiment.id': { stringValue: 'aaaaaaaaaaaaaaaa' },
        'langfuse.experiment.name': { stringValue: 'triage-nightly' },
        'langfuse.experiment.dataset.id': { stringValue: 'dataset-1' },
        'langfuse.experiment.item.id': { stringValue: platformItemId('tickets', 'ticket-1') },
        'langfuse.experiment.item.root_observation_id': { stringValue: spans[0]?.spanId },
        'langfuse.environment': { stringValue: 'assay' },
        'langfuse.trace.name': { stringValue: 'triage-nightly' },
        'langfuse.observation.metadata.assay.run_uid': { stringValue: 'run-0001' },
        'langfuse.observation.metadata.assay.experiment': { stringValue: 'triage-nightly' },
        'langfuse.observation.metadata.assay.repetition': { stringValue: '1' },
        'langfuse.observation.metadata.assay.revision': { stringValue: '1' },
        'langfuse.observation.metadata.assay.status': { stringValue: 'ok' },
      });
      expect(span.attributes.at(-1)).toEqual({
        key: 'langfuse.observation.metadata.assay.export_id',
        value: { stringValue: '' },
      });
    }
  });

  it('files a second repetition under the run of its own', () => {
    const { spans } = encode({ repetition: 2 });
    expect(JSON.stringify(spans[0])).toContain('bbbbbbbbbbbbbbbb');
  });

  it('shows the item, the answer and the experiment on the root', () => {
    expect(encode().at('root')).toMatchObject({
      'langfuse.observation.type': 'span',
      'langfuse.observation.input': '{"text":"My invoice is wrong"}',
      'langfuse.observation.output': '{"category":"billing"}',
      'langfuse.experiment.item.expected_output': '{"category":"billing"}',
      'langfuse.experiment.item.metadata': '{"topic":"billing"}',
      'langfuse.experiment.description': 'Nightly triage',
      'langfuse.experiment.metadata':
        '{"commit":"abc123","assay.run_uid":"run-0001","assay.experiment":"triage-nightly","assay.project":"support","assay.target":"triage"}',
    });
  });

  it('shows model, tokens by kind, cost in dollars, prompt and first token on a generation', () => {
    expect(encode().at('target/call/1')).toMatchObject({
      'langfuse.observation.type': 'generation',
      'langfuse.observation.model.name': 'gpt-4o-mini',
      'langfuse.observation.model.parameters': '{"temperature":0.2}',
      'langfuse.observation.usage_details':
        '{"input":40,"input_cached_tokens":60,"output":15,"output_reasoning_tokens":5,"total":120}',
      'langfuse.observation.cost_details': '{"total":0.000027}',
      'langfuse.observation.prompt.name': 'triage',
      'langfuse.observation.prompt.version': '3',
      'langfuse.observation.completion_start_time': '"2026-11-20T10:00:00.300Z"',
    });
  });

  it('says nothing of a cost that is unknown', () => {
    expect(encode().at('judge:tone/call/1')).not.toHaveProperty(
      'langfuse.observation.cost_details',
    );
  });

  it('takes times from the records, in nanoseconds', () => {
    const call = encode().spans.find(({ name }) => name === 'gpt-4o-mini');
    expect(call).toMatchObject({
      startTimeUnixNano: '1795168800100000000',
      endTimeUnixNano: '1795168800900000000',
    });
  });

  it('shows an error of the target on the root and on the target', () => {
    const error = {
      code: 'TARGET_FAILED',
      title: 'The target threw',
      message: 'boom',
      problems: [],
    };
    const { at } = encode({ status: 'target_error', error, scores: [], calls: [] });
    expect(at('root')).toMatchObject({
      'langfuse.observation.level': 'ERROR',
      'langfuse.observation.status_message': 'target_error: TARGET_FAILED: boom',
    });
    expect(at('target')).toMatchObject({
      'langfuse.observation.level': 'ERROR',
      'langfuse.observation.status_message': 'TARGET_FAILED: boom',
    });
  });

  it('shows an evaluator that failed before it called anything', () => {
    const error = { code: 'EVALUATOR_FAILED', title: '', message: 'no rubric', problems: [] };
    const failure = { evaluator: 'tone', required: true, error };
    const { at } = encode({
      status: 'evaluator_error',
      evaluatorFailures: [failure],
      calls: [targetCall],
    });
    expect(at('judge:tone')).toMatchObject({
      'langfuse.observation.type': 'evaluator',
      'langfuse.observation.level': 'ERROR',
      'langfuse.observation.status_message': 'EVALUATOR_FAILED: no rubric',
    });
    expect(at('root')['langfuse.observation.status_message']).toBe(
      'evaluator_error: EVALUATOR_FAILED: no rubric',
    );
  });

  it('is one root for a skipped cell', () => {
    const { spans } = encode({ status: 'skipped', calls: [], scores: [] });
    expect(spans).toHaveLength(1);
  });

  it('keeps span ids apart where two calls give one path', () => {
    const { record } = encode({
      calls: [targetCall, targetCall, { ...judgeCall, path: 'judge:tone' }],
    });
    expect(new Set(record.ids).size).toBe(record.ids.length);
  });

  it('makes hostile text well-formed and says so', () => {
    const { at, record } = encode({ output: 'half \uD83D and \0' });
    expect(at('root')).toMatchObject({
      'langfuse.observation.output': 'half \uFFFD and \uFFFD',
      'langfuse.observation.metadata.assay.sanitised': 'true',
    });
    expect(record.body.isWellFormed()).toBe(true);
    expect(record.body).not.toMatch(/\\u(d[89a-f]|0000)/i);
  });

  it('cuts a field of over a megabyte with a note and a mark', () => {
    const root = encode({ output: 'x'.repeat(1_500_000) }).at('root');
    expect(root['langfuse.observation.output']).toMatch(
      /^x+\n… \[cut by Assay: the first \d+ of 1500000 characters\]$/,
    );
    expect(root['langfuse.observation.metadata.assay.cut']).toBe('output');
    expect(root['langfuse.observation.input']).toBe('{"text":"My invoice is wrong"}');
  });

  it.each([
    [
      'many large calls',
      Array.from({ length: 40 }, (_, index) => ({
        ...targetCall,
        output: `${index}${'\u0001"'.repeat(100_000)}`,
      })),
    ],
    [
      'very many calls',
      Array.from({ length: 3_000 }, () => ({ ...targetCall, output: 'y'.repeat(9_000) })),
    ],
  ])('keeps a cell with %s below the limit of a request', (_, calls) => {
    const { record, at } = encode({ calls, output: '\uD83D\uDE00'.repeat(900_000) });
    expect(Buffer.byteLength(record.body)).toBeLessThanOrEqual(maxSpansBytes);
    expect(at('root')['langfuse.observation.metadata.assay.cut']).toBe('output');
  });

  it('says how many calls its trace leaves out', () => {
    const calls = Array.from({ length: 501 }, () => targetCall);
    expect(encode({ calls }).at('root')['langfuse.observation.metadata.assay.calls_left_out']).toBe(
      '1',
    );
  });
});
