import { laterPassText } from '../../gate/later-pass.js';
import { formatPico, picoFromDollars } from '../../money/pico.js';
import { count, counted, duration, figure, nOf, percent } from '../figures.js';
import type {
  ChangedItem,
  ComparisonResult,
  ReportComparison,
  ReportModel,
  ScoreComparison,
} from '../report-model.js';
import { intervalLine } from './charts.js';
import { moment } from './hero.js';
import { driftNote } from './judges.js';
import { html, joined, type Content, type Markup } from './markup.js';
import { oneLine, panes, quote } from './panes.js';
import { listedNote, name, prose, section, table, trace, type TableCell } from './pieces.js';
import { verdicts } from './verdicts.js';

const mostScores = 60;
const mostSlices = 40;
const mostIds = 30;

type Verdict = ComparisonResult['verdict'];

/** The run against its baseline: the verdict, what it rests on, and the items that changed. */
export function comparisonSection({ comparison }: ReportModel): Content {
  if (comparison === null) return null;
  const { base, result, judges, changed, before } = comparison;
  return section(
    { id: 'comparison', title: 'Against the baseline', aside: baseText(base) },
    before === undefined ? null : html`<p class="notice">${laterPassText(before)}</p>`,
    outcome(result),
    scorePart(result),
    growthPart(result),
    slicePart(result),
    judgePart(judges),
    itemsNote(result),
    changed === null ? null : changedPart(changed),
  );
}

function baseText({ baseline, experiment, finishedAt }: ReportComparison['base']): Markup {
  const run = html`run ${name(experiment)}${finishedAt === null ? null : `, ${moment(finishedAt)}`}`;
  return baseline === null ? run : html`Baseline ${name(baseline)} (${run})`;
}

function outcome({ verdict, reasons }: ComparisonResult): Markup {
  const { sign, words, tone, means } = verdicts[verdict];
  return html`<div class="outcome ${tone}">
    <span class="sign" aria-hidden="true">${sign}</span>
    <div>
      <p><b>${words}.</b> ${means}</p>
      <ul>
        ${reasons.slice(0, 8).map((reason) => html`<li>${prose(reason)}</li>`)}
      </ul>
    </div>
  </div>`;
}

function verdictCell(verdict: Verdict, decides: boolean): TableCell {
  const { sign, words, tone } = verdicts[verdict];
  const shown = html`<span class="pill ${tone}">${sign} ${words}</span>`;
  return {
    show: decides ? shown : html`${shown} <span class="muted">informs</span>`,
    sort: words,
  };
}

/** A difference with its sign, in the units of the score; rates in percentage points. */
function difference(value: number, kind: ScoreComparison['kind']): string {
  const size = Math.abs(value);
  const sign = value > 0 ? '+' : value < 0 ? '−' : '';
  return kind === 'rate'
    ? `${sign}${(size * 100).toFixed(1)} pp`
    : `${sign}${Number(size.toPrecision(3))}`;
}

function amount(value: number | undefined, kind: ScoreComparison['kind']): string {
  if (value === undefined) return '—';
  return kind === 'rate' ? percent(value) : figure(value);
}

function scorePart({ evaluators, confidence }: ComparisonResult): Content {
  const heading = `Difference, ${figure(confidence * 100)} % interval`;
  const shown = evaluators.slice(0, mostScores);
  return [
    table(
      {
        caption: 'Scores of this run against the baseline',
        columns: [
          { heading: 'Score' },
          { heading: 'Verdict' },
          { heading: 'Baseline → this run', kind: 'number' },
          { heading },
          { heading: 'Margin', kind: 'number' },
          { heading: 'Items', kind: 'number' },
        ],
      },
      shown.map((score) => [
        {
          show: html`${name(score.name)}${score.better === 'lower' ? html` <span class="muted">lower is better</span>` : null}
            <span class="reason">${prose(score.reason)}${detail(score)}</span>`,
          sort: score.name,
        },
        verdictCell(score.verdict, score.required),
        {
          show: `${amount(score.base?.mean, score.kind)} → ${amount(score.head?.mean, score.kind)}`,
          sort: score.head?.mean ?? '',
        },
        differenceCell(score),
        score.margin === null ? '—' : difference(score.margin, score.kind).replace('+', ''),
        {
          show: html`${count(score.items)}<br /><span class="muted"
              >${count(score.changes.worse)} worse,<br />${count(score.changes.better)} better</span
            >`,
          sort: score.items,
        },
      ]),
    ),
    listedNote(shown.length, evaluators.length, html`<code>report.json</code> holds all.`),
  ];
}

