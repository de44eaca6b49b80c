import { count, figure, figureInterval } from '../figures.js';
import type { FieldBreakdown, FieldValue, ReportModel } from '../report-model.js';
import { html, type Content, type Markup } from './markup.js';
import { name, section, table, type TableCell } from './pieces.js';
import { rateCell } from './scores.js';

const mostColumns = 8;

/** Results by the values of the items' metadata. */
export function sliceSection({ breakdowns, evaluators }: ReportModel): Content {
  if (breakdowns.length === 0) return null;
  const names = evaluators.flatMap(({ scores }) => scores.map((score) => score.name));
  return section(
    { id: 'slices', title: 'Results by field', aside: 'Of the items’ metadata.' },
    ...breakdowns.map((breakdown) => slicePart(breakdown, names.slice(0, mostColumns))),
    names.length > mostColumns
      ? html`<p class="note">
          Showing ${mostColumns} of ${names.length} scores; <code>report.json</code> holds all.
        </p>`
      : null,
  );
}

function slicePart(breakdown: FieldBreakdown, names: readonly string[]): Markup {
  const { field, values, withoutValue } = breakdown;
  return html`<div class="sub">
    <h3>By ${name(field)}</h3>
    ${table(
      {
        caption: `Results by ${field}`,
        columns: [
          { heading: 'Value' },
          { heading: 'Cells', kind: 'number' },
          { heading: 'Errors', kind: 'number' },
          // Sorted by the figure, read as a line.
          ...names.map((score) => ({ heading: name(score) })),
        ],
      },
      values.map((value) => [
        name(value.value),
        count(value.cells),
        count(value.errors),
        ...names.map((score) => scoreCell(value, score)),
      ]),
    )}
    ${withoutValue > 0 ? html`<p class="note">${count(withoutValue)} cells have no such value.</p>` : null}
  </div> `;
}

function scoreCell({ scores }: FieldValue, wanted: string): TableCell {
  const score = scores.find((each) => each.name === wanted);
  if (score === undefined) return { show: '—', sort: '' };
  if (score.passRate !== null) {
    return { show: rateCell(score.passRate), sort: score.passRate.rate.toFixed(6) };
  }
  if (score.mean === null)
    return { show: html`<span class="muted">n = ${count(score.n)}</span>`, sort: '' };
  const interval = score.interval === null ? '' : `; ${figureInterval(score.interval)}`;
  return {
    show: html`<b>${figure(score.mean)}</b>
      <span class="muted">mean of ${count(score.n)}${interval}</span>`,
    sort: score.mean.toFixed(6),
  };
}
