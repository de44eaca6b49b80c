import { escapeHtml } from './page.js';

/** No page becomes larger by one value than this, in characters. */
export const longestValue = 20_000;

/** A text in full, up to a length that a browser bears. */
export function blockHtml(whole: string): string {
  const shown =
    whole.length > longestValue
      ? `${whole.slice(0, longestValue).toWellFormed()}… (${whole.length} characters)`
      : whole;
  // Long ones scroll, which a keyboard has to reach.
  return `<pre tabindex="0">${escapeHtml(shown)}</pre>`;
}

/** A JSON value for people: text as it is, all else as JSON. */
export function jsonHtml(value: unknown): string {
  if (value === null || value === undefined) return '<span class="muted">none</span>';
  return blockHtml(typeof value === 'string' ? value : JSON.stringify(value, undefined, 2));
}
