import type { Json } from '../core/json/json.js';

/** How the texts of a column are read. */
export type CellType = 'auto' | 'text' | 'number' | 'boolean' | 'json';

/** Where a column's values go: the member of the item, and the path inside of it. */
export interface CsvColumn {
  readonly header: string;
  /** From 1. */
  readonly number: number;
  readonly member: 'id' | 'description' | 'inputs' | 'expected' | 'metadata' | 'output' | 'label';
  readonly path: readonly string[];
  readonly type: CellType;
}

/** A header that cannot be used. `column` counts from 1. */
export interface HeaderProblem {
  readonly column: number;
  readonly message: string;
  readonly mend?: string;
}

/** How an id or a description may stand: as JSON where a spreadsheet would take the bare text for a formula. */
const quotable: ReadonlySet<string> = new Set(['text', 'json']);
const types: ReadonlySet<string> = new Set(['text', 'number', 'boolean', 'json']);
const typed = 'each with :text, :number, :boolean or :json after it where the type is to be fixed.';

/** Which columns a file may have, and which it must have. */
export interface ColumnForm {
  readonly members: Readonly<Record<string, CsvColumn['member']>>;
  readonly required: readonly (readonly [member: CsvColumn['member'], header: string])[];
  /** For people. */
  readonly text: string;
}

const shared: ColumnForm['members'] = {
  id: 'id',
  description: 'description',
  input: 'inputs',
  inputs: 'inputs',
  expected: 'expected',
  metadata: 'metadata',
};

/** The columns of a dataset. */
export const itemColumns: ColumnForm = {
  members: shared,
  required: [
    ['id', 'id'],
    ['inputs', 'input.NAME'],
  ],
  text: `Columns are id, input.NAME, expected or expected.NAME, metadata.NAME, split and description, ${typed}`,
};

/** The columns of a labelled set. */
export const labelledColumns: ColumnForm = {
  members: { ...shared, output: 'output', label: 'label' },
  required: [
    ['id', 'id'],
    ['output', 'output'],
    ['label', 'label'],
  ],
  text: `Columns are id, output or output.NAME, label, input.NAME, expected or expected.NAME, metadata.NAME and description, ${typed}`,
};

/** What the header line says of each column, and what is wrong with it. */
export function parseHeader(
  headers: readonly string[],
  form: ColumnForm = itemColumns,
): {
  readonly columns: readonly CsvColumn[];
  readonly problems: readonly HeaderProblem[];
} {
  const problems: HeaderProblem[] = [];
  const columns = headers.flatMap((header, index): CsvColumn[] => {
    const column = parseColumn(header.trim(), index + 1, form);
    if (column === undefined) {
      problems.push({
        column: index + 1,
        message: header.trim() === '' ? 'has no header' : `is called ${JSON.stringify(header)}`,
        mend: `${inputNamed(header, form)}${form.text}`,
      });
      return [];
    }
    return [column];
  });
  for (const [index, column] of columns.entries()) {
    const other = columns.slice(0, index).find((each) => overlap(each, column));
    if (other === undefined) continue;
    problems.push({
      column: column.number,
      message: `"${column.header}" gives what "${other.header}" gives as well`,
      mend: 'Keep one of them.',
    });
  }
  const has = (member: CsvColumn['member']): boolean =>
    columns.some((each) => each.member === member);
  // Which columns there are is said once, with the first header that is none.
  let isSaid = columns.length < headers.length;
  for (const [member, header] of form.required) {
    if (has(member)) continue;
    const mend = isSaid ? {} : { mend: form.text };
    problems.push({ column: 1, message: `there is no column "${header}"`, ...mend });
    isSaid = true;
  }
  return { columns, problems };
}

/** Most tables have the bare names of inputs. */
const inputNamed = (header: string, { members }: ColumnForm): string =>
  /^[a-z_][\w-]*$/i.test(header.trim()) && Object.hasOwn(members, 'input')
    ? `An input is called "input.${header.trim()}". `
    : '';

function parseColumn(
  header: string,
  number: number,
  { members }: ColumnForm,
): CsvColumn | undefined {
  const suffix = /:([a-z]+)$/.exec(header)?.[1];
  const isTyped = suffix !== undefined && types.has(suffix);
  const type = isTyped ? (suffix as CellType) : 'auto';
  const name = isTyped ? header.slice(0, -suffix.length - 1) : header;
  // The short name of the one field of metadata that many tools have a column for.
  const [first = '', ...path] = (name === 'split' ? 'metadata.split' : name).split('.');
  const member = Object.hasOwn(members, first) ? members[first] : undefined;
  if (member === undefined || path.includes('')) return undefined;
  const alone = member === 'id' || member === 'description';
  if (member === 'label' && path.length > 0) return undefined;
  if (alone ? path.length > 0 || (isTyped && !quotable.has(type)) : path.length === 0) {
    // The whole expectation may stand in one cell; inputs and metadata have names.
    if (member !== 'expected' && member !== 'output' && member !== 'label') return undefined;
  }
  return { header, number, member, path, type: alone && type !== 'json' ? 'text' : type };
}

/** Whether two columns write to one place, or one inside of what the other writes. */
function overlap(a: CsvColumn, b: CsvColumn): boolean {
  if (a.member !== b.member) return false;
  const shorter = Math.min(a.path.length, b.path.length);
  return a.path.slice(0, shorter).every((key, index) => key === b.path[index]);
}

/** What a cell's text stands for; undefined where it stands for nothing, a problem where it does not fit its column. */
export function cellValue(
  text: string,
  type: CellType,
): { readonly value: Json | undefined } | { readonly problem: string } {
  if (type === 'text') return { value: text };
  const trimmed = text.trim();
  if (trimmed === '') return { value: undefined };
  if (type === 'auto') return { value: guessed(text, trimmed) };
  if (type === 'number') {
    const number = Number(trimmed);
    const written = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(trimmed);
    return written && Number.isFinite(number) ? { value: number } : { problem: 'is no number' };
  }
  if (type === 'boolean') {
    const truth = truths.get(trimmed.toLowerCase());
    return truth === undefined ? { problem: 'is neither true nor false' } : { value: truth };
  }
  try {
    return { value: JSON.parse(trimmed) as Json };
  } catch {
    return { problem: 'is no JSON' };
  }
}

const truths: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

/**
 * A number, truth, null, object or list where the text is exactly how JSON writes that value; all else stays text. So
 * `007`, `1.0`, `+4`, `1e3` and numbers of more digits than a double holds are texts, and nothing is lost by the guess.
 */
function guessed(text: string, trimmed: string): Json {
  if (trimmed === 'null') return null;
  // Spreadsheets write truths in capitals.
  if (/^(?:true|false|TRUE|FALSE)$/.test(trimmed)) return trimmed.toLowerCase() === 'true';
  const number = Number(trimmed);
  if (Number.isFinite(number) && String(number) === trimmed) return number;
  if (!/^[[{]/.test(trimmed)) return text;
  try {
    return JSON.parse(trimmed) as Json;
  } catch {
    return text;
  }
}
