import { count, counted, duration, figure, nOf, percent } from '../figures.js';
import type { FailureExample, FailureReport, NamedLine, ReportModel } from '../report-model.js';
import { shareBar } from './charts.js';
import { html, joined, type Content, type Markup } from './markup.js';
import { panes, quote } from './panes.js';
import { listedNote, name, prose, section, table, trace } from './pieces.js';

const mostPatterns = 25;
const mostLines = 20;
const longestWhy = 160;

/** A failed cell as the page lists it. */
interface Listed {
  readonly cell: FailureExample;
  /** The place of its pattern, where it is in one that is kept. */
  readonly pattern: number | null;
}

/** What failed and why: groups first, then the cells, to be sorted and searched. */
export function failureSection({ failures, evaluators }: ReportModel): Content {
  if (failures.graded === 0 && failures.criteria.length === 0) return null;
  const aside = `${nOf(failures.cells, failures.graded)} graded cells have a failed required score`;
  const none = html`<p>✓ No required score failed.</p>`;
  if (failures.cells === 0 && failures.criteria.length === 0) {
    return section({ id: 'failures', title: 'Failures', aside }, none);
  }
  const listed = listOf(failures);
  const places = new Map(listed.map(({ cell }, i) => [keyOf(cell), `cell-${i + 1}`]));
  const scored = new Map(evaluators.map((each) => [each.name, each.scored]));
  return section(
    { id: 'failures', title: 'Failures', aside },
    failures.cells === 0 ? none : null,
    criteriaPart(failures.criteria, { places, scored }),
    failures.cells === 0 ? null : patternPart(failures),
    suggestionPart(failures.suggestions),
    cellsPart(failures, listed),
  );
}

/** The worst of each pattern and what is told beside them, in one order: most failed scores, then as they come. */
function listOf({ patterns, more }: FailureReport): readonly Listed[] {
  const examples = patterns.flatMap(({ examples: cells }, pattern) =>
    cells.map((cell) => ({ cell, pattern })),
  );
  return [...examples, ...more.map(({ pattern, ...cell }) => ({ cell, pattern }))].sort(
    (a, b) => b.cell.scores.length - a.cell.scores.length || lowest(a.cell) - lowest(b.cell),
  );
}

function lowest({ scores }: FailureExample): number {
  return Math.min(
    ...scores.map(({ value }) => (Number.isFinite(Number(value)) ? Number(value) : 0)),
  );
}

const keyOf = (cell: { readonly itemId: string; readonly repetition: number }): string =>
  JSON.stringify([cell.itemId, cell.repetition]);

function criteriaPart(
  criteria: readonly NamedLine[],
  on: {
    readonly places: ReadonlyMap<string, string>;
    readonly scored: ReadonlyMap<string, number>;
  },
): Content {
  if (criteria.length === 0) return null;
  return html`<div class="sub">
    <h3>Failed criteria</h3>
    ${table(
      {
        caption: 'Criteria that judges and checks named as failed',
        columns: [
          { heading: 'Criterion' },
          { heading: 'Evaluator' },
          { heading: 'Cells', kind: 'number' },
          { heading: 'Of scored', kind: 'number' },
          { heading: '', kind: 'plain' },
          { heading: 'For example', kind: 'plain' },
        ],
      },
      criteria.slice(0, mostLines).map(({ text, evaluator, n, examples }) => {
        const of = on.scored.get(evaluator) ?? 0;
        return [
          prose(text),
          name(evaluator),
          count(n),
          of === 0 ? '—' : { show: percent(Math.min(1, n / of)), sort: n / of },
          shareBar(of === 0 ? 0 : n / of, 'bad'),
          joined(
            examples.slice(0, 3).map((cell) => cellName(cell, on.places)),
            ' ',
          ),
        ];
      }),
    )}${listedNote(Math.min(mostLines, criteria.length), criteria.length, html`<code>report.json</code> holds all.`)}
  </div> `;
}

/** The item, as a link to the cell where it is listed below. */
function cellName(
  cell: { readonly itemId: string; readonly repetition: number },
  places: ReadonlyMap<string, string>,
): Markup {
  const place = places.get(keyOf(cell));
  const which = cell.repetition > 1 ? ` (${cell.repetition})` : null;
  return place === undefined
    ? html`<span>${name(cell.itemId)}${which}</span>`
    : html`<a href="#${place}">${name(cell.itemId)}${which}</a>`;
}

function patternPart(failures: FailureReport): Markup {
  const { patterns, cells, otherCells } = failures;
  const shown = patterns.slice(0, mostPatterns);
  const rest = patterns.slice(mostPatterns).reduce((sum, { n }) => sum + n, otherCells);
  return html`<div class="sub">
    <h3>What failed together</h3>
    ${table(
      {
        caption: 'Cells that failed alike',
        columns: [
          { heading: 'Failed scores' },
          { heading: 'Expected → got' },
          { heading: 'Cells', kind: 'number' },
          { heading: 'Of failed', kind: 'number' },
          { heading: '', kind: 'plain' },
        ],
      },
      [
        ...shown.map(({ scores, pair, n }, i) => [
          html`<a href="#failed-cells" data-group-link="${String(i)}"
            >${joined(scores.map(name), ' + ')}</a
          >`,
          pair === null ? '—' : html`${name(pair.expected)} → ${name(pair.got)}`,
          count(n),
          { show: percent(n / cells), sort: n / cells },
          shareBar(n / cells, 'bad'),
        ]),
        ...(rest > 0
          ? [
              [
                html`<i>other groups</i>`,
                '',
                count(rest),
                { show: percent(rest / cells), sort: rest / cells },
                shareBar(rest / cells, 'bad'),
              ],
            ]
          : []),
      ],
    )}
  </div> `;
}

