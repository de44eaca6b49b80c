import { contentHash, sha256 } from '../ids/hash.js';
import type { DatasetItem } from '../../contracts/records.js';

/** The identity of one item's content: input, expectation and metadata; its description decides nothing. */
export function itemHash(item: DatasetItem): string {
  return contentHash({
    id: item.id,
    input: item.input,
    expected: item.expected === undefined ? { absent: true } : { value: item.expected },
    metadata: item.metadata,
  });
}

/** One item's part in the identity of its dataset. */
export function datasetLine(id: string, hash: string): string {
  return `${id.length}:${id} ${hash}`;
}

/**
 * The identity of a dataset's content, whatever the order of its items: items are sorted by id.
 * Takes (id, hash) pairs, so that bodies need not be held; of large datasets `createDatasetFingerprint` takes the same
 * while they stream by.
 */
export function datasetHash(items: readonly (readonly [id: string, hash: string])[]): string {
  const lines = [...items]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([id, hash]) => datasetLine(id, hash));
  return sha256(lines.join('\n'));
}
