import type { DatasetItem } from '../../contracts/records.js';
import { contentHash } from '../ids/hash.js';
import type { Json } from '../json/json.js';
import { splitsOf, withoutSplits } from './splits.js';

/** What of an item is compared, in the order in which it is told. */
export const itemFields = ['inputs', 'expected', 'metadata', 'description', 'splits'] as const;
export type ItemField = (typeof itemFields)[number];

/** A hash in hex of each field. */
export type FieldKeys = Readonly<Record<ItemField, string>>;

/** The fields of an item as they are compared where no platform changes what it keeps. */
export function plainFieldKeys(
  item: DatasetItem,
  splits: readonly string[] = splitsOf(item.metadata),
): FieldKeys {
  return keysOf({
    inputs: item.input,
    expected: item.expected === undefined ? [] : [item.expected],
    metadata: withoutSplits(item.metadata),
    description: item.description ?? '',
    splits: [...new Set(splits)].sort(),
  });
}

/** The key of each field's value. */
export function keysOf(values: Readonly<Record<ItemField, Json>>): FieldKeys {
  return {
    inputs: contentHash(values.inputs),
    expected: contentHash(values.expected),
    metadata: contentHash(values.metadata),
    description: contentHash(values.description),
    splits: contentHash(values.splits),
  };
}

/** Of each field's hash so many hex digits are kept: two contents of one item meet with a chance of 1 in 2^64. */
const digits = 16;

/** The keys of an item in 40 bytes, as hex. */
export function packKeys(keys: FieldKeys): string {
  return itemFields.map((field) => keys[field].slice(0, digits)).join('');
}

/** The fields in which two packed keys differ. */
export function changedFields(a: string, b: string): readonly ItemField[] {
  return itemFields.filter((_field, index) => {
    const from = index * digits;
    return a.slice(from, from + digits) !== b.slice(from, from + digits);
  });
}
