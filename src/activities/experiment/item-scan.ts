import type { DatasetItem } from '../../contracts/records.js';
import { deepestNesting, nestsDeeperThan } from '../../core/json/nesting.js';
import { itemHash } from '../../core/manifest/dataset-hash.js';
import { createDatasetFingerprint } from '../../datasets/dataset-fingerprint.js';
import { createProblemList } from '../../datasets/problem-list.js';
import type { ItemSelection } from './item-selection.js';
import type { ItemStream } from './item-stream.js';

/** An item that takes part in the run, with the hash of its content. */
export interface ScannedItem {
  readonly item: DatasetItem;
  readonly hash: string;
}

/** What one pass over a dataset came to: its identity, of the items that take part. */
export interface ScanResult {
  readonly itemsHash: string;
  readonly items: number;
}

/**
 * One pass over the items of a run, the same for each step that needs them: pages of the dataset → the selected items → their
 * hashes → `onPage`. Nothing of it grows with the dataset.
 *
 * @param scan.selection - Default: all items take part.
 * @param scan.onPage - is awaited; the next page is read and hashed meanwhile.
 * @throws AssayError DATASET_INVALID (all problems, after the last page), DATASET_EMPTY, and what `onPage` throws
 */
export async function scanItems(
  stream: ItemStream,
  scan: {
    readonly signal: AbortSignal;
    readonly selection: ItemSelection | undefined;
    readonly onPage: (page: readonly ScannedItem[]) => Promise<void> | void;
  },
): Promise<ScanResult> {
  const { signal, onPage } = scan;
  const { name } = stream.spec.dataset;
  const takes = scan.selection?.picker();
  const problems = createProblemList();
  const fingerprint = createDatasetFingerprint();
  let working: Promise<void> = Promise.resolve();
  let seen = 0;
  try {
    for await (const page of stream.pages({ problems, signal })) {
      seen += page.length;
      const items: ScannedItem[] = [];
      for (const { item, place } of page) {
        if (!stream.local && tellTooDeep(item, (each) => problems.add(each, place))) continue;
        if (takes !== undefined && !takes(item)) continue;
        const hash = itemHash(item);
        await fingerprint.add({ id: item.id, hash, place });
        items.push({ item, hash });
      }
      await working;
      signal.throwIfAborted();
      working = Promise.resolve(onPage(items));
      // Its failure is thrown when it is awaited, a page later: until then it counts as handled.
      working.catch(() => undefined);
    }
    await working;
    const { itemsHash, items, repeated } = await fingerprint.finish();
    stream.tellRepeated(repeated, problems);
    problems.throwIfAny(name);
    if (seen === 0) throw stream.empty();
    return { itemsHash, items };
  } finally {
    await working.catch(() => undefined);
    await fingerprint.close();
  }
}

// Items of a platform's dataset come from anybody; what they hold is hashed, stored and sent recursively.
function tellTooDeep(
  item: DatasetItem,
  tell: (problem: { at: string; message: string }) => void,
): boolean {
  const { id, input, expected, metadata } = item;
  const parts = Object.entries({ input, expected, metadata });
  const deep = parts.filter(([, value]) => nestsDeeperThan(value, deepestNesting));
  for (const [at] of deep) {
    tell({ at: `${id}: ${at}`, message: `is nested deeper than ${deepestNesting} levels` });
  }
  return deep.length > 0;
}
