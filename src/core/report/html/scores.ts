import { count, figure, figureInterval, nOf, percent, percentInterval } from '../figures.js';
import type {
  ConfusionReport,
  EvaluatorReport,
  NumericReport,
  RateReport,
  ReportModel,
  ScoreReport,
} from '../report-model.js';
import { barChart, intervalLine, shareBar } from './charts.js';
import { html, type Content, type Markup } from './markup.js';
import { name, section, table } from './pieces.js';

const mostScores = 100;
const mostLabels = 20;
/** A wider matrix is no longer read; the table of labels stays. */
const widestMatrix = 16;

/** Each score: how much of it passed or where its values lie, with how many cells that is of. */
export function scoreSection({ evaluators, run }: ReportModel): Content {
  if (evaluators.length === 0) return null;
  const scores = evaluators.flatMap((evaluator) =>
    evaluator.scores.map((score) => ({ evaluator, score })),
  );
  const silent = evaluators.filter((evaluator) => evaluator.scores.length === 0);
  const clusters = run.repetitions > 1 ? ' The repetitions of one item count as one cluster.' : '';
  return section(
    {
      id: 'scores',
      title: 'Scores',
      aside: `95 % intervals: Wilson for shares, Student’s t for means.${clusters}`,
    },
    html`<div class="grid">
      ${scores.slice(0, mostScores).map(({ evaluator, score }) => scoreCard(evaluator, score))}${silent.map(silentCard)}
    </div>`,
    scores.length > mostScores
      ? html`<p class="note">
          Showing ${mostScores} of ${count(scores.length)} scores; <code>report.json</code> holds
          all.
        </p>`
      : null,
  );
}

function scoreCard(evaluator: EvaluatorReport, score: ScoreReport): Markup {
  const { passRate, numeric, categories } = score;
  const plain = categories?.labels.every(({ label }) => label === 'true' || label === 'false');
  return html`<article class="score">
    <div class="score-head">
      <h3>${name(score.name)}</h3>
      ${tags(evaluator)}
    </div>
    ${passRate === null ? null : rateFigure(passRate)}
    ${numeric === null ? null : meanFigure(numeric, passRate === null)}
    ${numeric === null || numeric.min === numeric.max ? null : histogram(score.name, numeric)}
    ${categories === null || plain === true ? null : categoryTable(score)}
    <p class="muted">
      ${nOf(score.n, evaluator.planned)} cells
      scored${missing(evaluator)}.${
        score.unusable > 0 ? ` ${nOf(score.unusable, score.n)} values are no usable number.` : null
      }
    </p>
  </article> `;
}

function silentCard(evaluator: EvaluatorReport): Markup {
  return html`<article class="score">
    <div class="score-head">
      <h3>${name(evaluator.name)}</h3>
      ${tags(evaluator)}
    </div>
    <p>No score.</p>
    <p class="muted">
      ${nOf(evaluator.scored, evaluator.planned)} cells scored${missing(evaluator)}.
    </p>
  </article> `;
}

function tags({ kind, required }: EvaluatorReport): Markup {
  return html`<span
    ><span class="tag" dir="auto">${kind}</span>
    <span class="tag">${required ? 'required' : 'informative'}</span></span
  >`;
}

