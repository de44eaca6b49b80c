import { describe, expect, it } from '@jest/globals';

import type { ScoreFigures } from '../../../../src/contracts/publication.js';
import { runScoreOf } from '../../../../src/core/experiment/run-score.js';

const figures: ScoreFigures = {
  repetition: 2,
  name: 'tone',
  evaluator: 'judge',
  planned: 30,
  graded: 0,
  passed: 0,
  numbers: 0,
  sum: 0,
};

describe('the score of a run as a whole', () => {
  it('is the pass rate of graded scores, with its denominators and the mean of their numbers', () => {
    expect(runScoreOf({ ...figures, graded: 28, passed: 21, numbers: 28, sum: 14 })).toEqual({
      repetition: 2,
      name: 'tone',
      evaluator: 'judge',
      value: 0.75,
      comment: {
        passed_items: [],
        failed_items: [],
        reasoning:
          'Pass rate: 21 of 28 passed; 28 of 30 planned cells have this score. Their mean is 0.5.',
        suggestions: [],
      },
    });
  });

  it('is the mean of numbers without a notion of passing', () => {
    expect(runScoreOf({ ...figures, numbers: 4, sum: -1 })).toMatchObject({
      value: -0.25,
      comment: { reasoning: 'Mean: 4 of 30 planned cells have this score.' },
    });
  });

  it('is none where labels say neither', () => {
    expect(runScoreOf(figures)).toBeUndefined();
  });
});
