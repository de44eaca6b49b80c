import { markdownCellCode, markdownCode } from '../../text/escape/markdown.js';
import { bar, count, figure, figureInterval, nOf, percent } from '../figures.js';
import type {
  ConfusionReport,
  EvaluatorReport,
  FieldBreakdown,
  ReportModel,
  ScoreReport,
} from '../report-model.js';
import { blocks, table } from './table.js';

const mostLabels = 20;
// A wider matrix is no longer read; the table of labels stays.
const widestMatrix = 12;

/** Each score's distribution, and the matrix of labels where an evaluator compares labels. */
export function scoreSections({ evaluators }: ReportModel): readonly string[] {
  const parts = evaluators.flatMap((evaluator) => [
    ...evaluator.scores.map((score) => scorePart(evaluator, score)),
    evaluator.confusion === null ? [] : confusionPart(evaluator.name, evaluator.confusion),
  ]);
  const filled = parts.filter((part) => part.length > 0);
  return filled.length === 0 ? [] : blocks(['## Scores'], ...filled);
}

function scorePart(evaluator: EvaluatorReport, score: ScoreReport): readonly string[] {
  const { numeric, categories } = score;
  // A plain pass or fail is told in full by the table of results.
  const plain = categories?.labels.every(({ label }) => label === 'true' || label === 'false');
  if (numeric === null && (categories === null || plain === true)) return [];
  const title = `### ${markdownCode(score.name)} — ${nOf(score.n, evaluator.planned)} scored`;
  return blocks(
    [title],
    numeric === null ? [] : [numericLine(numeric)],
    numeric === null ? [] : histogramTable(numeric),
    categories === null ? [] : categoryTable(categories),
    score.unusable > 0 ? [`${nOf(score.unusable, score.n)} values are no usable number.`] : [],
  );
}

type Numeric = NonNullable<ScoreReport['numeric']>;
type Categories = NonNullable<ScoreReport['categories']>;

function numericLine(numeric: Numeric): string {
  const interval =
    numeric.interval === null
      ? numeric.n < 2
        ? 'no interval for n = 1'
        : numeric.min === numeric.max
          ? 'all values are equal'
          : 'no interval'
      : `95 % interval ${figureInterval(numeric.interval)}`;
  const sd = numeric.sd === null ? '' : `, sd ${figure(numeric.sd)}`;
  return (
    `Mean **${figure(numeric.mean)}** (${interval}${sd}, n = ${count(numeric.n)}); ` +
    `median ${figure(numeric.median)}, from ${figure(numeric.min)} to ${figure(numeric.max)}.`
  );
}

function histogramTable({ histogram, values, n: of, min, max }: Numeric): readonly string[] {
  if (min === max) return [];
  const bars =
    values === null
      ? histogram.map(({ from, to, n }) => ({ name: `${figure(from)} – ${figure(to)}`, n }))
      : values.map(({ value, n }) => ({ name: figure(value), n }));
  const most = Math.max(1, ...bars.map(({ n }) => n));
  return table(
    [
      { heading: 'Value', align: 'right' },
      { heading: 'n', align: 'right' },
      { heading: 'Share', align: 'right' },
      { heading: '' },
    ],
    bars.map(({ name, n }) => [
      name,
      count(n),
      percent(Math.min(1, n / of)),
      n === 0 ? '' : `\`${bar(n / most)}\``,
    ]),
  );
}

function categoryTable({ labels, n, otherN }: Categories): readonly string[] {
  const shown = labels.slice(0, mostLabels);
  const rest = labels.slice(mostLabels).reduce((sum, label) => sum + label.n, otherN);
  const row = (name: string, of: number): readonly string[] => [
    name,
    count(of),
    percent(of / n),
    `\`${bar(of / n)}\``,
  ];
  return table(
    [
      { heading: 'Label' },
      { heading: 'n', align: 'right' },
      { heading: 'Share', align: 'right' },
      { heading: '' },
    ],
    [
      ...shown.map((label) => row(markdownCellCode(label.label), label.n)),
      ...(rest > 0 ? [row('*all others*', rest)] : []),
    ],
  );
}

function confusionPart(evaluator: string, confusion: ConfusionReport): readonly string[] {
  const where = confusion.path === '' ? '' : ` at ${markdownCode(confusion.path)}`;
  return blocks(
    [
      `### ${markdownCode(evaluator)} — labels${where}`,
      '',
      `Accuracy **${percent(confusion.correct / confusion.n)}** (${nOf(confusion.correct, confusion.n)}); macro-F1 **${figure(confusion.macroF1)}**.`,
    ],
    table(
      [
        { heading: 'Expected label' },
        { heading: 'Expected', align: 'right' },
        { heading: 'Given', align: 'right' },
        { heading: 'Right', align: 'right' },
        { heading: 'Recall', align: 'right' },
        { heading: 'Precision', align: 'right' },
        { heading: 'F1', align: 'right' },
      ],
      confusion.classes.map((entry) => [
        markdownCellCode(entry.label),
        count(entry.expected),
        count(entry.given),
        count(entry.correct),
        percent(entry.recall),
        entry.precision === null ? 'never given' : percent(entry.precision),
        figure(entry.f1),
      ]),
    ),
    matrix(confusion),
  );
}

function matrix({ labels, counts, classes }: ConfusionReport): readonly string[] {
  if (labels.length > widestMatrix) return [];
  return [
    'Rows: expected; columns: given.',
    '',
    ...table(
      [
        { heading: '' },
        ...labels.map((label) => ({ heading: markdownCellCode(label), align: 'right' as const })),
      ],
      labels
        .slice(0, classes.length)
        .map((label, i) => [
          markdownCellCode(label),
          ...(counts[i] ?? []).map((n, j) =>
            n === 0 ? '·' : i === j ? `**${count(n)}**` : count(n),
          ),
        ]),
    ),
  ];
}

/** Results by metadata field. */
export function breakdownSection({ breakdowns, evaluators }: ReportModel): readonly string[] {
  if (breakdowns.length === 0) return [];
  const names = evaluators.flatMap(({ scores }) => scores.map(({ name }) => name)).slice(0, 8);
  return blocks(
    ['## Results by field'],
    ...breakdowns.map((breakdown) => breakdownPart(breakdown, names)),
  );
}

function breakdownPart(breakdown: FieldBreakdown, names: readonly string[]): readonly string[] {
  const columns = [
    { heading: markdownCellCode(breakdown.field) },
    { heading: 'Cells', align: 'right' as const },
    { heading: 'Errors', align: 'right' as const },
    ...names.map((name) => ({ heading: markdownCellCode(name) })),
  ];
  const rows = breakdown.values.map(({ value, cells, errors, scores }) => [
    markdownCellCode(value),
    count(cells),
    count(errors),
    ...names.map((name) => {
      const score = scores.find((entry) => entry.name === name);
      if (score === undefined) return '—';
      if (score.passRate !== null) {
        const { rate, passed, n } = score.passRate;
        return `${percent(rate)} (${nOf(passed, n)})`;
      }
      return score.mean === null ? `n = ${score.n}` : `mean ${figure(score.mean)} (n = ${score.n})`;
    }),
  ]);
  return blocks(
    [`### By ${markdownCode(breakdown.field)}`],
    table(columns, rows),
    breakdown.withoutValue > 0
      ? [`${count(breakdown.withoutValue)} cells have no such value.`]
      : [],
  );
}
