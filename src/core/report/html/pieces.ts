import { httpAddress } from '../../text/escape/address.js';
import { count, nOf } from '../figures.js';
import type { Excerpt } from '../report-model.js';
import { html, type Content, type Markup } from './markup.js';

/** A name or an id of somebody else. Its direction is its own, so that it cannot turn round what stands beside it. */
export function name(text: string): Markup {
  return text.trim() === ''
    ? html`<i class="muted">(empty)</i>`
    : html`<code dir="auto">${text}</code>`;
}

/** Prose of somebody else. */
export function prose(text: string): Markup {
  return html`<span dir="auto">${text}</span>`;
}

/** A link for people; an address that is not http(s) gives the label alone. */
export function link(label: Content, address: string): Markup {
  const url = httpAddress(address);
  return url === undefined
    ? html`${label}`
    : html`<a href="${url}" target="_blank" rel="noopener noreferrer">${label}</a>`;
}

/** The link to a trace, else its id, else nothing. */
export function trace(of: { readonly traceId: string; readonly traceUrl: string | null }): Content {
  if (of.traceUrl !== null && httpAddress(of.traceUrl) !== undefined) {
    return html`<span class="nowrap">${link('trace ↗', of.traceUrl)}</span>`;
  }
  return of.traceId === '' ? null : html`<span class="muted">trace ${name(of.traceId)}</span>`;
}

/** A section of the page with its heading; `aside` stands beside the heading. */
export function section(
  { id, title, aside }: { readonly id: string; readonly title: string; readonly aside?: Content },
  ...content: readonly Content[]
): Markup {
  return html`<section id="${id}" aria-labelledby="${id}-title">
    <header class="section-head">
      <h2 id="${id}-title">${title}</h2>
      ${aside === undefined ? null : html`<p class="aside">${aside}</p>`}
    </header>
    ${content}
  </section> `;
}

/** How much of a text is shown, where it is not all. */
export function cutNote({ text, length }: Excerpt, shown = text.length): Content {
  return shown < length
    ? html`<span class="cut">first ${nOf(shown, length)} characters</span>`
    : null;
}

/** Said where a list does not hold all. */
export function listedNote(shown: number, of: number, where: Content): Content {
  return shown < of
    ? html`<p class="note">Showing ${count(shown)} of ${count(of)}. ${where}</p>`
    : null;
}

export interface Column {
  readonly heading: Content;
  /** Numbers stand right; both kinds can be sorted by a reader. */
  readonly kind?: 'number' | 'text' | 'plain';
}

/** A cell of a table; `sort` is what it is sorted by where that is not what it shows. */
export interface TableCell {
  readonly show: Content;
  readonly sort?: string | number;
}

/** A table that a reader can sort by its columns, and that scrolls by itself on a narrow screen. */
export function table(
  of: {
    readonly caption: string;
    readonly columns: readonly Column[];
    /** Show ten rows at first, where the script runs. */
    readonly brief?: boolean;
  },
  rows: readonly (readonly (TableCell | Content)[])[],
): Content {
  if (rows.length === 0) return null;
  const { caption, columns, brief = false } = of;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${`Table: ${caption}`}">
    <table class="sortable${brief && rows.length > 12 ? ' brief' : null}">
      <caption class="unseen">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${columns.map(
            ({ heading, kind = 'text' }) =>
              html`<th scope="col" class="${kind}" data-sort="${kind}">
                ${heading === '' ? html`<span class="unseen">as a bar</span>` : heading}
              </th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, i) => tableCell(cell, columns[i]?.kind ?? 'text', i === 0))}
            </tr> `,
        )}
      </tbody>
    </table>
  </div> `;
}

function tableCell(cell: TableCell | Content, kind: string, first: boolean): Markup {
  const { show, sort } = isCell(cell) ? cell : { show: cell };
  const key = sort === undefined ? null : html` data-value="${String(sort)}"`;
  return first
    ? html`<th scope="row" class="${kind}" ${key}>${show}</th>`
    : html`<td class="${kind}" ${key}>${show}</td>`;
}

function isCell(cell: TableCell | Content): cell is TableCell {
  return typeof cell === 'object' && cell !== null && 'show' in cell;
}
