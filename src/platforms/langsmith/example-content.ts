import type { DatasetItem } from '../../contracts/records.js';
import { packKeys, plainFieldKeys } from '../../core/dataset/item-fields.js';
import { sha256 } from '../../core/ids/hash.js';
import { canonicalJson, type Json, type JsonObject } from '../../core/json/json.js';
import { wellFormedJson } from '../../core/text/well-formed.js';
import type { PlatformItem } from '../dataset-port.js';
import type { ExampleAnswer } from './answers.js';
import {
  exampleIdKey,
  ownExampleId,
  ownItemIdKey,
  returnedKey,
  returnKey,
} from './example-identity.js';
import { momentOf } from './moments.js';
import { isObject } from '../../core/json/json.js';

/** What of an item stands in its example. */
export interface ExampleContent {
  readonly inputs: JsonObject;
  /** Empty where nothing is expected: what is left out of an update keeps its old value there. */
  readonly outputs: JsonObject;
  readonly metadata: JsonObject;
}

const descriptionKey = 'assay.description';
/** Says that the outputs are not what is expected, but hold it as `expected`: they must be an object there. */
const wrappedKey = 'assay.expected_wrapped';
/** The server's own, where the splits of an example stand. */
const splitKey = 'dataset_split';
/** The split of examples that are in none. */
export const baseSplit = 'base';

/**
 * The content that an item of ours has there.
 *
 * @param times how often it was taken out and came back.
 */
export function contentOf(item: DatasetItem, times = 0): ExampleContent {
  const { [exampleIdKey]: given, ...metadata } = item.metadata;
  const expected = wellFormedJson(item.expected ?? null).value;
  const bare = isObject(expected) && Object.keys(expected).length > 0;
  const marks: JsonObject = {
    ...(item.description === undefined ? {} : { [descriptionKey]: item.description }),
    ...(item.expected === undefined || bare ? {} : { [wrappedKey]: true }),
    ...(typeof given === 'string' && times === 0 ? {} : { [ownItemIdKey]: item.id }),
    ...(times === 0 ? {} : { [returnedKey]: true, [returnKey]: times }),
  };
  return {
    inputs: asObject(wellFormedJson(item.input).value),
    outputs: item.expected === undefined ? {} : bare ? expected : { expected },
    metadata: asObject(wellFormedJson({ ...metadata, ...marks }).value),
  };
}

export function contentOfAnswer(answer: ExampleAnswer): ExampleContent {
  const { [splitKey]: _splits, ...metadata } = answer.metadata ?? {};
  return { inputs: answer.inputs ?? {}, outputs: answer.outputs ?? {}, metadata };
}

/** The hash by which two contents are compared, whatever the order of keys. */
export function contentKey({ inputs, outputs, metadata }: ExampleContent): string {
  return sha256(canonicalJson([inputs, outputs, metadata]));
}

/**
 * The same for the example of others, as datasets compare items: it has none of our marks, and its splits stand in the metadata of
 * files alone.
 */
export function itemKey(content: ExampleContent): string {
  return packKeys(plainFieldKeys({ id: '', ...itemIn(content) }, []));
}

/** The splits of an example, none where it is in the base split alone. */
export function splitsOf(answer: ExampleAnswer): readonly string[] {
  const given = answer.metadata?.[splitKey];
  const all = typeof given === 'string' ? [given] : Array.isArray(given) ? (given as Json[]) : [];
  return all.filter((name) => typeof name === 'string').filter((name) => name !== baseSplit);
}

/** The item's own id where the example is ours, with how often it came back; undefined for one that others made. */
export function ownPlaceOf(
  datasetId: string,
  { id, metadata }: Pick<ExampleAnswer, 'id' | 'metadata'>,
): { readonly itemId: string; readonly times: number } | undefined {
  const { [ownItemIdKey]: itemId, [returnKey]: times = 0 } = metadata ?? {};
  // Only where the hash agrees: a copied example carries the marks of the one it was copied from.
  return typeof itemId === 'string' &&
    typeof times === 'number' &&
    ownExampleId(datasetId, itemId, times) === id
    ? { itemId, times }
    : undefined;
}

/** An example as an item: with the user's own id, where it is the one that this id makes. */
function itemOf(datasetId: string, answer: ExampleAnswer): { item: DatasetItem; ours: boolean } {
  const own = ownPlaceOf(datasetId, answer);
  const id = own?.itemId ?? answer.id;
  return { ours: own !== undefined, item: { id, ...itemIn(contentOfAnswer(answer)) } };
}

/** What of an item stands in the content of an example. */
function itemIn({ inputs, outputs, metadata }: ExampleContent): Omit<DatasetItem, 'id'> {
  const {
    [ownItemIdKey]: _id,
    [returnedKey]: _returned,
    [returnKey]: _times,
    [descriptionKey]: description,
    [wrappedKey]: wrapped,
    ...rest
  } = metadata;
  const expected: Json | undefined =
    wrapped === true && 'expected' in outputs
      ? outputs['expected']
      : Object.keys(outputs).length === 0
        ? undefined
        : outputs;
  return {
    input: inputs,
    ...(expected === undefined ? {} : { expected }),
    metadata: rest,
    ...(typeof description === 'string' ? { description } : {}),
  };
}

/** An example as the engine plans it: one that others made is marked with its id there. */
export function plannedItem(datasetId: string, answer: ExampleAnswer): DatasetItem {
  const { item, ours } = itemOf(datasetId, answer);
  return ours ? item : { ...item, metadata: { ...item.metadata, [exampleIdKey]: answer.id } };
}

/** An example as datasets show it. */
export function platformItem(datasetId: string, answer: ExampleAnswer): PlatformItem {
  const updatedAt = momentOf(answer.modified_at ?? answer.created_at);
  return {
    platformId: answer.id,
    item: itemOf(datasetId, answer).item,
    splits: splitsOf(answer),
    archived: false,
    ...(updatedAt === undefined ? {} : { updatedAt }),
  };
}

function asObject(value: Json): JsonObject {
  return isObject(value) ? value : {};
}
