import type { DatasetItem } from '../../contracts/records.js';
import { bytesOf } from '../byte-source.js';
import { cellValue, parseHeader, type CsvColumn } from '../csv-columns.js';
import { delimiterOf, readRecord } from '../csv-dataset.js';
import { valueAt } from '../csv-value.js';
import type { TextSink } from '../write-dataset.js';
import { cellText, createCsvPlan, isSame, type PlannedColumn } from './csv-plan.js';
import { NotRewritable } from './item-text.js';
import { lineEnd, markOf, rawLines } from './raw-lines.js';
import type { WantedItems } from './wanted-items.js';

/** What a CSV file needed beyond its own columns. */
export interface CsvChanges {
  /** Headers of new columns. */
  readonly added: readonly string[];
  /** Headers of columns whose type had to change, so that all of their cells were written anew. */
  readonly retyped: readonly string[];
}

interface Table {
  readonly file: string;
  readonly delimiter: string;
  readonly columns: readonly CsvColumn[];
}

/**
 * `test_cases.csv`, with the bytes of all records that did not change: a changed value is written in its own cell. Header,
 * delimiter, quotes and line ends stay; a column is added, or its type changed, only where no cell could say what is to stand
 * there.
 *
 * @param wanted is begun twice: what the columns must hold is known only at the end.
 * @throws NotRewritable
 */
export async function rewriteCsv(
  file: string,
  wanted: () => WantedItems,
  sink: TextSink,
): Promise<CsvChanges> {
  const table = await tableOf(file);
  const planned = await plan(table, wanted());
  const all = wanted();
  let header: Header | undefined;
  let open = false as boolean;
  const write = async (text: string, end: string): Promise<void> => {
    open = end === '';
    await sink.write(text + end);
  };
  await sink.write(await markOf(file));
  for await (const line of rawLines(file, { quoted: true })) {
    const end = lineEnd(line);
    const text = line.slice(0, line.length - end.length);
    if (text === '') await write(text, end);
    else if (header === undefined) {
      header = { end: end === '' ? '\r\n' : end, cells: rawCells(text, table.delimiter) };
      await write(headerText(text, header, { planned, table }), end);
    } else {
      const cells = rawCells(text, table.delimiter);
      const was = itemOf(cells, table);
      const found = await all.take(was);
      if (found === undefined) continue;
      await write(recordText(text, { cells, was, now: found.item, planned, table }), end);
    }
  }
  if (header === undefined) throw new NotRewritable('there is no header');
  const quoteAll = header.cells.every((cell) => cell.startsWith('"'));
  for await (const item of all.rest()) {
    if (open) await write('', header.end);
    const cells = planned.map((column) => cellOf(item, column, { quote: quoteAll, table }));
    await write(cells.join(table.delimiter), header.end);
  }
  return {
    added: planned.flatMap(({ header: name, from }) => (from === undefined ? [name] : [])),
    retyped: planned.flatMap(({ header: name, retyped }) => (retyped ? [name] : [])),
  };
}

interface Header {
  readonly cells: readonly string[];
  readonly end: string;
}

async function tableOf(file: string): Promise<Table> {
  const chunks = bytesOf(file);
  const first = await chunks.next();
  await chunks.return();
  if (first.done === true) throw new NotRewritable('is empty');
  const delimiter = delimiterOf(first.value);
  for await (const line of rawLines(file, { quoted: true })) {
    const text = line.slice(0, line.length - lineEnd(line).length);
    if (text === '') continue;
    const { columns, problems } = parseHeader(rawCells(text, delimiter).map(cellOfRaw));
    if (problems.length > 0) throw new NotRewritable('its header has problems');
    return { file, delimiter, columns };
  }
  throw new NotRewritable('there is no header');
}

