import { httpAddress } from './address.js';
import { visible, visibleLine } from './visible.js';

/**
 * Escapes for GitHub-flavoured markdown, which also hold for CommonMark. Bodies belong into
 * {@link markdownFence}, names and ids into {@link markdownCode}; prose that must flow into {@link markdownText}.
 */

/**
 * Text that reads as it is, on one line, in prose and in table cells: no emphasis, link, HTML, table border, list,
 * heading, autolink, mention or issue reference comes of it.
 */
export function markdownText(text: string): string {
  return (
    visibleLine(text)
      .trim()
      .replace(/&/g, '&amp;')
      .replace(/[\\`*_[\]<|~$]/g, '\\$&')
      // What means something only at the start of a line.
      .replace(/^(?:[#>+\-=:]|\d+(?=[.)]))/, (start) =>
        /\d/.test(start) ? `${start}\\` : `\\${start}`,
      )
      .replace(/:(?=\S)|(?<=www)\./gi, '\\$&')
      // GitHub looks for mentions and references after markdown is done: a backslash does not stop it. In one
      // replacement, since the entity holds `#` and digits itself.
      .replace(/@(?=\w)|(?:#|\bGH-)(?=\d)/gi, '$&&#8203;')
  );
}

function longestRun(text: string): number {
  let longest = 0;
  for (const run of text.matchAll(/`+/g)) longest = Math.max(longest, run[0].length);
  return longest;
}

/** A code span on one line. Blank text gives `(empty)` in emphasis, since markdown has no empty code span. */
export function markdownCode(text: string): string {
  const line = visibleLine(text);
  if (line.trim() === '') return '*(empty)*';
  const fence = '`'.repeat(longestRun(line) + 1);
  // One space at both ends is taken away by the reader; it is needed beside a backtick.
  const pad = /^[` ]|[` ]$/.test(line) ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/**
 * {@link markdownCode} for a table cell. A pipe would end the cell, and readers disagree about a backslash before
 * one inside a code span, so that the look-alike U+2223 stands for it.
 */
export function markdownCellCode(text: string): string {
  return markdownCode(text.replace(/\|/g, '\u2223'));
}

/**
 * A fenced block whose fence is longer than any run of backticks in the text.
 *
 * @param info the language, such as `json`: our own word, not the user's text.
 */
export function markdownFence(text: string, info = ''): string {
  const body = visible(text);
  const fence = '`'.repeat(Math.max(3, longestRun(body) + 1));
  return `${fence}${info}\n${body}\n${fence}`;
}

/** A link; an address that is not http(s) gives the label alone. The label is escaped as prose. */
export function markdownLink(label: string, address: string): string {
  const url = httpAddress(address);
  return url === undefined ? markdownText(label) : `[${markdownText(label)}](<${url}>)`;
}
