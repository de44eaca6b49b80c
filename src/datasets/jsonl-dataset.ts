import { isUtf8 } from 'node:buffer';

import type { Json } from '../core/json/json.js';
import { bytesOf } from './byte-source.js';
import { linesOf, type Line } from './lines.js';
import { locateJsonError } from './locate-json-error.js';
import { createPageOfItems } from './page-of-items.js';
import { parseItem, type ParsedItem } from './parse-item.js';
import {
  longestItem,
  type BeginParsing,
  type LocalDataset,
  type PlacedItem,
  type ReadPass,
} from './port.js';

/**
 * `test_cases.jsonl`: one `{"id", "inputs", "expected"?, "description"?, "metadata"?}` a line; empty lines are passed over.
 */
export function jsonlDataset(
  name: string,
  file: string,
  begin: BeginParsing = () => parseItem,
): LocalDataset {
  return {
    name,
    file,
    format: 'jsonl',
    whereIs: (place) => `${file}:${place}`,
    nameOf: (place) => `line ${place}`,
    pages: (pass) => readPages(file, pass, begin()),
  };
}

async function* readPages(
  file: string,
  pass: ReadPass,
  parse: (raw: Json) => ParsedItem,
): AsyncGenerator<readonly PlacedItem[], void, undefined> {
  const page = createPageOfItems(pass.pageItems);
  for await (const lines of linesOf(bytesOf(file, pass.signal), longestItem)) {
    for (const line of lines) {
      const item = await itemOf(line, { file, pass, parse });
      const full = item === undefined ? undefined : page.add(item, line.bytes?.length ?? 0);
      if (full !== undefined) yield full;
    }
  }
  const rest = page.rest();
  if (rest.length > 0) yield rest;
}

interface LinePlace {
  readonly file: string;
  readonly pass: ReadPass;
  readonly parse: (raw: Json) => ParsedItem;
}

async function itemOf(
  line: Line,
  { file, pass, parse }: LinePlace,
): Promise<PlacedItem | undefined> {
  const { number } = line;
  const parsed = await parseLine(line, { pass, parse });
  if (parsed === undefined) return undefined;
  if ('item' in parsed) return { item: parsed.item, place: number };
  for (const { path, ...rest } of parsed.problems) {
    pass.problems.add({ at: `${file}:${number}${path.replace(/^\./, ': ')}`, ...rest }, number);
  }
  return undefined;
}

/** Undefined for an empty line. A path of a problem is a column (`:7`) or a member (`.id`). */
async function parseLine(
  { bytes }: Line,
  { pass, parse }: Pick<LinePlace, 'pass' | 'parse'>,
): Promise<ParsedItem | undefined> {
  const problem = (path: string, message: string, mend: string): ParsedItem => ({
    problems: [{ path, message, mend }],
  });
  if (bytes === undefined) {
    const most = longestItem / 1024 / 1024;
    return problem('', `is longer than ${most} MiB`, 'Keep large contents elsewhere.');
  }
  if (!isUtf8(bytes)) return problem('', 'is not UTF-8', 'Save the file as UTF-8.');
  const text = bytes.toString('utf8');
  if (text.trim() === '') return undefined;
  try {
    return parse(JSON.parse(text) as Json);
  } catch (error) {
    const mend = 'Write one JSON object a line.';
    // A file of another kind has a million of these; finding the column of each would take minutes.
    if (pass.problems.count >= 100) return problem('', 'is not JSON', mend);
    const { line, column, message } = await locateJsonError(text, error);
    // Should the parser see another kind of line end in the line, its column says nothing.
    return problem(line === 1 ? `:${column}` : '', message, mend);
  }
}
