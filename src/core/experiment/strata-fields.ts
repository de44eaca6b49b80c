import type { DatasetItem } from '../../contracts/records.js';
import { sha256 } from '../ids/hash.js';
import { canonicalJson, isObject, type Json, type JsonObject } from '../json/json.js';
import { resolvePointer } from '../json/pointer.js';

/** A field that items may be parted by; what it says of each item is kept in two bytes. */
export interface StrataField {
  readonly pointer: string;
  /** The numbers of values, by their keys; items without a value have number 0 and the key ''. */
  readonly numbers: ReadonlyMap<string, number>;
  /** How many items have each number. */
  readonly counts: readonly number[];
  /** The number of an item by its place. */
  readonly numberAt: (index: number) => number;
}

/** Fewer than two values part nothing; more are no categories. */
const fewestValues = 2;
const mostValues = 50;
/** A value as long as that is a text and no category. */
const longestValue = 100;
/** Members of one object that are looked at: the first by name. */
const mostFields = 24;
/** What a field that a user names may have. */
export const mostStrata = 10_000;

/** The key of a value: its canonical JSON, by its hash where that is long; '' where there is none. */
export function stratumKey(value: Json | undefined): string {
  if (value === undefined) return '';
  const text = canonicalJson(value);
  return text.length <= longestValue + 2 ? text : `sha256:${sha256(text).slice(0, 32)}`;
}

/** What a pointer names in an item. The files of datasets say `inputs` where items say `input`: both are understood. */
export function fieldOf(item: DatasetItem, pointer: string): Json | undefined {
  const { id, input, expected, metadata, description } = item;
  const document: JsonObject = {
    id,
    input,
    metadata,
    ...(expected === undefined ? {} : { expected }),
    ...(description === undefined ? {} : { description }),
  };
  return resolvePointer(document, pointer.replace(/^\/inputs(?=\/|$)/, '/input'));
}

/** Numbers of items, two bytes each, that grow with them. */
class NumberColumn {
  #numbers = new Uint16Array(1_024);
  #length = 0;

  set(index: number, value: number): void {
    while (index >= this.#numbers.length) {
      const grown = new Uint16Array(this.#numbers.length * 2);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[index] = value;
    this.#length = Math.max(this.#length, index + 1);
  }

  at(index: number): number {
    return this.#numbers[index] ?? 0;
  }
}

/** One field as its values come in. Given up, and its memory with it, once it has too many. */
class FieldCount implements StrataField {
  readonly pointer: string;
  readonly numbers = new Map<string, number>([['', 0]]);
  readonly counts: number[] = [0];
  readonly #column = new NumberColumn();
  readonly #most: number;

  constructor(pointer: string, most: number) {
    this.pointer = pointer;
    this.#most = most;
  }

  /** False where this is one value too many. */
  add(index: number, key: string): boolean {
    let number = this.numbers.get(key);
    if (number === undefined) {
      if (this.numbers.size > this.#most) return false;
      number = this.numbers.size;
      this.numbers.set(key, number);
      this.counts.push(0);
    }
    this.counts[number] = (this.counts[number] ?? 0) + 1;
    if (number !== 0) this.#column.set(index, number);
    return true;
  }

  /** Items that came before the field was first seen have no value there. */
  addAbsent(items: number): void {
    this.counts[0] = (this.counts[0] ?? 0) + items;
  }

  numberAt = (index: number): number => this.#column.at(index);
}

/** Watches the field that a user named. */
export function createNamedField(pointer: string): {
  /** False where the field has more than {@link mostStrata} values. */
  add(index: number, item: DatasetItem): boolean;
  readonly field: StrataField;
} {
  const field = new FieldCount(pointer, mostStrata);
  return {
    field,
    add: (index, item) => field.add(index, stratumKey(fieldOf(item, pointer))),
  };
}

/**
 * Looks for a field that parts the items well, in one pass: the expectation itself where it is a category, else a member of
 * it, else a member of the metadata. A category is a truth, a number, null or a text of at most 100 characters wherever it
 * stands; it has 2 to 50 values, at most half as many as there are items with one, and stands in at least half of the items.
 * Of several members the one with the most values is taken, then the first by name.
 */
export function createFieldSearch(): {
  add(index: number, item: DatasetItem): void;
  /** Undefined where no field is a category. */
  best(items: number): StrataField | undefined;
} {
  const expectation = new Candidates(() => '/expected');
  const members = new Candidates((name) => `/expected/${escaped(name)}`);
  const metadata = new Candidates((name) => `/metadata/${escaped(name)}`);
  return {
    add(index, { expected, metadata: marks }) {
      expectation.add(index, expected === undefined ? {} : { '': expected });
      members.add(index, isObject(expected) ? expected : {});
      metadata.add(index, marks);
    },
    best(items) {
      return expectation.best(items) ?? members.best(items) ?? metadata.best(items);
    },
  };
}

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** The members of one object that may be categories. */
class Candidates {
  readonly #pointerOf: (name: string) => string;
  // Undefined: seen, and no category.
  readonly #fields = new Map<string, FieldCount | undefined>();

  constructor(pointerOf: (name: string) => string) {
    this.#pointerOf = pointerOf;
  }

  add(index: number, members: JsonObject): void {
    for (const name of Object.keys(members)) {
      if (!this.#fields.has(name)) this.#begin(name, index);
    }
    for (const [name, field] of this.#fields) {
      if (field === undefined) continue;
      const value = Object.hasOwn(members, name) ? members[name] : undefined;
      const fits = value === undefined || isCategory(value);
      if (!fits || !field.add(index, stratumKey(value))) this.#fields.set(name, undefined);
    }
  }

  best(items: number): StrataField | undefined {
    const names = [...this.#fields.keys()].sort();
    let best: FieldCount | undefined;
    for (const name of names) {
      const field = this.#fields.get(name);
      if (field === undefined || !parts(field, items)) continue;
      if (best === undefined || field.numbers.size > best.numbers.size) best = field;
    }
    return best;
  }

  #begin(name: string, index: number): void {
    // Items of strangers can have a new member each, and the memory stays bounded. The first names in the alphabet are
    // kept: a name among them is never dropped again, so the choice does not hang on the order of the items.
    if (this.#fields.size >= mostFields) {
      const last = [...this.#fields.keys()].reduce((a, b) => (a > b ? a : b));
      if (name > last) return;
      this.#fields.delete(last);
    }
    const field = new FieldCount(this.#pointerOf(name), mostValues);
    field.addAbsent(index);
    this.#fields.set(name, field);
  }
}

function isCategory(value: Json): boolean {
  if (typeof value === 'string') return value.length <= longestValue;
  return typeof value === 'number' || typeof value === 'boolean' || value === null;
}

function parts(field: FieldCount, items: number): boolean {
  const values = field.numbers.size - 1;
  const having = items - (field.counts[0] ?? 0);
  return values >= fewestValues && values * 2 <= having && having * 2 >= items;
}
