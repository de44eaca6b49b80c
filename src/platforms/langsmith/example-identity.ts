import type { DatasetItem } from '../../contracts/records.js';
import { isUuid, namedUuid } from './ids.js';

/** Marks an item that was read from LangSmith and made there by others: the id of its example. */
export const exampleIdKey = 'assay.langsmith_example_id';
/** Stands in the metadata of examples that we write: the user's own id, of which the example's id is made. */
export const ownItemIdKey = 'assay.item_id';

/** Stands in the metadata of an example whose item was taken out of the dataset and came back, to find them all. */
export const returnedKey = 'assay.returned';
/** Beside it: how often it came back. */
export const returnKey = 'assay.return';

/**
 * The id of the example of an item: that it was read with, else one made of the dataset's id and the item's own. Of the dataset's
 * id and not its name: example ids are unique beyond a workspace, and a dataset that is deleted keeps those of its examples.
 */
export function exampleIdOf(datasetId: string, item: DatasetItem): string {
  const given = item.metadata[exampleIdKey];
  return typeof given === 'string' && isUuid(given) ? given : ownExampleId(datasetId, item.id);
}

/** @param times how often the item was taken out and came back: the id of an example that was taken out is not free. Default 0. */
export function ownExampleId(datasetId: string, itemId: string, times = 0): string {
  return times === 0
    ? namedUuid('example', datasetId, itemId)
    : namedUuid('example', datasetId, itemId, times);
}
