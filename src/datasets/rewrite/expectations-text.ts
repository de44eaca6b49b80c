import { readFile } from 'node:fs/promises';

import type { DatasetItem } from '../../contracts/records.js';
import type { Json, JsonObject } from '../../core/json/json.js';
import type { TextSink } from '../write-dataset.js';
import { NotRewritable } from './item-text.js';
import {
  jsonStyleOf,
  patchJson,
  printJson,
  rewriteMembers,
  skipSpace,
  type JsonStyle,
} from './json-text.js';
import { byteOrderMark } from './raw-lines.js';

/** Where what is expected of items stands. */
export interface ExpectationFile {
  readonly file: string;
  readonly sink: TextSink;
  /** What it says now. */
  readonly held: ReadonlyMap<string, DatasetItem['expected']>;
}

/** What becomes of `expected.json`. */
export interface ExpectationChanges {
  /** Items that stay; what is expected of others goes. */
  readonly kept: Set<string>;
  /** Undefined where nothing is expected any more. */
  readonly changed: Map<string, DatasetItem['expected']>;
  readonly added: { readonly id: string; readonly expected: Json }[];
}

/**
 * `expected.json`, with the bytes of all that did not change; it is held as a whole, as when it is read.
 *
 * @throws NotRewritable
 */
export async function rewriteExpectations(
  { file, sink }: ExpectationFile,
  changes: ExpectationChanges,
): Promise<void> {
  const whole = await readFile(file, 'utf8');
  const mark = whole.startsWith(byteOrderMark) ? byteOrderMark.length : 0;
  const start = skipSpace(whole, mark);
  const end = whole.trimEnd().length;
  const text = whole.slice(start, end);
  const style = { ...jsonStyleOf(text) };
  const list = text.startsWith('[');
  const now = rewriteMembers(
    text,
    {
      keep: (member) =>
        list ? entry(member.text, { changes, style }) : value(member, { changes, style }),
      added: (base) => changes.added.map((each) => addedText(each, { list, style, base })),
    },
    style,
  );
  if (now === undefined) throw new NotRewritable('expected.json is neither a list nor an object');
  await sink.write(whole.slice(0, start) + now + whole.slice(end));
}

interface Work {
  readonly changes: ExpectationChanges;
  readonly style: JsonStyle;
}

/** Of an object by id. */
function value(
  { key, text }: { readonly key: string; readonly text: string },
  { changes, style }: Work,
): string | undefined {
  if (!changes.kept.has(key)) return undefined;
  if (!changes.changed.has(key)) return text;
  const expected = changes.changed.get(key);
  return expected === undefined ? undefined : patchJson(text, expected, style);
}

/** Of a list of `{id, expected}` or `{id, output}`. */
function entry(text: string, { changes, style }: Work): string | undefined {
  const raw = JSON.parse(text) as JsonObject;
  const id = idOf(raw);
  if (!changes.kept.has(id)) return undefined;
  if (!changes.changed.has(id)) return text;
  const expected = changes.changed.get(id);
  if (expected === undefined) return undefined;
  const member = raw['expected'] === undefined ? 'output' : 'expected';
  return patchJson(text, { ...raw, [member]: expected }, style);
}

function addedText(
  { id, expected }: ExpectationChanges['added'][number],
  {
    list,
    style,
    base,
  }: { readonly list: boolean; readonly style: JsonStyle; readonly base: string },
): string {
  if (list) return printJson({ id, expected }, style, base);
  return `${JSON.stringify(id)}${style.colon}${printJson(expected, style, base)}`;
}

/** Ids are texts or whole numbers. */
const idOf = ({ id }: JsonObject): string => (typeof id === 'string' ? id : JSON.stringify(id));