function differenceCell(score: {
  readonly estimate: number | null;
  readonly interval: ScoreComparison['interval'];
  readonly kind: ScoreComparison['kind'];
  readonly margin: number | null;
  readonly verdict: Verdict;
}): TableCell {
  const { estimate, interval, kind, margin, verdict } = score;
  if (estimate === null) return { show: '—', sort: '' };
  const range =
    interval === null
      ? 'no interval'
      : `${difference(interval.low, kind)} to ${difference(interval.high, kind)}`;
  const reach = Math.max(
    Math.abs(estimate),
    Math.abs(interval?.low ?? 0),
    Math.abs(interval?.high ?? 0),
    (margin ?? 0) * 1.5,
    1e-9,
  );
  return {
    show: html`<div class="rate">
      <span><b>${difference(estimate, kind)}</b> <span class="muted">${range}</span></span>
      ${intervalLine({
        value: estimate,
        interval,
        scale: [-reach, reach],
        label: `${difference(estimate, kind)}, ${range}; marks at no difference${margin === null ? '' : ' and at the acceptable loss'}`,
        marks: margin === null ? [0] : [0, -margin],
        tone: verdict === 'regress' ? 'bad' : verdict === 'pass' ? 'good' : 'idle',
      })}
    </div>`,
    sort: estimate.toFixed(9),
  };
}

/** What it would take to know, where one does not. */
function detail({ verdict, mde, itemsNeeded, kind, items }: ScoreComparison): Content {
  if (verdict !== 'inconclusive') return null;
  const parts = [
    ...(mde === null
      ? []
      : [`a loss of ${difference(mde, kind).replace('+', '')} would have been seen`]),
    ...(itemsNeeded === null || itemsNeeded <= items
      ? []
      : [`about ${counted(Math.ceil(itemsNeeded), 'item')} would settle it`]),
  ];
  return parts.length === 0 ? null : html`<span class="muted"> (${parts.join('; ')})</span>`;
}

function growthPart({ growth }: ComparisonResult): Content {
  const shown = (value: number | null, what: 'cost' | 'latency'): string => {
    if (value === null) return '—';
    return what === 'latency' ? duration(value) : formatPico(picoFromDollars(value));
  };
  const ratio = (value: number): string => `${(value * 100).toFixed(1)} %`;
  return table(
    {
      caption: 'Cost and latency against the baseline',
      columns: [
        { heading: 'Guard' },
        { heading: 'Verdict' },
        { heading: 'Baseline', kind: 'number' },
        { heading: 'This run', kind: 'number' },
        { heading: 'Of the baseline', kind: 'number' },
        { heading: 'May grow by', kind: 'number' },
      ],
    },
    growth.map((each) => [
      {
        // Under its name, as that of a score: a column of its own made the table wider than a page of 1,280.
        show: html`${each.what} per cell (${each.of === 'mean' ? 'mean' : 'typical'})<span
            class="reason"
            >${prose(each.reason)}</span
          >`,
        sort: each.what,
      },
      verdictCell(each.verdict, each.required),
      shown(each.base, each.what),
      shown(each.head, each.what),
      each.ratio === null
        ? '—'
        : {
            show: html`${ratio(each.ratio)}${
              each.interval === null
                ? null
                : html`<br /><span class="muted"
                      >${ratio(each.interval.low)} to ${ratio(each.interval.high)}</span
                    >`
            }`,
            sort: each.ratio,
          },
      percent(each.margin),
    ]),
  );
}

