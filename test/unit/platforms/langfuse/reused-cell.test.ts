import { describe, expect, it } from '@jest/globals';

import type { CellResult } from '../../../../src/contracts/records.js';
import { attribute, type OtlpSpan } from '../../../../src/platforms/langfuse/v4/attributes.js';
import { encodeScores } from '../../../../src/platforms/langfuse/encode-scores.js';
import { encodeSpans } from '../../../../src/platforms/langfuse/v4/encode-spans.js';
import { cell, item, judgeCall, run } from './cell-fixture.js';

const source = {
  experiment: 'triage-monday',
  runUid: 'run-0000',
  traceId: 'f'.repeat(32),
  costDollars: '0.25',
};
const reused = (change: Partial<CellResult> = {}): CellResult => ({
  ...cell,
  calls: [],
  attempts: 0,
  targetCostPico: 0n,
  judgeCostPico: 0n,
  usage: { inputTokens: 0, outputTokens: 0 },
  reusedFrom: {
    output: source,
    scores: ['category', 'tone', 'kind'].map((evaluator) => ({ evaluator, ...source })),
  },
  ...change,
});
const spansOf = (result: CellResult): readonly OtlpSpan[] =>
  JSON.parse(
    encodeSpans({
      cell: result,
      item,
      run,
      settings: { environment: 'assay', release: undefined },
    }).body,
  ) as OtlpSpan[];
const attributesOf = (span: OtlpSpan | undefined): Record<string, string> =>
  Object.fromEntries(
    (span?.attributes ?? []).map(({ key, value }) => [key, String(Object.values(value)[0])]),
  );

describe('a cell that was taken over', () => {
  it('is one root span that says where it comes from, with its output and without usage or cost', () => {
    const spans = spansOf(reused());
    expect(spans).toHaveLength(1);
    const root = attributesOf(spans[0]);
    expect(root).toMatchObject({
      [`${attribute.metadata}.assay.reused_from`]: `triage-monday/${'f'.repeat(32)}`,
      [`${attribute.metadata}.assay.reused_scores`]: 'category, tone, kind',
      [attribute.output]: '{"category":"billing"}',
    });
    expect(Object.keys(root)).not.toContain(attribute.usage);
    expect(Object.keys(root)).not.toContain(attribute.cost);
    expect(JSON.stringify(spans)).not.toContain('0.25');
  });

  it('has a span for the judge that judged it now, and still none for the target', () => {
    const spans = spansOf(
      reused({
        calls: [judgeCall],
        reusedFrom: { output: source, scores: [{ evaluator: 'category', ...source }] },
      }),
    );
    expect(spans.map(({ name }) => name)).toEqual(['triage-nightly', 'tone', 'judge-model']);
    expect(attributesOf(spans[0])).toMatchObject({
      [`${attribute.metadata}.assay.reused_scores`]: 'category',
    });
  });

  it('gives its scores to the new trace, and those that were taken over say so', () => {
    const result = reused({
      reusedFrom: { output: source, scores: [{ evaluator: 'tone', ...source }] },
    });
    const record = encodeScores(result, run, 'assay');
    const events = JSON.parse(record?.body ?? '[]') as {
      body: { name: string; traceId: string; metadata: Record<string, unknown> };
    }[];
    expect(events.map(({ body }) => [body.name, body.metadata['assay.reused_from']])).toEqual([
      ['category', undefined],
      ['tone', `triage-monday/${'f'.repeat(32)}`],
      ['kind', undefined],
    ]);
    expect(new Set(events.map(({ body }) => body.traceId))).toEqual(new Set([record?.traceId]));
  });
});
