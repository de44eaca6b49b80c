import type { PublicationCounts } from '../../contracts/records.js';
import type {
  ErrorGroup,
  EvaluatorReport,
  FailureReport,
  Finding,
  ReportCells,
} from './report-model.js';

const mostFindings = 8;

/**
 * The patterns that deserve a sentence before any table: fields with a clearly lower pass rate, pairs of labels
 * that make a good part of the mistakes, criteria that judges name again and again, and kinds of errors.
 */
export function gatherFindings(from: {
  readonly fields: readonly Finding[];
  readonly evaluators: readonly EvaluatorReport[];
  readonly failures: FailureReport;
  readonly errors: readonly ErrorGroup[];
  readonly cells: ReportCells;
  /** Of runs that were verified in full; empty for others. */
  readonly verified: readonly PublicationCounts[];
}): readonly Finding[] {
  const { fields, evaluators, failures, errors, cells, verified } = from;
  return [
    ...verified.flatMap(publicationFindings),
    ...errors.slice(0, 2).map(({ phase, evaluator, code, n }): Finding => {
      return { kind: 'error', phase, evaluator, code, n, of: cells.planned };
    }),
    ...fields.slice(0, 3),
    ...evaluators.flatMap(pairFindings),
    ...criterionFindings(failures, evaluators),
  ].slice(0, mostFindings);
}

function publicationFindings(counts: PublicationCounts): readonly Finding[] {
  const { platform } = counts;
  return [
    {
      what: 'traces' as const,
      verified: counts.verifiedTraces,
      expected: counts.expectedTraces,
    },
    {
      what: 'scores' as const,
      verified: counts.verifiedScores,
      expected: counts.expectedScores,
    },
    {
      what: 'scores of the whole run' as const,
      verified: counts.verifiedRunScores,
      expected: counts.expectedRunScores,
    },
  ]
    .filter(({ verified, expected }) => verified < expected)
    .map((missing) => ({ kind: 'publication', platform, ...missing }));
}

/** The most frequent mistake of a confusion matrix, where it comes at least three times. */
function pairFindings(evaluator: EvaluatorReport): readonly Finding[] {
  const { confusion, name } = evaluator;
  if (confusion === null) return [];
  const { labels, counts, n, correct } = confusion;
  return counts
    .flatMap((row, i) =>
      row.map((count, j) => ({ n: i === j ? 0 : count, expected: labels[i], got: labels[j] })),
    )
    .sort((a, b) => b.n - a.n)
    .slice(0, 2)
    .flatMap(({ n: count, expected, got }) =>
      count >= 3 && expected !== undefined && got !== undefined
        ? [{ kind: 'pair' as const, score: name, expected, got, n: count, of: n - correct }]
        : [],
    );
}

function criterionFindings(
  failures: FailureReport,
  evaluators: readonly EvaluatorReport[],
): readonly Finding[] {
  const { criteria } = failures;
  // Where an evaluator compares one place of the output it names that place in every failure, which says nothing.
  const tells = ({ evaluator, text }: { evaluator: string; text: string }): boolean =>
    !text.startsWith('/') ||
    criteria.some((other) => other.evaluator === evaluator && other.text !== text);
  return criteria
    .filter((each) => each.n >= 3 && tells(each))
    .slice(0, 2)
    .map(({ evaluator, text, n }) => {
      const of = evaluators.find((entry) => entry.name === evaluator)?.scored ?? failures.cells;
      return { kind: 'criterion', evaluator, text, n, of };
    });
}
