import { visible } from './visible.js';

// What makes Excel, LibreOffice or Sheets take a cell for a formula, also after white space and in full width.
// Source: OWASP, "CSV Injection".
const formula = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;

/** Whether a spreadsheet would run the text of a cell as a formula. */
export const isFormula = (text: string): boolean =>
  formula.test(text) || formula.test(visible(text));

/** What a CSV cell can hold. */
export type CsvValue = string | number | boolean | bigint | null | undefined;

/**
 * One cell of RFC 4180. A text that a spreadsheet would run as a formula gets an apostrophe in front, which
 * spreadsheets show as text; numbers given as numbers stay numbers. Nothing gives an empty cell.
 */
export function csvCell(value: CsvValue): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = visible(value);
  const guarded = isFormula(value) ? `'${text}` : text;
  return /[",;\n\t]|^\s|\s$/.test(guarded) ? `"${guarded.replace(/"/g, '""')}"` : guarded;
}

/** One row with its line end (CRLF, as RFC 4180 asks). */
export function csvLine(values: readonly CsvValue[]): string {
  return `${values.map(csvCell).join(',')}\r\n`;
}