function slicePart({ evaluators }: ComparisonResult): Content {
  const order: Readonly<Record<Verdict, number>> = { regress: 0, inconclusive: 1, pass: 2 };
  const all = evaluators
    .flatMap((score) => score.slices.map((slice) => ({ score, slice })))
    .sort(
      (a, b) =>
        order[a.slice.verdict] - order[b.slice.verdict] ||
        (a.slice.estimate ?? 0) - (b.slice.estimate ?? 0),
    );
  if (all.length === 0) return null;
  const shown = all.slice(0, mostSlices);
  return html`<div class="sub">
    <h3>By field</h3>
    ${table(
      {
        caption: 'Slices against the baseline, the worst first',
        columns: [
          { heading: 'Field' },
          { heading: 'Value' },
          { heading: 'Score' },
          { heading: 'Verdict' },
          { heading: 'Difference' },
          { heading: 'Items', kind: 'number' },
        ],
      },
      shown.map(({ score, slice }) => [
        name(slice.key),
        name(slice.value),
        name(score.name),
        verdictCell(slice.verdict, slice.guard),
        differenceCell({ ...slice, kind: score.kind, margin: score.margin }),
        count(slice.items),
      ]),
    )}${listedNote(shown.length, all.length, 'The worst come first.')}
  </div>`;
}

function judgePart(judges: ReportComparison['judges']): Content {
  if (judges.length === 0) return null;
  return html`<div class="sub">
    <h3>How much of it is the judge</h3>
    <ul>
      ${judges.map(({ evaluator, ...drift }) => html`<li>${driftNote(evaluator, drift)}</li> `)}
    </ul>
  </div>`;
}

function itemsNote({ items, cluster }: ComparisonResult): Markup {
  const lists = [
    { label: 'new in this run', list: items.new },
    { label: 'missing in this run', list: items.missing },
  ].filter(({ list }) => list.n > 0);
  return html`<p class="note">
      ${counted(items.common, 'item')} in both
      runs.${cluster === null ? null : html` Items are clustered by ${name(cluster.key)}.`}
    </p>
    ${lists.map(
      ({ label, list }) =>
        html`<details class="more">
          <summary>${counted(list.n, 'item')} ${label}</summary>
          <div>
            ${joined(list.ids.slice(0, mostIds).map(name), ', ')}${
              list.n > mostIds ? ` and ${count(list.n - mostIds)} more` : null
            }
          </div>
        </details>`,
    )}`;
}

function changedPart(changed: NonNullable<ReportComparison['changed']>): Content {
  const { worse, better, listed } = changed;
  if (worse + better === 0) return html`<p>✓ No item changed.</p>`;
  return html`<div class="sub">
    <h3>Items that changed</h3>
    <p class="note">
      ${counted(worse, 'item')} worse, ${counted(better, 'item')}
      better.${
        listed.length < worse + better
          ? ` Showing ${nOf(listed.length, worse + better)}, the largest losses first.`
          : null
      }
    </p>
    <div>${listed.map(changedItem)}</div>
  </div>`;
}

function changedItem(item: ChangedItem): Markup {
  const { base, head, change, score } = item;
  const worse = change < 0;
  const shown = (value: number | null): string => (value === null ? '—' : figure(value));
  return html`<details class="cell">
    <summary>
      <span class="who">${name(item.itemId)}</span>
      <span class="why" dir="auto">${item.description ?? oneLine(item.input)}</span>
      <span class="chips"
        ><span class="chip ${worse ? 'bad' : 'good'}" dir="auto"
          >${worse ? '▼' : '▲'} ${score} ${shown(base.value)} → ${shown(head.value)}</span
        ></span
      >
    </summary>
    <div class="body">
      ${panes(
        { title: 'Output of the baseline', text: base.output, none: 'The baseline gave none.' },
        { title: 'Output of this run', text: head.output, none: 'This run gave none.' },
      )}
      ${item.expected === null ? null : quote('Expected', item.expected)}
      ${quote('Input', item.input)}
      <p class="meta"><span>baseline ${trace(base)}</span><span>this run ${trace(head)}</span></p>
    </div>
  </details> `;
}
