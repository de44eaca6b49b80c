import type { HistogramBin } from '../../statistics/histogram.js';
import type { Interval } from '../../statistics/interval.js';
import { count, counted, percent } from '../figures.js';
import { html, type Content, type Markup } from './markup.js';

/** Coordinates need no more digits than a screen has dots. */
const at = (value: number): string => String(Math.round(value * 100) / 100);

/** A part of a whole, in the colours of its meaning. */
export interface Part {
  readonly label: string;
  readonly n: number;
  readonly tone: 'good' | 'bad' | 'warn' | 'error' | 'idle' | 'quiet';
}

/** Parts of a whole as one bar with its legend. */
export function partsBar(title: string, parts: readonly Part[]): Markup {
  const total = parts.reduce((sum, { n }) => sum + n, 0);
  const shown = parts.filter(({ n }) => n > 0);
  let x = 0;
  const bars = shown.map(({ label, n, tone }) => {
    const width = total === 0 ? 0 : (n / total) * 1_000;
    const from = x;
    x += width;
    return html`<rect
      class="fill-${tone}"
      x="${at(from)}"
      y="0"
      width="${at(Math.max(2, width - 2))}"
      height="20"
      ><title>${label}: ${count(n)}</title></rect
    >`;
  });
  const text = shown.map(({ label, n }) => `${count(n)} ${label}`).join(', ');
  return html`<figure class="parts">
    <svg
      viewBox="0 0 1000 20"
      preserveAspectRatio="none"
      role="img"
      aria-label="${`${title}: ${text}`}"
    >
      ${bars}
    </svg>
    <figcaption>
      <ul class="legend">
        ${shown.map(
          ({ label, n, tone }) =>
            html`<li>
              <svg class="key" viewBox="0 0 10 10" aria-hidden="true">
                <rect class="fill-${tone}" width="10" height="10" rx="2" />
              </svg>
              <b>${count(n)}</b> ${label}
              <span class="muted">${total === 0 ? '' : percent(n / total)}</span>
            </li>`,
        )}
      </ul>
    </figcaption>
  </figure> `;
}

/** A value with its interval on a scale. `label` says it in words. */
export function intervalLine(of: {
  readonly value: number;
  readonly interval: Interval | null;
  readonly scale: readonly [low: number, high: number];
  readonly label: string;
  /** A mark on the scale, such as a baseline, zero or a margin. */
  readonly marks?: readonly number[];
  readonly tone?: 'good' | 'bad' | 'idle';
}): Markup {
  const [low, high] = of.scale;
  const place = (value: number): number =>
    high === low ? 100 : 4 + Math.min(1, Math.max(0, (value - low) / (high - low))) * 192;
  const { value, interval, label, marks = [], tone = 'idle' } = of;
  const from = interval === null ? undefined : place(interval.low);
  const to = interval === null ? undefined : place(interval.high);
  return html`<svg class="whisker" viewBox="0 0 200 20" role="img" aria-label="${label}">
    <line class="track" x1="4" x2="196" y1="10" y2="10" />
    ${marks.map(
      (mark) =>
        html`<line class="mark" x1="${at(place(mark))}" x2="${at(place(mark))}" y1="2" y2="18" />`,
    )}${
      from === undefined || to === undefined
        ? null
        : html`<rect
            class="range ${tone}"
            x="${at(from)}"
            y="6"
            width="${at(Math.max(1.5, to - from))}"
            height="8"
            rx="4"
          />`
    }
    <circle class="dot ${tone}" cx="${at(place(value))}" cy="10" r="3.6" />
  </svg>`;
}

/** A small bar for a share, beside its figure. */
export function shareBar(share: number, tone: Part['tone'] = 'idle'): Markup {
  const width = Math.min(100, Math.max(share > 0 ? 1 : 0, share * 100));
  return html`<svg class="share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect class="rail" width="100" height="8" rx="2" />
    <rect class="fill-${tone}" width="${at(width)}" height="8" rx="2" />
  </svg>`;
}

/** One bar of a chart with what stands below it. */
export interface Bar {
  readonly label: string;
  readonly n: number;
}

const plot = { left: 6, right: 354, top: 16, bottom: 116 } as const;

