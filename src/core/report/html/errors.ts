import { count, nOf } from '../figures.js';
import type { ErrorGroup, ReportModel } from '../report-model.js';
import { html, joined, type Content, type Markup } from './markup.js';
import { link, listedNote, name, prose, section, table } from './pieces.js';

const mostGroups = 50;

/** Errors of targets and evaluators by kind. */
export function errorSection({ errors, cells }: ReportModel): Content {
  if (errors.length === 0) return null;
  const shown = errors.slice(0, mostGroups);
  return section(
    { id: 'errors', title: 'Errors', aside: 'By who erred and by code.' },
    table(
      {
        caption: 'Errors',
        columns: [
          { heading: 'From' },
          { heading: 'Code' },
          { heading: 'Cells', kind: 'number' },
          { heading: 'What happened', kind: 'plain' },
          { heading: 'For example', kind: 'plain' },
        ],
      },
      shown.map((group) => [
        place(group),
        name(group.code),
        { show: nOf(group.n, cells.planned), sort: group.n },
        messages(group),
        examples(group),
      ]),
    ),
    listedNote(shown.length, errors.length, html`<code>report.json</code> holds all.`),
  );
}

function place({ phase, evaluator }: ErrorGroup): Content {
  if (phase !== 'evaluator') return phase;
  return evaluator === null ? 'evaluator' : html`evaluator ${name(evaluator)}`;
}

function messages({ title, messages: told }: ErrorGroup): Markup {
  return html`<b>${prose(title)}</b>${told.map(
      ({ text, n }) => html`<br /><span class="muted">${count(n)} ×</span> ${prose(text)}`,
    )}`;
}

function examples({ examples: cells }: ErrorGroup): Content {
  return joined(
    cells
      .slice(0, 3)
      .map(({ itemId, traceUrl }) =>
        traceUrl === null ? name(itemId) : link(name(itemId), traceUrl),
      ),
    html`<br />`,
  );
}
