import type { DatasetItem } from '../contracts/records.js';

/** Marks an item that was read from a platform and made there by others: its id there. Stands in its metadata. */
export const platformItemIdKey = 'assay.platform_item_id';

/** The item as any other platform gets it. */
export function withoutPlatformMarks(item: DatasetItem): DatasetItem {
  const { [platformItemIdKey]: mark, ...metadata } = item.metadata;
  return mark === undefined ? item : { ...item, metadata };
}