/** Upright bars, with their numbers as a table for those who want or need to read them. */
export function barChart(of: {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** What the numbers below the axis are. */
  readonly axis: string;
  /** The texts under the axis, by the edge that they stand at (0 is the left of the first bar); default: one under each bar. */
  readonly edges?: readonly string[];
  /** Lines across, at a place between the edges. */
  readonly marks?: readonly { readonly at: number; readonly label: string }[];
}): Markup {
  const { title, bars, axis, edges, marks = [] } = of;
  const most = Math.max(1, ...bars.map(({ n }) => n));
  const step = (plot.right - plot.left) / Math.max(1, bars.length);
  const gap = Math.min(4, step * 0.16);
  const height = plot.bottom - plot.top;
  const drawn = bars.map(({ label, n }, i) => {
    const size = n === 0 ? 0 : Math.max(1.5, (n / most) * height);
    return html`<rect
      class="bar"
      x="${at(plot.left + i * step + gap / 2)}"
      y="${at(plot.bottom - size)}"
      width="${at(step - gap)}"
      height="${at(size)}"
      rx="1.5"
      ><title>${label}: ${count(n)}</title></rect
    >`;
  });
  return html`<figure class="chart">
    <svg viewBox="0 0 360 146" role="img" aria-label="${`${title}. ${spoken(bars)}`}">
      ${drawn}
      <line
        class="axis"
        x1="${plot.left}"
        x2="${plot.right}"
        y1="${plot.bottom}"
        y2="${plot.bottom}"
      />
      ${
        edges === undefined ? barLabels(bars, step) : edgeLabels(edges, step)
      }${marks.map((mark) => markLine(mark, step))}
      <text class="axis-name" x="180" y="144" text-anchor="middle">${axis}</text>
    </svg>
    <details class="numbers">
      <summary>Numbers</summary>
      <table>
        <caption class="unseen">
          ${title}
        </caption>
        <thead>
          <tr>
            <th scope="col">${axis}</th>
            <th scope="col" class="number">n</th>
          </tr>
        </thead>
        <tbody>
          ${bars.map(
            ({ label, n }) =>
              html`<tr>
                <th scope="row">${label}</th>
                <td class="number">${count(n)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>
  </figure> `;
}

function spoken(bars: readonly Bar[]): string {
  const total = bars.reduce((sum, { n }) => sum + n, 0);
  const [top] = [...bars].sort((a, b) => b.n - a.n);
  return top === undefined || total === 0
    ? 'No values.'
    : `${counted(total, 'value')}; most often ${top.label}, ${counted(top.n, 'time')}.`;
}

function barLabels(bars: readonly Bar[], step: number): Content {
  // As many as fit beside each other.
  const every = Math.ceil(bars.length / 9);
  return bars.map(({ label }, i) =>
    i % every === 0 ? axisText(plot.left + (i + 0.5) * step, label.slice(0, 12), 'middle') : null,
  );
}

function edgeLabels(edges: readonly string[], step: number): Content {
  const last = edges.length - 1;
  const every = Math.max(1, Math.ceil(last / 6));
  return edges.map((edge, i) => {
    if (i !== 0 && i !== last && (i % every !== 0 || last - i < every * 0.7)) return null;
    return axisText(plot.left + i * step, edge, i === 0 ? 'start' : i === last ? 'end' : 'middle');
  });
}

function axisText(x: number, text: string, anchor: 'start' | 'middle' | 'end'): Markup {
  return html`<text class="tick" x="${at(x)}" y="129" text-anchor="${anchor}">${text}</text>`;
}

function markLine(mark: { readonly at: number; readonly label: string }, step: number): Markup {
  const x = plot.left + mark.at * step;
  const anchor = x > 300 ? 'end' : 'start';
  return html`<line class="mark" x1="${at(x)}" x2="${at(x)}" y1="4" y2="${plot.bottom}" /><text
      class="mark-name"
      x="${at(x + (anchor === 'end' ? -3 : 3))}"
      y="11"
      text-anchor="${anchor}"
      >${mark.label}</text
    >`;
}

/** The place of a value in bars of unequal width, counted in bars from the left. */
export function placeInBins(bins: readonly HistogramBin[], value: number): number {
  const i = bins.findIndex(({ to }) => value < to);
  const bin = bins[i];
  if (bin === undefined) return bins.length;
  return i + Math.min(1, Math.max(0, (value - bin.from) / (bin.to - bin.from)));
}
