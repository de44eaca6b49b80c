import { describe, expect, it } from '@jest/globals';

import { classificationScores } from '../../../../src/core/experiment/run-score.js';
import { EvaluatorTally } from '../../../../src/core/report/evaluator-tally.js';
import type { ReportCell } from '../../../../src/core/report/report-input.js';

const cellOf = (expected: string, given: string): ReportCell =>
  ({
    status: 'ok',
    itemId: `${expected} ${given}`,
    item: { id: 'x', input: {}, expected: { other: 1 }, metadata: {} },
    output: 'a text that holds no label',
    evaluatorFailures: [],
    scores: [
      {
        name: 'category',
        evaluator: 'category',
        value: { type: 'CATEGORICAL', value: given },
        passed: expected === given,
        comment: {
          passed_items: expected === given ? [expected] : [],
          failed_items: expected === given ? [] : [expected],
          reasoning: '',
          suggestions: [],
        },
      },
    ],
  }) as unknown as ReportCell;

describe('a classification of a run', () => {
  const pairs: readonly (readonly [string, string])[] = [
    ['bug', 'bug'],
    ['bug', 'refund'],
    ['refund', 'refund'],
    ['refund', '(no label)'],
    ['refund', 'refund'],
  ];

  it('is reported by the labels that the evaluator read, not read anew from the bodies', () => {
    const identity = { name: 'category', kind: 'classification', required: true, options: {} };
    const tally = new EvaluatorTally(identity);
    for (const [expected, given] of pairs) tally.add(cellOf(expected, given));
    expect(tally.report(5).confusion).toMatchObject({
      n: 5,
      correct: 3,
      labels: ['refund', 'bug', '(no label)'],
      counts: [
        [2, 0, 1],
        [1, 1, 0],
        [0, 0, 0],
      ],
      macroF1: expect.closeTo((2 / 3 + 2 / 3) / 2, 12),
    });
  });

  it('is published for each repetition, with the figures of each label', () => {
    const counted = pairs.map(([expected, given]) => ({
      repetition: 2,
      evaluator: 'category',
      expected,
      given,
      n: 1,
    }));
    const scores = classificationScores([...counted, { ...counted[0], repetition: 1 } as never]);
    expect(scores.map(({ repetition, name, value }) => [repetition, name, value])).toEqual([
      [2, 'category.accuracy', 0.6],
      [2, 'category.macro_f1', expect.closeTo(2 / 3, 12)],
      [2, 'category.f1.refund', expect.closeTo(2 / 3, 12)],
      [2, 'category.f1.bug', expect.closeTo(2 / 3, 12)],
      [1, 'category.accuracy', 1],
      [1, 'category.macro_f1', 1],
      [1, 'category.f1.bug', 1],
    ]);
    expect(scores[1]?.comment.reasoning).toBe(
      [
        'Mean F1 of 2 labels over 5 cells.',
        'refund: F1 0.667, precision 0.667, recall 0.667 (2 of 3, given 3 times)',
        'bug: F1 0.667, precision 1, recall 0.5 (1 of 2, given 1 times)',
      ].join('\n'),
    );
  });

  it('publishes none where the labels are texts', () => {
    const many = Array.from({ length: 101 }, (_unused, at) => ({
      repetition: 1,
      evaluator: 'category',
      expected: `text ${at}`,
      given: 'x',
      n: 1,
    }));
    expect(classificationScores(many)).toEqual([]);
  });
});
