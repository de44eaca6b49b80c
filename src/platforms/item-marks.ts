import type { DatasetItem } from '../contracts/records.js';
import { platformItemIdKey } from './langfuse/item-identity.js';
import { exampleIdKey } from './langsmith/example-identity.js';

/** What platforms leave in the metadata of items that are read from them: the id there of those that others made. */
const marks: ReadonlySet<string> = new Set([platformItemIdKey, exampleIdKey]);

/** The item as any other platform gets it. */
export function withoutPlatformMarks(item: DatasetItem): DatasetItem {
  const entries = Object.entries(item.metadata);
  const own = entries.filter(([key]) => !marks.has(key));
  return own.length === entries.length ? item : { ...item, metadata: Object.fromEntries(own) };
}