function suggestionPart(suggestions: readonly NamedLine[]): Content {
  const shown = suggestions.slice(0, mostLines);
  if (shown.length === 0) return null;
  return html`<details class="more">
    <summary>${counted(shown.length, 'suggestion')} that came most often</summary>
    <div>
      ${table(
        {
          caption: 'Suggestions that came most often',
          columns: [
            { heading: 'Suggestion' },
            { heading: 'Evaluator' },
            { heading: 'Cells', kind: 'number' },
          ],
        },
        shown.map(({ text, evaluator, n }) => [prose(text), name(evaluator), count(n)]),
      )}
    </div>
  </details> `;
}

function cellsPart(failures: FailureReport, listed: readonly Listed[]): Content {
  if (listed.length === 0) return null;
  const groups = failures.patterns.slice(0, mostPatterns);
  return html`<div class="sub" id="failed-cells">
    <h3>Failed cells</h3>
    ${listedNote(
      listed.length,
      failures.cells,
      html`The worst of each group come first; <code>results.csv</code> and
        <code>results.jsonl</code> beside this page hold all.`,
    )}
    <div class="tools" id="cell-tools">
      <label
        >Sort by<select name="sort">
          <option value="worst">worst first</option>
          <option value="item">item</option>
          <option value="slow">slowest first</option>
          <option value="group">group</option>
        </select></label
      >
      <label
        >Group<select name="group">
          <option value="">all groups</option>
          ${groups.map(
            ({ scores, pair, n }, i) =>
              html`<option value="${String(i)}">
                ${scores.join(' + ')}${pair === null ? null : `: ${pair.expected} → ${pair.got}`}
                (${count(n)})
              </option>`,
          )}
        </select></label
      >
      <label
        >Search<input
          name="search"
          type="search"
          placeholder="item, text, criterion…"
          autocomplete="off"
          spellcheck="false"
      /></label>
      <button type="button" name="toggle" aria-pressed="false">Open all</button>
      <span class="status" role="status"></span>
    </div>
    <div data-cells="cell-tools">${listed.map(cellPart)}</div>
  </div> `;
}

function cellPart({ cell, pattern }: Listed, i: number): Markup {
  const { itemId, repetition, description, latencyMs, scores } = cell;
  return html`<details
    class="cell"
    id="cell-${i + 1}"
    data-order="${i}"
    data-item="${itemId}"
    data-latency="${String(latencyMs)}"
    data-group="${pattern === null ? '' : String(pattern)}"
  >
    <summary>
      <span class="who"
        >${name(itemId)}${repetition > 1 ? html` <span class="muted">repetition ${repetition}</span>` : null}</span
      ><span class="why" dir="auto">${whyOf(cell)}</span
      ><span class="chips"
        >${scores
          .slice(0, 4)
          .map(({ name: score }) => html`<span class="chip" dir="auto">✗ ${score}</span>`)}${
          scores.length > 4 ? html`<span class="chip">+ ${scores.length - 4}</span>` : null
        }</span
      >
    </summary>
    <div class="body">
      ${description === null ? null : html`<p dir="auto">${description}</p>`}
      ${panes(
        { title: 'Expected', text: cell.expected },
        { title: 'Output', text: cell.output, none: 'The target gave none.' },
      )}
      <div class="verdicts">${scores.map(verdict)}</div>
      ${quote('Input', cell.input)}
      ${cell.metadata === null ? null : quote('Metadata', cell.metadata)}
      <p class="meta"><span>${duration(latencyMs)}</span>${trace(cell)}</p>
    </div>
  </details> `;
}

/** One line that says why: the first reason that a judge gave, else what was expected. */
function whyOf({ scores, description }: FailureExample): string {
  const [failed] = scores.flatMap(({ failedItems }) => failedItems);
  const [reason] = scores.flatMap(({ reasoning }) => (reasoning === null ? [] : [reasoning.text]));
  const text = (reason ?? failed ?? description ?? '').replace(/\s+/g, ' ').trim();
  return text.length > longestWhy ? `${text.slice(0, longestWhy)}…` : text;
}

function verdict({
  name: score,
  value,
  reasoning,
  failedItems,
  suggestions,
}: FailureExample['scores'][number]): Markup {
  const number = Number(value);
  const shown = value.trim() !== '' && Number.isFinite(number) ? figure(number) : value;
  return html`<div class="verdict">
    <p>${name(score)} = ${name(shown)}</p>
    ${
      reasoning === null || reasoning.text.trim() === ''
        ? null
        : html`<p dir="auto">
            ${reasoning.text}${reasoning.text.length < reasoning.length ? '…' : null}
          </p>`
    }${
      failedItems.length + suggestions.length === 0
        ? null
        : html`<ul>
            ${failedItems.map((text) => html`<li>${prose(text)}</li>`)}${suggestions.map((text) => html`<li class="hint">${prose(text)}</li>`)}
          </ul>`
    }
  </div>`;
}
