import { isObject, type Json } from '../../json/json.js';
import { visible } from '../../text/escape/visible.js';
import type { Excerpt } from '../report-model.js';
import { diffWords, type Stretch } from './diff.js';
import { html, type Content, type Markup } from './markup.js';
import { cutNote } from './pieces.js';

/** One text of two that are compared. */
export interface Pane {
  readonly title: string;
  readonly text: Excerpt | null;
  /** Said where there is no text. */
  readonly none?: string;
}

/** Two texts beside each other with what differs marked; the first alone where there is nothing to compare. */
export function panes(left: Pane, right: Pane): Markup {
  if (left.text === null || right.text === null) {
    return html`<div class="panes">
      ${left.text === null ? null : pane(left, left.text.text)}
      ${right.text === null ? html`<p class="muted">${right.none}</p>` : pane(right, right.text.text)}
    </div>`;
  }
  const { a, b, rest } = aligned(left.text, right.text);
  // Compared as it is shown: what cannot be seen is a difference as well.
  const diff = a === b ? undefined : diffWords(visible(a), visible(b));
  const others = rest === '' ? null : html`<span class="rest">${rest}</span>`;
  return html`<div class="panes">
    ${pane(left, diff === undefined ? a : marked(diff.left, 'del'))}
    ${pane(right, [diff === undefined ? b : marked(diff.right, 'ins'), others])}
  </div>`;
}

function pane({ title, text }: Pane, shown: Content): Markup {
  return html`<div class="pane">
    <h4>${title}${text === null ? null : cutNote(text)}</h4>
    <pre tabindex="0" aria-label="${title}">${shown}</pre>
  </div>`;
}

function marked(stretches: readonly Stretch[], kind: 'del' | 'ins'): Content {
  return stretches.map(({ text, changed }) =>
    changed ? html`<mark class="${kind}">${text}</mark>` : text,
  );
}

/** A value on one line, for a list: of an object the texts of its members. */
export function oneLine(excerpt: Excerpt): string {
  const value = parsed(excerpt);
  const text =
    value === undefined || !isObject(value)
      ? excerpt.text
      : Object.values(value)
          .map((member) => (typeof member === 'string' ? member : JSON.stringify(member)))
          .join(' · ');
  return text.replace(/\s+/g, ' ').slice(0, 300);
}

/** A text that can be opened where it is long. */
export function quote(title: string, { text, length }: Excerpt): Markup {
  const body = html`<pre class="quote" tabindex="0" aria-label="${title}">${text}</pre>`;
  return html`<details class="more" ${text.length <= 600 ? html` open` : null}>
    <summary>${title} ${cutNote({ text, length })}</summary>
    ${body}
  </details>`;
}

interface Aligned {
  readonly a: string;
  readonly b: string;
  /** The end of the second: members that the first does not name. */
  readonly rest: string;
}

/**
 * Two whole JSON values with the members of the second in the order of the first: order is no difference, and of a member that
 * nobody expected nothing can be said.
 */
function aligned(left: Excerpt, right: Excerpt): Aligned {
  const a = parsed(left);
  const b = parsed(right);
  if (a === undefined || b === undefined) return { a: left.text, b: right.text, rest: '' };
  const ordered = inOrderOf(a, b);
  const whole = JSON.stringify(ordered, null, 2);
  const text = JSON.stringify(a, null, 2);
  if (!isObject(a) || !isObject(ordered)) return { a: text, b: whole, rest: '' };
  const known = Object.entries(ordered).filter(([key]) => Object.hasOwn(a, key));
  const named = JSON.stringify(Object.fromEntries(known), null, 2).slice(0, -2);
  return known.length === 0 || !whole.startsWith(named) || whole.length === named.length + 2
    ? { a: text, b: whole, rest: '' }
    : { a: text.slice(0, -2), b: named, rest: whole.slice(named.length) };
}

function parsed({ text, length }: Excerpt): Json | undefined {
  if (text.length !== length || !/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function inOrderOf(model: Json, value: Json): Json {
  if (isList(model) && isList(value)) {
    return value.map((entry, i) => inOrderOf(model[i] ?? null, entry));
  }
  if (!isObject(model) || !isObject(value)) return value;
  const known = Object.keys(model).filter((key) => Object.hasOwn(value, key));
  const others = Object.keys(value).filter((key) => !Object.hasOwn(model, key));
  // fromEntries, since assignment to `__proto__` would lose that member.
  return Object.fromEntries(
    [...known, ...others].map((key) => [
      key,
      inOrderOf(Object.hasOwn(model, key) ? (model[key] ?? null) : null, value[key] ?? null),
    ]),
  );
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
