import { CsvError, parse, type Info } from 'csv-parse';
import { Readable } from 'node:stream';

import type { DatasetItem } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import type { Json, JsonObject } from '../core/json/json.js';
import { bytesOf } from './byte-source.js';
import {
  cellValue,
  itemColumns,
  parseHeader,
  type ColumnForm,
  type CsvColumn,
} from './csv-columns.js';
import { createPageOfItems } from './page-of-items.js';
import { parseItem, type ParsedItem } from './parse-item.js';
import {
  longestItem,
  type BeginParsing,
  type LocalDataset,
  type PlacedItem,
  type ReadPass,
} from './port.js';

/** What the columns may be, and how the items that they build are read. */
export interface CsvForm {
  readonly columns: ColumnForm;
  readonly begin: BeginParsing;
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: Info;
}

/**
 * `test_cases.csv`: a header line (`id`, `input.NAME`, `expected` or `expected.NAME`, `metadata.NAME`, `description`), then
 * one item a record. Separated by commas, or by semicolons or tabs where the header is.
 */
export function csvDataset(
  name: string,
  file: string,
  form: CsvForm = { columns: itemColumns, begin: () => parseItem },
): LocalDataset {
  return {
    name,
    file,
    format: 'csv',
    whereIs: (place) => `${file}:${place}`,
    nameOf: (place) => `line ${place}`,
    pages: (pass) => readPages(file, pass, form),
  };
}

async function* readPages(
  file: string,
  pass: ReadPass,
  form: CsvForm,
): AsyncGenerator<readonly PlacedItem[], void, undefined> {
  const page = createPageOfItems(pass.pageItems);
  const parse = form.begin();
  let columns: readonly CsvColumn[] | undefined;
  let broken = false;
  let ended = 0;
  try {
    for await (const { record, info } of recordsOf(file, pass.signal)) {
      const line = info.lines - newlinesIn(record);
      ended = info.lines;
      // Records without a header are no items; a quote that is not closed is told all the same.
      if (broken) continue;
      if (columns === undefined) {
        columns = headerOf(record, { file, line, pass, form });
        broken = columns === undefined;
        continue;
      }
      const item = itemOf(record, { columns, file, line, pass, parse });
      const full = item === undefined ? undefined : page.add(item, sizeOf(record));
      if (full !== undefined) yield full;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    pass.problems.add(brokenCsv(error, { file, line: ended + 1 }), ended + 1);
  }
  const rest = page.rest();
  if (rest.length > 0) yield rest;
}

async function* recordsOf(
  file: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<CsvRecord, void, undefined> {
  const chunks = bytesOf(file, signal);
  const first = await chunks.next();
  if (first.done === true) return;
  const parser = parse({
    info: true,
    delimiter: delimiterOf(first.value),
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: longestItem,
  });
  const source = Readable.from(texts(first.value, chunks, file));
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    yield* parser as AsyncIterable<CsvRecord>;
  } finally {
    source.destroy();
    parser.destroy();
  }
}

// csv-parse puts U+FFFD in the place of bytes that are no UTF-8, and a dataset in Latin-1 would be run with its letters lost.
async function* texts(
  first: Buffer,
  rest: AsyncIterable<Buffer>,
  file: string,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const decode = (chunk?: Buffer): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch (error) {
      throw new AssayError('DATASET_INVALID', `${file} is not UTF-8.`, {
        mend: 'Save the file as UTF-8 (in Excel: "CSV UTF-8").',
        cause: error,
      });
    }
  };
  yield decode(first);
  for await (const chunk of rest) yield decode(chunk);
  yield decode();
}

/** Of comma, semicolon and tab the one that the header line holds most. */
export function delimiterOf(chunk: Buffer): string {
  const end = chunk.indexOf(0x0a);
  const header = chunk.subarray(0, end === -1 ? undefined : end).toString('utf8');
  const counted = [',', ';', '\t'].map((each) => ({ each, n: header.split(each).length }));
  return counted.reduce((best, next) => (next.n > best.n ? next : best)).each;
}

function headerOf(
  record: readonly string[],
  of: { readonly file: string; readonly line: number } & {
    readonly pass: ReadPass;
    readonly form: CsvForm;
  },
): readonly CsvColumn[] | undefined {
  const { file, line, pass, form } = of;
  const { columns, problems } = parseHeader(record, form.columns);
  for (const { column, ...problem } of problems) {
    pass.problems.add({ at: `${file}:${line}: column ${column}`, ...problem }, line);
  }
  return problems.length === 0 ? columns : undefined;
}