function missing({ notApplicable, abstained, errored, notReached }: EvaluatorReport): string {
  const parts = [
    ...(notApplicable > 0 ? [`${count(notApplicable)} not applicable`] : []),
    ...(abstained > 0 ? [`${count(abstained)} abstained`] : []),
    ...(errored > 0 ? [`${count(errored)} evaluator errors`] : []),
    ...(notReached > 0 ? [`${count(notReached)} without an output`] : []),
  ];
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function rateFigure(rate: RateReport): Markup {
  return html`<div>
    <p class="figure">
      <b>${percent(rate.rate)}</b> <span>passed (${nOf(rate.passed, rate.n)})</span>
      <span class="muted">${percentInterval(rate.interval)}</span>
    </p>
    ${rateLine(rate)}
  </div>`;
}

function rateLine({ rate, interval }: RateReport): Markup {
  const label = `${percent(rate)}, 95 % interval ${percentInterval(interval)}`;
  return intervalLine({ value: rate, interval, scale: [0, 1], label });
}

/** A pass rate in a table: the share, its n and its interval as a line. */
export function rateCell(rate: RateReport): Markup {
  return html`<div class="rate">
    <span><b>${percent(rate.rate)}</b> <span class="muted">${nOf(rate.passed, rate.n)}</span></span
    >${rateLine(rate)}
  </div>`;
}

function meanFigure(numeric: NumericReport, first: boolean): Markup {
  const { mean, interval, sd, median, min, max, n } = numeric;
  const where =
    interval !== null
      ? figureInterval(interval)
      : n < 2
        ? 'no interval for n = 1'
        : min === max
          ? 'all values are equal'
          : 'no interval';
  const more = `median ${figure(median)}, ${figure(min)} to ${figure(max)}${sd === null ? '' : `, sd ${figure(sd)}`}`;
  return first
    ? html`<div>
        <p class="figure">
          <b>${figure(mean)}</b> <span>mean</span> <span class="muted">${where}</span>
        </p>
        <p class="muted">${more}</p>
      </div>`
    : html`<p>Mean <b>${figure(mean)}</b> <span class="muted">(${where}); ${more}</span></p>`;
}

function histogram(title: string, { histogram: bins, values }: NumericReport): Markup {
  if (values !== null) {
    const bars = values.map(({ value, n }) => ({ label: figure(value), n }));
    return barChart({ title: `Values of ${title}`, bars, axis: 'value' });
  }
  return barChart({
    title: `Values of ${title}`,
    bars: bins.map(({ from, to, n }) => ({ label: `${figure(from)} – ${figure(to)}`, n })),
    axis: 'value',
    edges: [...bins.map(({ from }) => figure(from)), figure(bins.at(-1)?.to ?? 0)],
  });
}

function categoryTable({ name: title, categories }: ScoreReport): Content {
  if (categories === null) return null;
  const { labels, n, otherN } = categories;
  const shown = labels.slice(0, mostLabels);
  const rest = labels.slice(mostLabels).reduce((sum, label) => sum + label.n, otherN);
  return table(
    {
      caption: `Labels of ${title}`,
      columns: [
        { heading: 'Label' },
        { heading: 'n', kind: 'number' },
        { heading: 'Share', kind: 'number' },
        { heading: '', kind: 'plain' },
      ],
    },
    [
      ...shown.map((label) => [
        name(label.label),
        count(label.n),
        percent(label.n / n),
        shareBar(label.n / n),
      ]),
      ...(rest > 0
        ? [[html`<i>all others</i>`, count(rest), percent(rest / n), shareBar(rest / n)]]
        : []),
    ],
  );
}

/** Expected against given labels, one part per evaluator that compares labels. */
export function confusionSection({ evaluators }: ReportModel): Content {
  const parts = evaluators.flatMap(({ name: evaluator, confusion }) =>
    confusion === null ? [] : [confusionPart(evaluator, confusion)],
  );
  return parts.length === 0
    ? null
    : section(
        { id: 'labels', title: 'Labels', aside: 'What was expected against what came.' },
        ...parts,
      );
}

function confusionPart(evaluator: string, confusion: ConfusionReport): Markup {
  const where = confusion.path === '' ? null : html` at ${name(confusion.path)}`;
  const accuracy = confusion.correct / confusion.n;
  return html`<div class="sub">
    <h3>${name(evaluator)}${where}</h3>
    <p>
      <b>${percent(accuracy)}</b> accuracy (${nOf(confusion.correct, confusion.n)}) ·
      <b>${figure(confusion.macroF1)}</b> macro F1
    </p>
    ${matrix(evaluator, confusion)} ${classTable(evaluator, confusion)}
  </div> `;
}

function matrix(evaluator: string, { labels, counts, classes }: ConfusionReport): Content {
  if (labels.length > widestMatrix) return null;
  const caption = `Expected against given labels of ${evaluator}`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${`Table: ${caption}`}">
    <table class="matrix">
      <caption class="unseen">
        ${caption}
      </caption>
      <thead>
        <tr>
          <th scope="col">expected ↓ given →</th>
          ${labels.map((label) => html`<th scope="col">${name(label)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${labels.slice(0, classes.length).map((label, i) => matrixRow(label, { row: counts[i] ?? [], i }))}
      </tbody>
    </table>
  </div>`;
}

function matrixRow(
  label: string,
  { row, i }: { readonly row: readonly number[]; readonly i: number },
): Markup {
  const total = Math.max(
    1,
    row.reduce((sum, n) => sum + n, 0),
  );
  return html`<tr>
    <th scope="row">${name(label)}</th>
    ${row.map((n, j) =>
      n === 0
        ? html`<td class="none">·</td>`
        : html`<td class="${i === j ? 'right' : 'wrong'}-${String(Math.ceil((n / total) * 6))}">
            ${count(n)}
          </td>`,
    )}
  </tr> `;
}

function classTable(evaluator: string, { classes }: ConfusionReport): Content {
  return table(
    {
      caption: `Figures per expected label of ${evaluator}`,
      columns: [
        { heading: 'Expected label' },
        { heading: 'Expected', kind: 'number' },
        { heading: 'Given', kind: 'number' },
        { heading: 'Right', kind: 'number' },
        { heading: 'Recall', kind: 'number' },
        { heading: 'Precision', kind: 'number' },
        { heading: 'F1', kind: 'number' },
      ],
    },
    classes.map((entry) => [
      name(entry.label),
      count(entry.expected),
      count(entry.given),
      count(entry.correct),
      { show: percent(entry.recall), sort: entry.recall },
      {
        show: entry.precision === null ? 'never given' : percent(entry.precision),
        sort: entry.precision ?? -1,
      },
      figure(entry.f1),
    ]),
  );
}
