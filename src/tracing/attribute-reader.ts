import type { Attributes, AttributeValue } from '@opentelemetry/api';

import { isObject, type Json, type JsonObject } from '../core/json/json.js';
import { deepestNesting, nestsDeeperThan } from '../core/json/nesting.js';
import { wellFormed } from '../core/text/well-formed.js';
import { traceLimits } from './limits.js';

/** Reads the attributes of one span, each once; what nobody reads becomes metadata. */
export interface AttributeReader {
  /** Every key, read or not. */
  readonly keys: readonly string[];
  /** A short text. */
  text(key: string): string | undefined;
  number(key: string): number | undefined;
  /** A value that can be large: a text that is exactly a value written as JSON is that value. */
  json(field: string, key: string): Json | undefined;
  /** A number or a text, an array of them too, as it is. */
  value(key: string): Json | undefined;
  object(field: string, key: string): JsonObject | undefined;
  /** Members that are numbers. */
  numbers(key: string): Readonly<Record<string, number>> | undefined;
  /** Nobody asks for these: they say nothing about the span. */
  ignore(key: string): void;
  /** What is left, added to what is known as metadata. */
  rest(known: JsonObject): JsonObject;
  /** The fields whose end is missing, or that are missing as a whole. */
  readonly cut: readonly string[];
}

export function createReader(
  attributes: Attributes,
  { bare }: { readonly bare: boolean },
): AttributeReader {
  const read = new Set<string>();
  const cut = new Set<string>();
  const take = (key: string): AttributeValue | undefined => {
    if (!Object.hasOwn(attributes, key)) return undefined;
    read.add(key);
    return attributes[key];
  };
  const text = (key: string): string | undefined => {
    const value = take(key);
    return typeof value === 'string' ? bounded(value, traceLimits.metadataCharacters) : undefined;
  };
  const json = (field: string, key: string): Json | undefined => {
    const value = take(key);
    if (value === undefined) return undefined;
    if (bare) {
      cut.add(field);
      return undefined;
    }
    if (typeof value !== 'string') return plain(value);
    if (value.length <= traceLimits.fieldCharacters) return parsed(value);
    cut.add(field);
    return bounded(value, traceLimits.fieldCharacters);
  };
  const object = (field: string, key: string): JsonObject | undefined => {
    const value = json(field, key);
    return isObject(value) ? value : undefined;
  };
  return {
    keys: Object.keys(attributes),
    text,
    number(key) {
      const value = take(key);
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
    },
    json,
    value(key) {
      const value = take(key);
      return value === undefined ? undefined : plain(value);
    },
    object,
    numbers(key) {
      const value = take(key);
      const members = typeof value === 'string' ? parsed(value) : undefined;
      if (!isObject(members)) return undefined;
      const counts = Object.entries(members).filter(isCount).slice(0, mostCounts);
      return counts.length === 0 ? undefined : Object.fromEntries(counts);
    },
    ignore(key) {
      read.add(key);
    },
    rest(known) {
      const left = Object.entries(attributes).flatMap(([key, value]): [string, Json][] =>
        read.has(key) || value === undefined ? [] : [[key, plain(value)]],
      );
      const all = [...Object.entries(known), ...left];
      if (all.length === 0) return {};
      if (bare || all.length > traceLimits.metadataKeys) cut.add('metadata');
      if (bare) return {};
      return Object.fromEntries(
        all.slice(0, traceLimits.metadataKeys).map(([key, value]) => {
          const { shown, whole } = shortened(value);
          if (!whole) cut.add('metadata');
          return [bounded(key, 200), shown];
        }),
      );
    },
    get cut() {
      return [...cut];
    },
  };
}

const mostCounts = 50;

const isCount = (member: [string, Json]): member is [string, number] =>
  typeof member[1] === 'number' && Number.isFinite(member[1]);

/** Well-formed, and no longer than this. */
function bounded(text: string, most: number): string {
  return wellFormed(text.length > most ? text.slice(0, most) : text).text;
}

// Arrays of attributes may have holes, and their numbers may be none.
function plain(value: AttributeValue): Json {
  if (Array.isArray(value)) return value.map((each) => plain(each ?? ''));
  if (typeof value === 'string') return wellFormed(value).text;
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return value;
}

function shortened(value: Json): { readonly shown: Json; readonly whole: boolean } {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text.length <= traceLimits.metadataCharacters) return { shown: value, whole: true };
  return { shown: bounded(text, traceLimits.metadataCharacters), whole: false };
}

/** The value whose JSON a text is, to the letter: else (`1.0`, a number too large) reading would change what was said. */
function parsed(text: string): Json {
  const whole = wellFormed(text).text;
  if (!/^[[{]/u.test(whole)) return whole;
  try {
    const value = JSON.parse(whole) as Json;
    if (nestsDeeperThan(value, deepestNesting)) return whole;
    return JSON.stringify(value) === whole ? value : whole;
  } catch {
    return whole;
  }
}
