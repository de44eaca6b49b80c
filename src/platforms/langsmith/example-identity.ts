import type { DatasetItem } from '../../contracts/records.js';
import { isUuid, namedUuid } from './ids.js';

/** Marks an item that was read from LangSmith and made there by others: the id of its example. */
export const exampleIdKey = 'assay.langsmith_example_id';
/** Stands in the metadata of examples that we write: the user's own id, of which the example's id is made. */
export const ownItemIdKey = 'assay.item_id';

/**
 * The id of the example of an item: that it was read with, else one made of the dataset's id and the item's own. Of the dataset's
 * id and not its name: example ids are unique beyond a workspace, and a dataset that is deleted keeps those of its examples.
 */
export function exampleIdOf(datasetId: string, item: DatasetItem): string {
  const given = item.metadata[exampleIdKey];
  return typeof given === 'string' && isUuid(given) ? given : ownExampleId(datasetId, item.id);
}

export function ownExampleId(datasetId: string, itemId: string): string {
  return namedUuid('example', datasetId, itemId);
}
