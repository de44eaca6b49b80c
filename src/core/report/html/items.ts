import { count, counted, figure, nOf, percent } from '../figures.js';
import type { FlakyItem, FlakyReport, ItemScore, ReportModel, WorstItem } from '../report-model.js';
import { partsBar } from './charts.js';
import { html, joined, type Content, type Markup } from './markup.js';
import { listedNote, name, prose, section, table, trace } from './pieces.js';

/** The items that came out worst over their repetitions. */
export function worstSection({ worstItems, cells }: ReportModel): Content {
  if (worstItems.length === 0) return null;
  return section(
    {
      id: 'worst',
      title: 'Worst items',
      aside: `The ${count(worstItems.length)} with the most errors and failed scores.`,
    },
    table(
      {
        caption: 'Worst items',
        brief: true,
        columns: [
          { heading: 'Item' },
          { heading: 'Cells', kind: 'number' },
          { heading: 'Errors', kind: 'number' },
          { heading: 'Verdicts failed', kind: 'number' },
          { heading: 'Mean', kind: 'number' },
          { heading: 'Failed scores' },
          { heading: 'Trace', kind: 'plain' },
        ],
      },
      worstItems.map(worstRow),
    ),
    cells.pending > 0 ? html`<p class="note">Of the cells that have ended.</p>` : null,
  );
}

function worstRow(item: WorstItem) {
  const share = item.graded === 0 ? null : item.failed / item.graded;
  return [
    {
      show: html`${name(item.itemId)}<span class="clamp" dir="auto"
          >${item.description ?? item.input.text}</span
        >`,
      sort: item.itemId,
    },
    count(item.cells),
    count(item.errors),
    { show: share === null ? '—' : nOf(item.failed, item.graded), sort: share ?? -1 },
    { show: item.mean === null ? '—' : figure(item.mean), sort: item.mean ?? -1 },
    scoresText(item.scores),
    trace(item),
  ];
}

function scoresText(scores: readonly ItemScore[]): Content {
  return joined(
    scores
      .slice(0, 6)
      .map(({ name: score, graded, passed }) =>
        graded === 1
          ? name(score)
          : html`${name(score)} <span class="muted">${nOf(passed, graded)} passed</span>`,
      ),
    html`<br />`,
  );
}

/** Items whose repetitions do not agree. */
export function flakySection({ flaky, steadiness }: ReportModel): Content {
  if (flaky === null || steadiness === null) return null;
  return section(
    {
      id: 'flaky',
      title: 'Flaky items',
      aside: `${nOf(flaky.mixed, flaky.items)} items passed in some repetitions only (${percent(flaky.items === 0 ? 0 : flaky.mixed / flaky.items)})`,
    },
    partsBar('Items graded more than once', [
      { label: 'always passed', n: steadiness.alwaysPassed, tone: 'good' },
      { label: 'sometimes', n: steadiness.mixed, tone: 'warn' },
      { label: 'never', n: steadiness.neverPassed, tone: 'bad' },
    ]),
    outputsNote(flaky),
    table(
      {
        caption: 'Flaky items, nearest to a coin toss first',
        brief: true,
        columns: [
          { heading: 'Item' },
          { heading: 'Repetitions', kind: 'plain' },
          { heading: 'Passed', kind: 'number' },
          { heading: 'Different outputs', kind: 'number' },
          { heading: 'Scores that changed' },
          { heading: 'Trace', kind: 'plain' },
        ],
      },
      flaky.worst.map(flakyRow),
    ),
    listedNote(
      flaky.worst.length,
      flaky.mixed,
      html`Those nearest to a coin toss; <code>results.csv</code> holds all.`,
    ),
  );
}

function outputsNote({ otherOutputs, items }: FlakyReport): Markup {
  return html`<p class="note">
    ${nOf(otherOutputs, items)} items gave more than one different output. Where outputs are equal
    and verdicts are not, it is the judge that wavers.
  </p>`;
}

function flakyRow(item: FlakyItem) {
  return [
    html`${name(item.itemId)}${item.description === null ? null : html`<br /><span class="muted">${prose(item.description)}</span>`}`,
    outcomes(item),
    { show: nOf(item.passed, item.graded), sort: item.passed / item.graded },
    count(item.outputs),
    scoresText(item.scores),
    trace(item),
  ];
}

function outcomes(item: FlakyItem): Markup {
  const marks = item.outcomes
    .slice(0, 40)
    .map((passed) => html`<span class="${passed ? 'good' : 'bad'}">${passed ? '✓' : '✗'}</span>`);
  const more = item.graded > 40 ? '…' : null;
  return html`<span
    class="runs"
    role="img"
    aria-label="${`${counted(item.passed, 'pass', 'passes')} in ${counted(item.graded, 'repetition')}`}"
    >${marks}${more}</span
  >`;
}