/** The columns that no record has a value in. @throws NotRewritable */
export async function emptyColumns(file: string): Promise<readonly CsvColumn[]> {
  const table = await tableOf(file);
  const empty = new Set(table.columns);
  for await (const cells of recordsOf(table)) {
    for (const column of empty) {
      const cell = cellValue(cellOfRaw(cells[column.number - 1] ?? ''), column.type);
      const value = 'value' in cell ? cell.value : undefined;
      if (value !== undefined && (value !== '' || column.member !== 'description')) {
        empty.delete(column);
      }
    }
    if (empty.size === 0) break;
  }
  return [...empty];
}

/** The cells of each record below the header, as they stand in it. */
async function* recordsOf({
  file,
  delimiter,
}: Table): AsyncGenerator<readonly string[], void, undefined> {
  let isHeader = true;
  for await (const line of rawLines(file, { quoted: true })) {
    const text = line.slice(0, line.length - lineEnd(line).length);
    if (text === '') continue;
    if (!isHeader) yield rawCells(text, delimiter);
    isHeader = false;
  }
}

async function plan(table: Table, wanted: WantedItems): Promise<readonly PlannedColumn[]> {
  const plan = createCsvPlan(table.columns);
  for await (const cells of recordsOf(table)) {
    const was = itemOf(cells, table);
    const found = await wanted.take(was);
    if (found !== undefined) plan.add(found.item, was);
  }
  for await (const item of wanted.rest()) plan.add(item);
  return plan.finish();
}

function itemOf(cells: readonly string[], { columns }: Table): DatasetItem {
  const read = readRecord(cells.map(cellOfRaw), columns);
  if (read === undefined) throw new NotRewritable('a record is no item');
  return read;
}

function headerText(
  text: string,
  { cells }: Header,
  { planned, table }: { readonly planned: readonly PlannedColumn[]; readonly table: Table },
): string {
  if (planned.every(({ from, retyped }) => from !== undefined && !retyped)) return text;
  const quote = cells.every((cell) => cell.startsWith('"'));
  return planned
    .map(({ from, retyped, header }) => {
      const raw = from === undefined ? undefined : cells[from];
      if (raw !== undefined && !retyped) return raw;
      return quoted(header, { quote: quote || raw?.startsWith('"') === true, table });
    })
    .join(table.delimiter);
}

function recordText(
  text: string,
  of: {
    readonly cells: readonly string[];
    readonly was: DatasetItem;
    readonly now: DatasetItem;
    readonly planned: readonly PlannedColumn[];
    readonly table: Table;
  },
): string {
  const { cells, was, now, planned, table } = of;
  let changed = false as boolean;
  const filled = cells.filter((cell) => cell !== '');
  const quotes = filled.length > 0 && filled.every((cell) => cell.startsWith('"'));
  const written = planned.map((column) => {
    const raw = column.from === undefined ? undefined : cells[column.from];
    const same = isSame(valueAt(was, column.column), valueAt(now, column.column));
    if (raw !== undefined && same && !column.retyped) return raw;
    changed = true;
    return cellOf(now, column, {
      quote: raw?.startsWith('"') === true || ((raw ?? '') === '' && quotes),
      table,
    });
  });
  return changed ? written.join(table.delimiter) : text;
}

interface CellStyle {
  readonly quote: boolean;
  readonly table: Table;
}

function cellOf(item: DatasetItem, column: PlannedColumn, style: CellStyle): string {
  const text = cellText(valueAt(item, column.column), { ...column.column, type: column.type });
  if (text === undefined) throw new NotRewritable(`${column.header} cannot say a value`);
  // A quoted empty cell says the same; as it was, it is left out.
  return text === '' ? text : quoted(text, style);
}

function quoted(text: string, { quote, table: { delimiter } }: CellStyle): string {
  const must = quote || text.includes(delimiter) || /["\r\n]|^\s|\s$/.test(text);
  return must ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The cells of a record as they stand in it. */
function rawCells(text: string, delimiter: string): readonly string[] {
  const cells: string[] = [];
  let from = 0;
  let inQuotes = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') inQuotes = !inQuotes;
    else if (character === delimiter && !inQuotes) {
      cells.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...cells, text.slice(from)];
}

const cellOfRaw = (raw: string): string =>
  raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw;
