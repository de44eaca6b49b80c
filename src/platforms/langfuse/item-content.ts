import type { DatasetItem } from '../../contracts/records.js';
import { keysOf, type FieldKeys } from '../../core/dataset/item-fields.js';
import { splitsOf, withoutSplits, withSplits } from '../../core/dataset/splits.js';
import { sha256 } from '../../core/ids/hash.js';
import { platformItemId } from '../../core/ids/platform-ids.js';
import { canonicalJson, isObject, type Json, type JsonObject } from '../../core/json/json.js';
import { wellFormedJson } from '../../core/text/well-formed.js';
import type { ItemToWrite } from '../dataset-port.js';
import type { ItemAnswer } from './answers.js';
import { ownItemIdKey, platformItemIdKey, userMetadata } from './item-identity.js';

/** What of an item stands on the platform. */
export interface ItemContent {
  readonly input: Json;
  /** null where nothing is expected. */
  readonly expectedOutput: Json;
  readonly metadata: Json;
}

/** The content that an item of ours has there. */
export function contentOf(item: DatasetItem): ItemContent {
  const given = item.metadata[platformItemIdKey];
  const metadata: JsonObject =
    typeof given === 'string'
      ? userMetadata(item)
      : { ...userMetadata(item), ...described(item), [ownItemIdKey]: item.id };
  return {
    input: wellFormedJson(item.input).value,
    expectedOutput: wellFormedJson(item.expected ?? null).value,
    metadata: wellFormedJson(metadata).value,
  };
}

const descriptionKey = 'assay.description';

function described(item: DatasetItem): JsonObject {
  return item.description === undefined ? {} : { [descriptionKey]: item.description };
}

/**
 * The hash by which two contents are compared: whatever the order of keys, without the control characters that the server
 * strips, and with texts that are JSON taken as that JSON. What the server gives back changed would otherwise be written
 * again in each run, and each write makes a version.
 */
export function contentKey(content: ItemContent): string {
  const parts = [content.input, content.expectedOutput, content.metadata];
  return sha256(canonicalJson(parts.map(comparable)));
}

/** A value as it is compared. */
const comparable = (part: Json): Json => withoutControls(parsedText(part) ?? part);

/** The same comparison, field by field: what `contentKey` tells apart differs in a field here. */
export function fieldKeysOf(write: ItemToWrite): FieldKeys {
  const { input, expectedOutput, metadata } = contentOf(withItsSplits(write));
  const {
    [ownItemIdKey]: _id,
    [descriptionKey]: description,
    ...rest
  } = asObject(comparable(metadata));
  return keysOf({
    inputs: comparable(input),
    expected: comparable(expectedOutput),
    metadata: withoutSplits(rest),
    description: description ?? '',
    splits: splitsOf(rest),
  });
}

/** The item with its splits where Langfuse keeps them: `split` or `splits` of its metadata. */
export function withItsSplits({ item, splits }: ItemToWrite): DatasetItem {
  if (splits === undefined) return item;
  const metadata = withSplits(item.metadata, splits);
  return metadata === item.metadata ? item : { ...item, metadata };
}

// Those of DatasetItemValidator in the server's source.
// eslint-disable-next-line no-control-regex -- they are what is looked for
const strippedByServer = /[\u0000-\u0008\u000B\u000E-\u001F\u007F-\u009F]/g;

function withoutControls(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll(strippedByServer, '');
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(withoutControls);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, withoutControls(member)]),
  );
}

export function contentOfAnswer(answer: ItemAnswer): ItemContent {
  return {
    input: answer.input ?? null,
    expectedOutput: answer.expectedOutput ?? null,
    metadata: answer.metadata ?? null,
  };
}

/**
 * A value as it must be sent to come back as it is: the server parses a text that is JSON, so `"4"` would come back as
 * the number, and takes an empty text for no value; written once more as JSON both come back as the texts they are.
 */
export function wireValue(value: Json): Json {
  return value === '' || parsedText(value) !== undefined ? JSON.stringify(value) : value;
}

/**
 * Nothing expected, where there is an old value: the server keeps that for null and for no field, while a text is parsed
 * only after old and new were merged.
 */
export const clearedValue = 'null';

/** What the server makes of a text that is JSON; undefined for all else. */
function parsedText(value: Json): Json | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return undefined;
  }
}

/** An item as read from the platform, as the engine plans it. */
export function itemFromAnswer(dataset: string, answer: ItemAnswer): DatasetItem {
  const metadata = asObject(answer.metadata ?? null);
  const own = metadata[ownItemIdKey];
  // Only where the hash agrees: a copied item carries the mark of the one it was copied from.
  const ours = typeof own === 'string' && platformItemId(dataset, own) === answer.id;
  const { [ownItemIdKey]: _id, [descriptionKey]: description, ...rest } = metadata;
  const expected = answer.expectedOutput ?? null;
  return {
    id: ours ? own : answer.id,
    input: asInput(answer.input ?? null),
    ...(expected === null ? {} : { expected }),
    metadata: ours ? rest : { ...metadata, [platformItemIdKey]: answer.id },
    ...(ours && typeof description === 'string' ? { description } : {}),
  };
}

function asObject(value: Json): JsonObject {
  return isObject(value) ? value : value === null ? {} : { metadata: value };
}

// The platform takes any JSON as input; targets take objects.
function asInput(value: Json): JsonObject {
  return isObject(value) ? value : value === null ? {} : { input: value };
}

// Array.isArray does not narrow a readonly array out of a union.
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
