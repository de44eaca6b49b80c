import type { LabelPairFigures, RunScore, ScoreFigures } from '../../contracts/publication.js';
import { classificationOf, type Classification } from '../evaluation/classification.js';
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

/** The labels whose F1 is a score of its own; the others stand in the comment of macro F1. */
const mostPublished = 20;

/**
 * The scores of a run as a whole of its classification evaluators, by repetition: `NAME.accuracy`, `NAME.macro_f1` and, for its
 * most frequent labels, `NAME.f1.LABEL` with precision and recall in the comment.
 */
export function classificationScores(pairs: readonly LabelPairFigures[]): readonly RunScore[] {
  const groups = new Map<string, LabelPairFigures[]>();
  for (const pair of pairs) {
    const key = JSON.stringify([pair.repetition, pair.evaluator]);
    groups.set(key, [...(groups.get(key) ?? []), pair]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const classified = classificationOf(group);
    if (first === undefined || classified === undefined) return [];
    return scoresOf(first, classified);
  });
}

function scoresOf(
  { repetition, evaluator }: LabelPairFigures,
  { n, correct, accuracy, macroF1, classes }: Classification,
): readonly RunScore[] {
  const score = (part: string, value: number, reasoning: string): RunScore => ({
    repetition,
    name: `${evaluator}.${part}`,
    evaluator,
    value,
    comment: { passed_items: [], failed_items: [], reasoning, suggestions: [] },
  });
  const line = (one: Classification['classes'][number]): string =>
    `${one.label}: F1 ${figure(one.f1)}, precision ${one.precision === null ? 'none (never given)' : figure(one.precision)}, recall ${figure(one.recall)} (${one.correct} of ${one.expected}, given ${one.given} times)`;
  return [
    score('accuracy', accuracy, `Accuracy: ${correct} of ${n} labels are right.`),
    score(
      'macro_f1',
      macroF1,
      [`Mean F1 of ${classes.length} labels over ${n} cells.`, ...classes.map(line)].join('\n'),
    ),
    ...classes.slice(0, mostPublished).map((one) => score(`f1.${one.label}`, one.f1, line(one))),
  ];
}
