import { dirname } from 'node:path';

import { jsonSize } from '../core/json/size.js';
import { splitsOf } from '../core/dataset/splits.js';
import { createDatasetFingerprint } from './dataset-fingerprint.js';
import { emptyDataset, tellRepeated } from './dataset-problems.js';
import { readItemSchema, type ItemSchema } from './item-schema.js';
import type { LocalDataset, PlacedItem } from './port.js';
import { createProblemList, type ProblemList } from './problem-list.js';

/** What a whole look at a dataset found. */
export interface CheckedItems {
  readonly items: number;
  readonly expected: number;
  /** How many items each split has; the first hundred splits. */
  readonly splits: Readonly<Record<string, number>>;
  readonly schema: ItemSchema | undefined;
}

export interface CheckRequest {
  readonly signal?: AbortSignal;
  /** In bytes of an item's JSON. Default: as large as a file may hold. */
  readonly largestItem?: number;
  /** Told now and then. */
  readonly onProgress?: (items: number) => void;
}

const mostSplits = 100;

/**
 * Reads a dataset from its first to its last item: form, ids, size, and `schema.json` where there is one. Memory does not grow
 * with it.
 *
 * @throws AssayError DATASET_INVALID with the first problems by their line and how many there are, DATASET_EMPTY, JSON_INVALID,
 *   DATASET_SCHEMA_INVALID
 */
export async function checkDataset(
  dataset: LocalDataset,
  { signal, largestItem, onProgress }: CheckRequest = {},
): Promise<CheckedItems> {
  const schema = await readItemSchema(dirname(dataset.file));
  const problems = createProblemList();
  const fingerprint = createDatasetFingerprint();
  const splits = new Map<string, number>();
  let items = 0;
  let expected = 0;
  try {
    for await (const page of dataset.pages({
      problems,
      ...(signal === undefined ? {} : { signal }),
    })) {
      for (const placed of page) {
        const { item, place } = placed;
        items += 1;
        if (item.expected !== undefined) expected += 1;
        tellUnfit(placed, { dataset, schema, largestItem, problems });
        for (const split of splitsOf(item.metadata)) {
          if (splits.size < mostSplits || splits.has(split)) {
            splits.set(split, (splits.get(split) ?? 0) + 1);
          }
        }
        await fingerprint.add({ id: item.id, hash: '', place });
      }
      onProgress?.(items);
    }
    const { repeated } = await fingerprint.finish();
    tellRepeated(dataset, { repeated, problems });
  } finally {
    await fingerprint.close();
  }
  problems.throwIfAny(dataset.name);
  if (items === 0) throw emptyDataset(dataset);
  return { items, expected, splits: Object.fromEntries(splits), schema };
}

function tellUnfit(
  { item, place }: PlacedItem,
  on: {
    readonly dataset: LocalDataset;
    readonly schema: ItemSchema | undefined;
    readonly largestItem: number | undefined;
    readonly problems: ProblemList;
  },
): void {
  const { dataset, schema, largestItem, problems } = on;
  const at = dataset.whereIs(place);
  for (const { path, message } of schema?.problemsOf(item) ?? []) {
    problems.add(
      { at: path === '' ? at : `${at}: ${path}`, message: `${message} (schema.json)` },
      place,
    );
  }
  if (largestItem === undefined) return;
  const { id, input, metadata, expected = null, description = '' } = item;
  const parts = { id, input, metadata, expected, description };
  // A character is at most six bytes of JSON; hardly any item comes near enough to be written out.
  if (jsonSize(parts) * 6 <= largestItem) return;
  const bytes = Buffer.byteLength(JSON.stringify(parts));
  if (bytes <= largestItem) return;
  const most = (largestItem / 1e6).toFixed(1);
  problems.add(
    {
      at,
      message: `takes ${(bytes / 1e6).toFixed(1)} MB, the platform takes ${most} MB an item`,
      mend: 'Keep large contents elsewhere, and their address in the item.',
    },
    place,
  );
}