interface RecordPlace {
  readonly columns: readonly CsvColumn[];
  readonly file: string;
  readonly line: number;
  readonly pass: ReadPass;
  readonly parse: (raw: Json) => ParsedItem;
}

function itemOf(record: readonly string[], of: RecordPlace): PlacedItem | undefined {
  const { columns, file, line, pass, parse } = of;
  const here = `${file}:${line}`;
  if (record.length !== columns.length) {
    const message = `has ${record.length} cells, the header has ${columns.length}`;
    pass.problems.add({ at: here, message, mend: 'Quote cells that hold the separator.' }, line);
    return undefined;
  }
  const before = pass.problems.count;
  const leaves = columns.flatMap((column, index): Leaf[] => {
    const cell = cellValue(record[index] ?? '', column.type);
    if ('problem' in cell) {
      const at = `${here}: column ${index + 1} (${column.header})`;
      pass.problems.add({ at, message: cell.problem }, line);
      return [];
    }
    return cell.value === undefined ? [] : [{ column, value: cell.value }];
  });
  if (pass.problems.count > before) return undefined;
  const parsed = parse(rawItem(leaves));
  if ('item' in parsed) return { item: parsed.item, place: line };
  for (const { path, ...problem } of parsed.problems) {
    pass.problems.add({ at: path === '' ? here : `${here}: ${path.slice(1)}`, ...problem }, line);
  }
  return undefined;
}

/** The item of a record; undefined where it is none. */
export function readRecord(
  record: readonly string[],
  columns: readonly CsvColumn[],
): DatasetItem | undefined {
  if (record.length !== columns.length) return undefined;
  const leaves: Leaf[] = [];
  for (const [index, column] of columns.entries()) {
    const cell = cellValue(record[index] ?? '', column.type);
    if ('problem' in cell) return undefined;
    if (cell.value !== undefined) leaves.push({ column, value: cell.value });
  }
  const parsed = parseItem(rawItem(leaves));
  return 'item' in parsed ? parsed.item : undefined;
}

interface Leaf {
  readonly column: CsvColumn;
  readonly value: Json;
}

function rawItem(leaves: readonly Leaf[]): JsonObject {
  const of = (member: CsvColumn['member']): readonly Leaf[] =>
    leaves.filter(({ column }) => column.member === member);
  const text = (member: 'id' | 'description'): Json => of(member)[0]?.value ?? '';
  const whole = (member: 'expected' | 'metadata' | 'output' | 'label'): JsonObject => {
    const value = nest(of(member), 0);
    return value === undefined ? {} : { [member]: value };
  };
  const description = text('description');
  return {
    id: text('id'),
    inputs: nest(of('inputs'), 0) ?? {},
    ...whole('expected'),
    ...whole('metadata'),
    ...whole('output'),
    ...whole('label'),
    ...(description === '' ? {} : { description }),
  };
}

/** The value that columns build together, by their paths from `depth` on. */
function nest(leaves: readonly Leaf[], depth: number): Json | undefined {
  const [first] = leaves;
  if (first === undefined) return undefined;
  if (first.column.path.length === depth) return first.value;
  const groups = new Map<string, Leaf[]>();
  for (const leaf of leaves) {
    const key = leaf.column.path[depth] ?? '';
    groups.set(key, [...(groups.get(key) ?? []), leaf]);
  }
  // As own members, also one that is called __proto__.
  return Object.fromEntries(
    [...groups].map(([key, inner]) => [key, nest(inner, depth + 1) ?? null]),
  );
}

function brokenCsv(
  error: CsvError,
  { file, line }: { readonly file: string; readonly line: number },
): { readonly at: string; readonly message: string; readonly mend: string } {
  const at = `${file}:${line}`;
  if (error.code === 'CSV_MAX_RECORD_SIZE') {
    const message = `the record that begins here is longer than ${longestItem / 1024 / 1024} MiB`;
    return { at, message, mend: 'Close its quotes, or keep large contents elsewhere.' };
  }
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') {
    return { at, message: 'a quote that opens here is not closed', mend: 'Close the quote.' };
  }
  return {
    at,
    message: 'a quote stands inside a cell that is not quoted as a whole',
    mend: 'Put the cell into quotes and double those inside.',
  };
}

function newlinesIn(record: readonly string[]): number {
  let count = 0;
  for (const cell of record) {
    for (let at = cell.indexOf('\n'); at !== -1; at = cell.indexOf('\n', at + 1)) count += 1;
  }
  return count;
}

const sizeOf = (record: readonly string[]): number =>
  record.reduce((sum, cell) => sum + cell.length, 0);
