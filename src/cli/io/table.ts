import Table from 'cli-table3';

/** One column of a table of plain text. */
export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
  /** Characters; longer cells end in `…`. Default: as wide as its widest cell. */
  readonly width?: number;
}

const none = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const;

/**
 * Rows under headings, without borders, so that lines can be cut and sorted by other tools. Cells must be made safe
 * by the caller; they are one line each.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly head?: boolean } = {},
): string {
  const table = new Table({
    chars: none,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: columns.map(({ align }) => align ?? 'left'),
    colWidths: columns.map(({ width }) => width ?? null),
  });
  if (options.head !== false) table.push(columns.map(({ heading }) => heading));
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A name and its value per line, the values under each other. */
export function renderPairs(pairs: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}
