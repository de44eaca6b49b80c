import type { DatasetItem } from '../../contracts/records.js';
import type { Json, JsonObject } from '../../core/json/json.js';
import { asInFile } from '../item-schema.js';
import { parseItem } from '../parse-item.js';
import { patchJson, printJson, type JsonStyle } from './json-text.js';
import type { WantedItem } from './wanted-items.js';

/** Says that files cannot be changed piece by piece; they are then written as a whole. */
export class NotRewritable extends Error {
  override readonly name = 'NotRewritable';
}

/** An element of a file. */
export interface ReadElement {
  readonly raw: JsonObject;
  readonly item: DatasetItem;
}

/** @throws NotRewritable */
export function readElement(text: string): ReadElement {
  const raw = parsed(text);
  const read = parseItem(raw);
  if ('problems' in read) throw new NotRewritable('an element is no item');
  return { raw: raw as JsonObject, item: read.item };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new NotRewritable('an element is no JSON');
  }
}

/**
 * The text of an element, changed to say what is wanted. What is no field of an item stays.
 *
 * @param expected whether what is expected stands in the element itself.
 */
export function patchElement(
  text: string,
  { raw }: ReadElement,
  of: { readonly wanted: WantedItem; readonly expected: boolean; readonly style: JsonStyle },
): string {
  const { wanted, style } = of;
  const { item, fields } = wanted;
  const file = asInFile(item);
  const now = new Map(Object.entries(raw));
  const put = (member: string): void => {
    const value = Object.hasOwn(file, member) ? file[member] : undefined;
    if (value === undefined) now.delete(member);
    else now.set(member, value);
  };
  if (fields.includes('inputs')) put('inputs');
  if (fields.includes('description')) put('description');
  if (fields.includes('metadata') || fields.includes('splits')) put('metadata');
  if (of.expected && fields.includes('expected')) put('expected');
  return patchJson(text, Object.fromEntries(now), style);
}

/** The text of a new element. */
export function newElement(
  item: DatasetItem,
  of: { readonly expected: boolean; readonly style: JsonStyle; readonly base?: string },
): string {
  const { expected: _expected, ...rest } = asInFile(item);
  return printJson(of.expected ? asInFile(item) : rest, of.style, of.base);
}
