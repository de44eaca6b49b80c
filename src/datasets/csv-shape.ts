import type { DatasetItem } from '../contracts/records.js';
import { AssayError, type Problem } from '../core/errors/assay-error.js';
import type { Json } from '../core/json/json.js';
import { isFormula } from '../core/text/escape/csv.js';
import { valueAt } from './csv-value.js';

/** What the values of a column have in common. */
interface Column {
  readonly member: 'id' | 'inputs' | 'expected' | 'metadata' | 'description';
  readonly key: string | undefined;
  /** Items that have it. */
  count: number;
  /** Whether each value is a text that a spreadsheet shows as it is. */
  plain: boolean;
}

/** Which columns items need, learnt before the first of them is written. */
export interface CsvShape {
  add(item: DatasetItem): void;
  readonly items: number;
  readonly columns: readonly Column[];
  /** @throws AssayError DATASET_INVALID where a table cannot hold them. */
  throwIfAny(): void;
}

const mostColumns = 1_000;
const mostProblems = 20;
/** What a header cannot hold: a dot is a path, and a separator would change how the file is cut. */
// eslint-disable-next-line no-control-regex -- line ends and tabs are among them
export const unfitKey = /[.;,"\u0000-\u001f]/;

export function createCsvShape(): CsvShape {
  const columns = new Map<string, Column>();
  const problems: Problem[] = [];
  let items = 0;
  let inputs = false;
  const note = (member: Column['member'], key: string | undefined, value: Json): void => {
    const name = key === undefined ? member : `${member}.${key}`;
    let column = columns.get(name);
    if (column === undefined) {
      if (key !== undefined && (key === '' || unfitKey.test(key))) {
        if (problems.length < mostProblems) {
          problems.push({ at: name.slice(0, 100), message: 'cannot be the header of a column' });
        }
        return;
      }
      if (columns.size === mostColumns) {
        problems.push({ at: name.slice(0, 100), message: `is more than ${mostColumns} columns` });
      }
      if (columns.size >= mostColumns) return;
      column = { member, key, count: 0, plain: true };
      columns.set(name, column);
    }
    column.count += 1;
    column.plain &&= typeof value === 'string' && isPlainCell(value);
  };
  return {
    get items() {
      return items;
    },
    get columns() {
      return [...columns.values()];
    },
    add(item) {
      items += 1;
      note('id', undefined, item.id);
      if (item.description !== undefined) note('description', undefined, item.description);
      for (const [key, value] of Object.entries(item.input)) {
        inputs = true;
        note('inputs', key, value);
      }
      if (item.expected !== undefined) note('expected', undefined, item.expected);
      for (const [key, value] of Object.entries(item.metadata)) note('metadata', key, value);
    },
    throwIfAny() {
      if (!inputs && items > 0) problems.push({ at: 'inputs', message: 'no item has any' });
      if (problems.length === 0) return;
      throw new AssayError('DATASET_INVALID', 'The items cannot be written as CSV.', {
        problems,
        mend: 'Take them as JSON or JSONL: `--format jsonl`.',
      });
    },
  };
}

/** Whether a spreadsheet shows a text as it is: line breaks and tabs within it stand in quotes. */
export const isPlainCell = (text: string): boolean =>
  // eslint-disable-next-line no-control-regex -- they are what a cell should not hold bare
  !isFormula(text) && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text);

/** The header line and the lines of items; what is read of them is what was given, and no cell is a formula. */
export function csvOf({ columns, items }: CsvShape): {
  readonly header: string;
  readonly row: (item: DatasetItem) => string;
} {
  const order = ['id', 'description', 'inputs', 'expected', 'metadata'];
  const sorted = [...columns].sort((a, b) => order.indexOf(a.member) - order.indexOf(b.member));
  // An empty cell of a text column is an empty text, and nothing where the column may lack values.
  const isText = ({ member, plain, count }: Column): boolean =>
    plain && (count === items || member === 'description');
  return {
    header: line(sorted.map((column) => `${headerOf(column)}:${isText(column) ? 'text' : 'json'}`)),
    row: (item) =>
      line(
        sorted.map((column) => {
          const { member, key } = column;
          const value = valueAt(item, { member, path: key === undefined ? [] : [key] });
          if (value === undefined) return '';
          return isText(column) && typeof value === 'string' ? value : JSON.stringify(value);
        }),
      ),
  };
}

function headerOf({ member, key }: Column): string {
  if (member === 'metadata' && key === 'split') return 'split';
  const name = member === 'inputs' ? 'input' : member;
  return key === undefined ? name : `${name}.${key}`;
}

const line = (cells: readonly string[]): string =>
  `${cells.map((cell) => (/[",;\r\n\t]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`;
