import type { DatasetItem } from '../../contracts/records.js';
import { platformItemId } from '../../core/ids/platform-ids.js';
import type { JsonObject } from '../../core/json/json.js';

/** Marks an item that was read from the platform and made there by others: its id there. */
export const platformItemIdKey = 'assay.platform_item_id';
/** Stands in the metadata of items that we write: the user's own id, whose hash the item's id is. */
export const ownItemIdKey = 'assay.item_id';

/** The id of an item on the platform: that it was read with, else the hash of the dataset and its own id. */
export function idOnPlatform(dataset: string, item: DatasetItem): string {
  const given = item.metadata[platformItemIdKey];
  return typeof given === 'string' ? given : platformItemId(dataset, item.id);
}

/** The item's metadata without our marks. */
export function userMetadata(item: DatasetItem): JsonObject {
  return Object.fromEntries(
    Object.entries(item.metadata).filter(([key]) => key !== platformItemIdKey),
  );
}
