import { describe, expect, it } from '@jest/globals';

import { cellTraceId, scoreId } from '../../../../src/core/ids/platform-ids.js';
import { encodeScores, maxScoresBytes } from '../../../../src/platforms/langfuse/encode-scores.js';
import { cell, run } from './cell-fixture.js';

const traceId = cellTraceId({ runUid: 'run-0001', itemId: 'ticket-1', repetition: 1, revision: 1 });

interface Event {
  readonly id: string;
  readonly timestamp: string;
  readonly body: Record<string, unknown> & { readonly comment: string };
}
const events = (body: string | undefined) => JSON.parse(body ?? '[]') as Event[];

describe('encodeScores', () => {
  it('gives complete events with ids of ours and the time of the cell', () => {
    const record = encodeScores(cell, run, 'assay');
    expect(record?.ids).toEqual(['category', 'tone', 'kind'].map((name) => scoreId(traceId, name)));
    expect(events(record?.body)[0]).toEqual({
      id: scoreId(traceId, 'category'),
      type: 'score-create',
      timestamp: '2026-11-20T10:00:01.500Z',
      body: {
        id: scoreId(traceId, 'category'),
        traceId,
        name: 'category',
        value: 1,
        dataType: 'BOOLEAN',
        comment: '',
        environment: 'assay',
        metadata: {
          'assay.run_uid': 'run-0001',
          'assay.evaluator': 'category',
          'assay.passed': true,
          'assay.export_id': '',
        },
      },
    });
  });

  it('writes numbers, truths as 0 or 1, and categories as texts', () => {
    const values = events(encodeScores(cell, run, 'assay')?.body).map(({ body }) => body['value']);
    expect(values).toEqual([1, 0.75, 'calm']);
  });

  it('writes the comment as JSON text', () => {
    const [, tone] = events(encodeScores(cell, run, 'assay')?.body);
    expect(JSON.parse(tone?.body.comment ?? '')).toEqual(cell.scores[1]?.comment);
  });

  it('keeps the score of a judge, what it could not decide and which judge it was, cut or not', () => {
    const judged = {
      passed_items: ['polite'],
      failed_items: [],
      reasoning: 'because',
      suggestions: [],
      score: 1,
      undecided_items: ['true'],
      judge: { model: 'openai/m', prompt: 'a'.repeat(64), orders: ['output', 'other'] as const },
    };
    for (const comment of [judged, { ...judged, reasoning: 'x'.repeat(200_000) }]) {
      const value = { type: 'NUMERIC', value: 1 } as const;
      const score = { name: 's', evaluator: 's', value, comment };
      const body = encodeScores({ ...cell, scores: [score] }, run, 'assay')?.body;
      const written: unknown = JSON.parse(events(body)[0]?.body.comment ?? '');
      expect(written).toEqual({ ...comment, reasoning: expect.any(String) });
    }
  });

  it('gives no record for a cell without scores', () => {
    expect(encodeScores({ ...cell, scores: [] }, run, 'assay')).toBeUndefined();
  });

  it('cuts huge comments inside, so that they stay JSON and all scores fit a request', () => {
    const comment = {
      passed_items: Array.from({ length: 60 }, () => '"'.repeat(2_000)),
      failed_items: [],
      reasoning: '\u0001'.repeat(100_000),
      suggestions: [],
    };
    const scores = Array.from({ length: 50 }, (_, index) => ({
      name: `s${index}`,
      evaluator: 'tone',
      value: { type: 'NUMERIC', value: index } as const,
      comment,
    }));
    const record = encodeScores({ ...cell, scores }, run, 'assay');
    expect(Buffer.byteLength(record?.body ?? '')).toBeLessThanOrEqual(maxScoresBytes);
    for (const { body } of events(record?.body)) {
      expect(body['metadata']).toMatchObject({ 'assay.cut': 'comment' });
      expect((JSON.parse(body.comment) as { reasoning: string }).reasoning).toContain(
        '[cut by Assay',
      );
    }
  });
});
