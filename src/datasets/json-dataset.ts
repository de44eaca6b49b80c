import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';

import { AssayError } from '../core/errors/assay-error.js';
import { isObject, type Json } from '../core/json/json.js';
import { bytesOf } from './byte-source.js';
import { readExpectations } from './expectations.js';
import { elementsOf, NoJsonArray, type JsonElement } from './json-elements.js';
import { createPageOfItems } from './page-of-items.js';
import { parseItem, type ParsedItem } from './parse-item.js';
import {
  longestItem,
  type BeginParsing,
  type LocalDataset,
  type PlacedItem,
  type ReadPass,
} from './port.js';
import { readJson } from './read-json.js';

/** Up to here a broken file is read as a whole to say in which line and column it breaks. */
const largestToLocate = 64 * 1024 * 1024;

/** The two files of a JSON dataset. */
interface JsonFiles {
  readonly cases: string;
  readonly expected: string;
}

/**
 * `test_cases.json`, an array of `{id, inputs, expected?, description?, metadata?}`, with `expected.json` beside it: an
 * object by id or an array of `{id, expected}`. The array is streamed; what is expected is held (at most 64 MiB).
 */
export function jsonDataset(
  name: string,
  files: JsonFiles,
  begin: BeginParsing = () => parseItem,
): LocalDataset {
  return {
    name,
    file: files.cases,
    format: 'json',
    whereIs: (place) => `${files.cases}: [${place}]`,
    nameOf: (place) => `item [${place}]`,
    pages: (pass) => readPages(files, pass, begin()),
  };
}

async function* readPages(
  files: JsonFiles,
  pass: ReadPass,
  parse: (raw: Json) => ParsedItem,
): AsyncGenerator<readonly PlacedItem[], void, undefined> {
  const { problems } = pass;
  const expected = await readExpectations(files.expected, problems);
  const unused = new Set(expected.keys());
  const page = createPageOfItems(pass.pageItems);
  try {
    for await (const elements of elementsOf(bytesOf(files.cases, pass.signal), longestItem)) {
      for (const element of elements) {
        const placed = itemOf(element, { file: files.cases, pass, parse });
        if (placed === undefined) continue;
        const { id } = placed.item;
        unused.delete(id);
        // `null` is an expectation like any other.
        const item = expected.has(id)
          ? { ...placed.item, expected: expected.get(id) ?? null }
          : placed.item;
        const full = page.add({ ...placed, item }, element.bytes?.length ?? 0);
        if (full !== undefined) yield full;
      }
    }
  } catch (error) {
    if (!(error instanceof NoJsonArray)) throw error;
    await explain(files.cases, pass);
  }
  const rest = page.rest();
  if (rest.length > 0) yield rest;
  for (const id of unused) {
    problems.add({
      at: `${files.expected}: ${id}`,
      message: 'expects something of an item that test_cases.json does not have',
      mend: 'Remove it, or add the item.',
    });
  }
}

interface ElementPlace {
  readonly file: string;
  readonly pass: ReadPass;
  readonly parse: (raw: Json) => ParsedItem;
}

function itemOf(
  { index, bytes }: JsonElement,
  { file, pass, parse }: ElementPlace,
): PlacedItem | undefined {
  const { problems } = pass;
  const at = `${file}: [${index}]`;
  if (bytes === undefined) {
    const message = `is longer than ${longestItem / 1024 / 1024} MiB`;
    problems.add({ at, message, mend: 'Keep large contents elsewhere.' }, index);
    return undefined;
  }
  if (!isUtf8(bytes)) throw new NoJsonArray();
  let raw: Json;
  try {
    raw = JSON.parse(bytes.toString('utf8')) as Json;
  } catch {
    throw new NoJsonArray();
  }
  const parsed = parse(raw);
  if ('item' in parsed) return { item: parsed.item, place: index };
  // People look for an item by its id; where it stands is what there is of one without.
  const named = `${at}${idOf(raw)}`;
  for (const { path, ...rest } of parsed.problems) {
    problems.add({ at: `${named}${path}`, ...rest }, index);
  }
  return undefined;
}

function idOf(raw: Json): string {
  const id = isObject(raw) ? raw['id'] : undefined;
  return typeof id === 'string' || typeof id === 'number'
    ? ` (${JSON.stringify(String(id).slice(0, 100))})`
    : '';
}

/** Says what is wrong with a file that is no JSON array. */
async function explain(file: string, { problems }: ReadPass): Promise<void> {
  const { size } = await stat(file);
  if (size > largestToLocate) {
    throw new AssayError('JSON_INVALID', `${file} is no JSON array.`, {
      mend: 'Write one item a line into a .jsonl file: there each broken line is named.',
    });
  }
  const bytes = await readFile(file);
  // An empty file has no items, in whatever form it is.
  if (bytes.toString('utf8').trim() === '') return;
  const value = await readJson(file, bytes);
  if (!Array.isArray(value)) problems.add({ at: file, message: 'is not an array of items' }, -1);
  else {
    throw new AssayError('DATASET_INVALID', `${file} changed while it was read.`, {
      mend: 'Submit again.',
    });
  }
}
