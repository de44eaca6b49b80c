import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { DatasetItem } from '../../contracts/records.js';
import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import { isObject, type Json } from '../../core/json/json.js';
import { bytesOf } from '../byte-source.js';
import type { CsvShape } from '../csv-shape.js';
import { readExpectations } from '../expectations.js';
import { elementsOf } from '../json-elements.js';
import { longestItem, type LocalDataset } from '../port.js';
import { createProblemList } from '../problem-list.js';
import { readJson } from '../read-json.js';
import { NotRewritable, readElement } from './item-text.js';
import { lineEnd, rawLines } from './raw-lines.js';
import { emptyColumns } from './rewrite-csv.js';
import { expectedFile, filesOf, requireSound } from './rewrite-dataset.js';

/**
 * What stands in the files of a dataset and in no item of it, so that files which are printed from the items would lack it:
 * members that an item does not have, columns that no item has a value in. Files that cannot be read are such a part themselves.
 *
 * @param on.stays whether an item will be in the files: what goes with another is no loss.
 * @param on.format of the new files. Columns count only where they are a table again.
 * @param on.columns what the new table has, if it is one.
 */
export async function* ignoredParts(
  local: LocalDataset,
  on: {
    readonly stays: (item: DatasetItem) => boolean;
    readonly format: LocalDataset['format'];
    readonly columns: CsvShape['columns'];
  },
): AsyncGenerator<Problem, void, undefined> {
  try {
    await requireSound(local);
  } catch (error) {
    if (!(error instanceof NotRewritable)) throw error;
    yield { at: local.file, message: `cannot be read (${error.message}), and would be replaced` };
    return;
  }
  // As a pull of nothing leaves them: neither a table nor a list, and nothing in them.
  if (await isBlank(local.file)) return;
  if (local.format === 'csv') {
    if (on.format !== 'csv') return;
    const written = new Set(on.columns.map(({ member, key }) => columnName(member, key)));
    for (const { header, member, path } of await emptyColumns(local.file)) {
      if (written.has(columnName(member, path[0]))) continue;
      const message = `the column ${named([header])}, which is empty so far, would be lost`;
      yield { at: local.file, message };
    }
    return;
  }
  const hasOther = (await filesOf(local)).includes(expectedFile);
  const beside = join(dirname(local.file), expectedFile);
  const expected = hasOther ? await readExpectations(beside, createProblemList()) : undefined;
  const gone = new Set<string>();
  for await (const { text, place } of local.format === 'json'
    ? elements(local.file)
    : lines(local.file)) {
    const { raw, item } = readElement(text);
    if (!on.stays(item)) {
      gone.add(item.id);
      continue;
    }
    // What expected.json says of an item is read, and not what the item says itself.
    const isRead = (key: string): boolean =>
      members.has(key) && !(key === 'expected' && expected?.has(item.id) === true);
    const ignored = Object.keys(raw).filter((key) => !isRead(key));
    if (ignored.length > 0) yield lost(`${local.whereIs(place)} (${shown(item.id)})`, ignored);
  }
  if (expected !== undefined) yield* ignoredExpectations(beside, gone);
}

const columnName = (member: string, key: string | undefined): string =>
  JSON.stringify([member, key]);

async function isBlank(file: string): Promise<boolean> {
  for await (const line of rawLines(file, { quoted: false })) {
    if (line.trim() !== '') return false;
  }
  return true;
}

const members: ReadonlySet<string> = new Set([
  'id',
  'inputs',
  'expected',
  'description',
  'metadata',
]);

/** Of a list of `{id, expected}` or `{id, output}`; an object by id has no place for more. */
async function* ignoredExpectations(
  file: string,
  gone: ReadonlySet<string>,
): AsyncGenerator<Problem, void, undefined> {
  const list = await readJson(file, await readFile(file));
  if (!Array.isArray(list)) return;
  for (const [index, entry] of (list as readonly Json[]).entries()) {
    if (!isObject(entry)) continue;
    const id = idOf(entry['id']);
    const value = entry['expected'] === undefined ? 'output' : 'expected';
    const ignored = Object.keys(entry).filter((key) => key !== 'id' && key !== value);
    if (ignored.length > 0 && !gone.has(id))
      yield lost(`${file}: [${index}] (${shown(id)})`, ignored);
  }
}

/** Ids are texts or whole numbers. */
const idOf = (id: Json | undefined): string => (typeof id === 'string' ? id : JSON.stringify(id));

interface Element {
  readonly text: string;
  readonly place: number;
}

async function* lines(file: string): AsyncGenerator<Element, void, undefined> {
  let place = 0;
  for await (const line of rawLines(file, { quoted: false })) {
    place += 1;
    const text = line.slice(0, line.length - lineEnd(line).length);
    if (text.trim() !== '') yield { text, place };
  }
}

async function* elements(file: string): AsyncGenerator<Element, void, undefined> {
  for await (const page of elementsOf(bytesOf(file), longestItem)) {
    for (const { index, bytes } of page) {
      if (bytes !== undefined) yield { text: bytes.toString('utf8'), place: index };
    }
  }
}

function lost(at: string, keys: readonly string[]): Problem {
  const what = keys.length === 1 ? 'the member' : 'the members';
  const are = keys.length === 1 ? 'is' : 'are';
  const message = `${what} ${named(keys)} ${are} known to these files alone, and would be lost`;
  return { at, message };
}

/** Names of an object that a person wrote: there may be thousands, and long ones. */
function named(keys: readonly string[]): string {
  const most = 5;
  const more = keys.length > most ? ` and ${keys.length - most} more` : '';
  return `${keys.slice(0, most).map(shown).join(', ')}${more}`;
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 100));

/** The most that are named; the rest is counted. */
const mostNamed = 20;

/** Refuses to print files anew where that would drop what no item has. @throws AssayError PULL_CONFLICT */
export async function refuseToDrop(
  local: LocalDataset,
  on: Parameters<typeof ignoredParts>[1] & { readonly home: string },
): Promise<void> {
  const problems: Problem[] = [];
  let count = 0;
  for await (const part of ignoredParts(local, on)) {
    count += 1;
    if (count <= mostNamed) problems.push(part);
  }
  if (count === 0) return;
  const more = count > mostNamed ? ` The first ${mostNamed} of ${count} are listed.` : '';
  throw new AssayError(
    'PULL_CONFLICT',
    `The files of ${on.home} would have to be written as a whole, and would lose what no platform holds.${more}`,
    {
      problems,
      mend: 'Put what is to stay into the metadata of its items, or drop it with --force.',
    },
  );
}
