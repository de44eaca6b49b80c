import type { DatasetItem } from '../contracts/records.js';
import {
  changedFields,
  packKeys,
  plainFieldKeys,
  type FieldKeys,
  type ItemField,
} from '../core/dataset/item-fields.js';
import { splitsOf } from '../core/dataset/splits.js';
import type { LocalDataset } from './port.js';
import { createProblemList } from './problem-list.js';

/** An item of a platform. */
export interface ItemThere {
  readonly platformId: string;
  readonly item: DatasetItem;
  readonly splits: readonly string[];
}

/** How the platform finds and compares items; see its port. */
export interface ItemComparison {
  readonly platformId?: (
    dataset: { readonly id: string; readonly name: string },
    item: DatasetItem,
  ) => string;
  readonly fieldKeys?: (write: {
    readonly item: DatasetItem;
    readonly splits?: readonly string[];
  }) => FieldKeys;
}

/**
 * By what an item of the files and one of the platform are the same: as the platform would look for it, and not the id that it has
 * there. Others gave theirs, and one that was taken out and came back has another one by now.
 */
export const matchOf = (
  item: DatasetItem,
  of: {
    readonly comparison: ItemComparison;
    readonly dataset: { readonly id: string; readonly name: string };
  },
): string => of.comparison.platformId?.(of.dataset, item) ?? item.id;

/** How the files and a platform differ. */
export interface DatasetDifference {
  /** Items of the files. */
  readonly here: number;
  readonly there: number;
  readonly unchanged: number;
  /** Only in the files. */
  readonly added: number;
  readonly changed: number;
  /** Only on the platform. */
  readonly removed: number;
  /** Of items that the platform has more than once: those beside the one that is compared. */
  readonly doubled: number;
  /** The first of each kind. */
  readonly examples: readonly ItemDifference[];
}

export type ItemDifference =
  | { readonly kind: 'added' | 'removed' | 'doubled'; readonly id: string }
  | { readonly kind: 'changed'; readonly id: string; readonly fields: readonly ItemField[] };

/**
 * Compares the files with what a platform has. Of each item there its id and 80 digits are held, no text.
 *
 * @param on.examples how many of each kind are named. Default 100.
 * @throws AssayError DATASET_INVALID, JSON_INVALID: of the files.
 */
export async function compareDataset(
  local: LocalDataset,
  there: AsyncIterable<Pick<ItemThere, 'item' | 'splits'> & Partial<ItemThere>>,
  on: {
    readonly comparison: ItemComparison;
    readonly dataset: { readonly id: string; readonly name: string };
    readonly examples?: number;
    readonly signal?: AbortSignal;
  },
): Promise<DatasetDifference> {
  const { comparison, examples: most = 100, signal } = on;
  const keysOf = (item: DatasetItem, splits: readonly string[]): string =>
    packKeys(comparison.fieldKeys?.({ item, splits }) ?? plainFieldKeys(item, splits));
  const counts = { here: 0, there: 0, unchanged: 0, added: 0, changed: 0, doubled: 0 };
  const examples = { added: [], changed: [], removed: [], doubled: [] } as Record<
    ItemDifference['kind'],
    ItemDifference[]
  >;
  const note = (difference: ItemDifference): void => {
    const of = examples[difference.kind];
    if (of.length < most) of.push(difference);
  };
  const known = new Map<string, { readonly id: string; readonly keys: string }>();
  for await (const { item, splits, platformId } of there) {
    counts.there += 1;
    const match = matchOf(item, on);
    if (known.has(match)) {
      counts.doubled += 1;
      note({ kind: 'doubled', id: item.id });
      // Of an item that others made and an earlier release made once more, ours is the one that pushes and runs go by.
      if (platformId !== match) continue;
    }
    known.set(match, { id: item.id, keys: keysOf(item, splits) });
  }
  const problems = createProblemList();
  for await (const page of local.pages({ problems, ...(signal === undefined ? {} : { signal }) })) {
    for (const { item } of page) {
      counts.here += 1;
      const match = matchOf(item, on);
      const found = known.get(match);
      known.delete(match);
      const fields =
        found === undefined
          ? undefined
          : changedFields(keysOf(item, splitsOf(item.metadata)), found.keys);
      if (fields === undefined) {
        counts.added += 1;
        note({ kind: 'added', id: item.id });
      } else if (fields.length === 0) counts.unchanged += 1;
      else {
        counts.changed += 1;
        note({ kind: 'changed', id: item.id, fields });
      }
    }
  }
  problems.throwIfAny(local.name);
  for (const { id } of known.values()) {
    if (examples.removed.length >= most) break;
    note({ kind: 'removed', id });
  }
  return {
    ...counts,
    removed: known.size,
    examples: Object.values(examples).flat(),
  };
}
