import { describe, expect, it } from '@jest/globals';

import { AssayError } from '../../../../src/core/errors/assay-error.js';
import { cellSpanId, cellTraceId } from '../../../../src/core/ids/platform-ids.js';
import type { OtlpSpan } from '../../../../src/platforms/langfuse/v4/attributes.js';
import {
  encodeJudgementSpans,
  encodeSpans,
} from '../../../../src/platforms/langfuse/v4/encode-spans.js';
import { cell, item, judgeCall, run } from './cell-fixture.js';

const settings = { environment: 'assay', release: undefined };
const identity = { runUid: 'run-0001', itemId: 'ticket-1', repetition: 1, revision: 1 };
const id = (path: string): string => cellSpanId(identity, path);
const encoding = { cell, item, run, settings };
const spansOf = (body: string): readonly OtlpSpan[] => JSON.parse(body) as OtlpSpan[];
const metadataOf = (span: OtlpSpan | undefined, key: string): unknown => {
  const found = span?.attributes.find(
    (each) => each.key === `langfuse.observation.metadata.${key}`,
  );
  return found === undefined ? undefined : Object.values(found.value)[0];
};

describe('the spans of a later judgement', () => {
  it('come below the root that stands there, with ids that no span of before has', () => {
    const judgement = { pass: 3, calls: [judgeCall], failures: [] };
    const record = encodeJudgementSpans({ ...encoding, judgement });
    const spans = spansOf(record?.body ?? '[]');
    expect(spans.map(({ name, spanId, parentSpanId }) => [name, spanId, parentSpanId])).toEqual([
      ['tone', id('pass:3/judge:tone'), id('root')],
      ['judge-model', id('pass:3/judge:tone/call/1'), id('pass:3/judge:tone')],
    ]);
    expect(record?.traceId).toBe(cellTraceId(identity));
    const before = new Set(encodeSpans(encoding).ids);
    expect(record?.ids.filter((each) => before.has(each))).toEqual([]);
    for (const span of spans) expect(metadataOf(span, 'assay.pass')).toBe('3');
  });

  it('of two passes never share an id', () => {
    const idsOf = (pass: number): readonly string[] =>
      encodeJudgementSpans({ ...encoding, judgement: { pass, calls: [judgeCall], failures: [] } })
        ?.ids ?? [];
    expect(idsOf(2)).toHaveLength(2);
    expect(idsOf(2).filter((each) => idsOf(3).includes(each))).toEqual([]);
  });

  it('show an evaluator that failed without a call', () => {
    const error = new AssayError('EVALUATOR_FAILED', 'on purpose').toJSON();
    const failures = [{ evaluator: 'length', required: true, error }];
    const record = encodeJudgementSpans({
      ...encoding,
      judgement: { pass: 2, calls: [], failures },
    });
    expect(spansOf(record?.body ?? '[]').map(({ name }) => name)).toEqual(['length']);
  });

  it('are none where evaluators called no model and did not fail', () => {
    const judgement = { pass: 2, calls: [], failures: [] };
    expect(encodeJudgementSpans({ ...encoding, judgement })).toBeUndefined();
  });
});

describe('the trace of a retried cell', () => {
  it('names the trace that it replaces on its root, and another never does', () => {
    const supersedes = cellTraceId(identity);
    const retried = encodeSpans({ ...encoding, cell: { ...cell, revision: 2, supersedes } });
    const [root] = spansOf(retried.body);
    expect(metadataOf(root, 'assay.supersedes')).toBe(supersedes);
    expect(retried.traceId).not.toBe(supersedes);
    const [first] = spansOf(encodeSpans(encoding).body);
    expect(metadataOf(first, 'assay.supersedes')).toBeUndefined();
  });
});
