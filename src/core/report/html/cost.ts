import { formatPico, picoFromDollars } from '../../money/pico.js';
import { count, counted, duration, nOf } from '../figures.js';
import type { CallReport, CallTotals, Distribution, ReportModel } from '../report-model.js';
import { barChart, placeInBins } from './charts.js';
import { html, type Content, type Markup } from './markup.js';
import { name, section, table } from './pieces.js';

/** Latency, cost and tokens: where they lie, and what they add up to. */
export function costSection(model: ReportModel): Content {
  const { latencyMs, cellDollars, calls, cells } = model;
  if (latencyMs === null && calls.total.calls === 0) return null;
  return section(
    { id: 'cost', title: 'Latency and cost' },
    html`<div class="grid">
      ${
        latencyMs === null
          ? null
          : distribution(latencyMs, {
              title: 'Latency of the target',
              axis: 'latency',
              planned: cells.planned,
              show: duration,
            })
      }${
        cellDollars === null
          ? null
          : distribution(cellDollars, {
              title: 'Cost of a cell',
              axis: 'cost',
              planned: cells.planned,
              show: dollars,
            })
      }
    </div>`,
    callTable(calls),
    callNotes(calls.total),
  );
}

const dollars = (amount: number): string => formatPico(picoFromDollars(amount));

function distribution(
  of: Distribution,
  how: {
    readonly title: string;
    readonly axis: string;
    readonly planned: number;
    readonly show: (value: number) => string;
  },
): Markup {
  const { title, axis, planned, show } = how;
  const { histogram: bins, n, exact, mean, p50, p90, p95, p99, max } = of;
  const marks = [
    { at: placeInBins(bins, p50), label: 'p50' },
    { at: placeInBins(bins, p95), label: 'p95' },
  ];
  const apart = (marks[1]?.at ?? 0) - (marks[0]?.at ?? 0) > bins.length * 0.12;
  const figures = [
    ['median', p50],
    ['p90', p90],
    ['p95', p95],
    ['p99', p99],
    ['max', max],
    ['mean', mean],
  ] as const;
  return html`<article class="score">
    <h3>${title}</h3>
    <p class="facts">
      ${figures.map(([label, value]) => html`<span>${label} <b>${show(value)}</b></span>`)}
    </p>
    ${
      bins.length < 2
        ? null
        : barChart({
            title,
            bars: bins.map((bin) => ({ label: `${show(bin.from)} – ${show(bin.to)}`, n: bin.n })),
            axis,
            edges: [...bins.map(({ from }) => show(from)), show(bins.at(-1)?.to ?? 0)],
            marks: apart ? marks : marks.slice(0, 1),
          })
    }
    <p class="muted">
      ${nOf(n, planned)} planned
      cells.${exact ? null : ' Percentiles are of a uniform random sample.'}${
        n < 100
          ? ' So few that the high percentiles are little more than the largest values.'
          : null
      }
    </p>
  </article> `;
}

function callTable(calls: CallReport): Content {
  if (calls.total.calls === 0) return null;
  return table(
    {
      caption: 'Calls, tokens and cost',
      columns: [
        { heading: 'Calls for' },
        { heading: 'Model' },
        { heading: 'Calls', kind: 'number' },
        { heading: 'Input tokens', kind: 'number' },
        { heading: 'cached', kind: 'number' },
        { heading: 'Output tokens', kind: 'number' },
        { heading: 'reasoning', kind: 'number' },
        { heading: 'Cost', kind: 'number' },
        { heading: 'Price known', kind: 'number' },
      ],
    },
    [
      ...calls.models.map((entry) =>
        callRow([entry.purpose, name(`${entry.provider}/${entry.model}`)], entry),
      ),
      callRow([html`<b>all</b>`, ''], calls.total),
    ],
  );
}

function callRow(names: readonly [Content, Content], totals: CallTotals) {
  const { costKnown, costUnknown, costDollars } = totals;
  return [
    ...names,
    count(totals.calls),
    count(totals.inputTokens),
    count(totals.cachedInputTokens),
    count(totals.outputTokens),
    count(totals.reasoningTokens),
    {
      show: costKnown === 0 ? 'unknown' : formatPico(picoFromDollars(costDollars)),
      sort: costKnown === 0 ? -1 : costDollars,
    },
    { show: nOf(costKnown, costKnown + costUnknown), sort: costKnown },
  ];
}

function callNotes(total: CallTotals): Content {
  const notes = [
    ...(total.costUnknown > 0
      ? [`${counted(total.costUnknown, 'answered call')} without a known price: not in the cost.`]
      : []),
    ...(total.failed > 0 ? [`${counted(total.failed, 'call')} ended in an error.`] : []),
    ...(total.withoutUsage > 0
      ? [`${counted(total.withoutUsage, 'call')} without a usage figure: not in the tokens.`]
      : []),
    ...(total.replayed > 0
      ? [`${counted(total.replayed, 'answer')} replayed from the journal: paid once, counted once.`]
      : []),
  ];
  return notes.length === 0 ? null : html`<p class="note">${notes.join(' ')}</p>`;
}
