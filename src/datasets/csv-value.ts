import type { DatasetItem } from '../contracts/records.js';
import { isObject, type Json } from '../core/json/json.js';
import type { CsvColumn } from './csv-columns.js';

/** What an item says in the place of a column; undefined where it says nothing there. */
export function valueAt(
  item: DatasetItem,
  { member, path }: Pick<CsvColumn, 'member' | 'path'>,
): Json | undefined {
  let value = memberOf(item, member);
  for (const key of path) {
    value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

function memberOf(item: DatasetItem, member: CsvColumn['member']): Json | undefined {
  switch (member) {
    case 'id':
      return item.id;
    case 'description':
      return item.description;
    case 'inputs':
      return item.input;
    case 'expected':
      return item.expected;
    case 'metadata':
      return item.metadata;
    // Of labelled sets, whose items are no items of a dataset.
    case 'output':
    case 'label':
      return undefined;
  }
}
