import type { EvaluatorIdentity } from '../../contracts/manifest.js';
import type { ScoreRecord } from '../../contracts/records.js';
import type { ReportCell } from './report-input.js';

/** The evaluators of a run that inform: their scores are told, and pass or fail no cell. */
export function informativeEvaluators(
  evaluators: readonly Pick<EvaluatorIdentity, 'name' | 'required'>[],
): ReadonlySet<string> {
  return new Set(evaluators.filter(({ required }) => !required).map(({ name }) => name));
}

/** How a cell ended as a whole: undefined where no required score of it can pass or fail. */
export function cellPassed(
  { scores }: Pick<ReportCell, 'scores'>,
  informative: ReadonlySet<string>,
): boolean | undefined {
  const decisive = scores.filter(({ evaluator }) => !informative.has(evaluator));
  if (decisive.some((score) => score.passed === false)) return false;
  return decisive.some((score) => score.passed === true) ? true : undefined;
}

/** The required scores of a cell that did not pass. */
export function failedScores(
  { scores }: Pick<ReportCell, 'scores'>,
  informative: ReadonlySet<string>,
): readonly ScoreRecord[] {
  return scores.filter(({ evaluator, passed }) => passed === false && !informative.has(evaluator));
}
