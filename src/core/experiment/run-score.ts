import type { RunScore, ScoreFigures } from '../../contracts/publication.js';
import { figure } from '../report/figures.js';

/**
 * The score of a run as a whole under one name: the pass rate where its scores say whether they passed, else the mean of
 * their numbers. Undefined where they say neither (labels without a notion of passing).
 */
export function runScoreOf(figures: ScoreFigures): RunScore | undefined {
  const { repetition, name, evaluator, planned, graded, passed, numbers, sum } = figures;
  const score = (value: number, reasoning: string): RunScore => ({
    repetition,
    name,
    evaluator,
    value,
    comment: { passed_items: [], failed_items: [], reasoning, suggestions: [] },
  });
  if (graded > 0) {
    const mean = numbers > 0 ? ` Their mean is ${figure(sum / numbers)}.` : '';
    return score(
      passed / graded,
      `Pass rate: ${passed} of ${graded} passed; ${graded} of ${planned} planned cells have this score.${mean}`,
    );
  }
  if (numbers === 0) return undefined;
  return score(sum / numbers, `Mean: ${numbers} of ${planned} planned cells have this score.`);
}
