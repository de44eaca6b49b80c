import type { DatasetItem } from '../../contracts/records.js';
import {
  changedFields,
  packKeys,
  plainFieldKeys,
  type ItemField,
} from '../../core/dataset/item-fields.js';
import { splitsOf, withSplits, withoutSplits } from '../../core/dataset/splits.js';
import type { JsonObject } from '../../core/json/json.js';
import { matchOf, type ItemComparison } from '../compare-dataset.js';
import type { ItemSpool } from '../item-spool.js';

/** The items that files are to hold, asked for by those that they hold now. One pass. */
export interface WantedItems {
  /**
   * What becomes of an item of the files: `item` is what it is to say, with the fields that are equal as the files have them, and
   * `fields` are those that differ. Undefined where it goes.
   */
  take(local: DatasetItem): Promise<WantedItem | undefined>;
  /** Those that nobody took, by their ids. */
  rest(): AsyncGenerator<DatasetItem, void, undefined>;
}

export interface WantedItem {
  readonly item: DatasetItem;
  readonly fields: readonly ItemField[];
}

/** Of each item its number is held, no text. */
export function createWantedItems(of: {
  readonly spool: ItemSpool;
  /** What each item of the spool is matched by, by its number. */
  readonly matches: readonly string[];
  readonly comparison: ItemComparison;
  readonly dataset: { readonly id: string; readonly name: string };
}): WantedItems {
  const { spool, matches, comparison } = of;
  const numbers = new Map<string, number>();
  for (const [number, match] of matches.entries()) numbers.set(match, number);
  const keysOf = (item: DatasetItem): string => {
    const splits = splitsOf(item.metadata);
    return packKeys(comparison.fieldKeys?.({ item, splits }) ?? plainFieldKeys(item, splits));
  };
  return {
    async take(local) {
      const match = matchOf(local, of);
      const number = numbers.get(match);
      if (number === undefined) return undefined;
      numbers.delete(match);
      const there = await spool.item(number);
      const fields = changedFields(keysOf(local), keysOf(there));
      return { item: fields.length === 0 ? local : merged(local, there, fields), fields };
    },
    async *rest() {
      const natural = new Intl.Collator('en', { numeric: true });
      const order = [...numbers.values()].sort((a, b) => {
        const [idA = '', idB = ''] = [spool.ids[a], spool.ids[b]];
        return natural.compare(idA, idB) || (idA < idB ? -1 : 1);
      });
      yield* spool.items(order);
    },
  };
}

/** The item of the files with the fields of the other that differ. */
function merged(local: DatasetItem, there: DatasetItem, fields: readonly ItemField[]): DatasetItem {
  const differs = (field: ItemField): boolean => fields.includes(field);
  const expected = (differs('expected') ? there : local).expected;
  const description = (differs('description') ? there : local).description;
  return {
    id: local.id,
    input: (differs('inputs') ? there : local).input,
    ...(expected === undefined ? {} : { expected }),
    metadata: metadataOf(local, there, { rest: differs('metadata'), splits: differs('splits') }),
    ...(description === undefined ? {} : { description }),
  };
}

function metadataOf(
  local: DatasetItem,
  there: DatasetItem,
  differs: { readonly rest: boolean; readonly splits: boolean },
): JsonObject {
  if (!differs.splits && !differs.rest) return local.metadata;
  const splits = differs.splits ? splitsOf(there.metadata) : splitsOf(local.metadata);
  if (!differs.rest) return withSplits(local.metadata, splits);
  if (differs.splits) return there.metadata;
  const names = Object.keys(withoutSplits(local.metadata));
  const own = Object.entries(local.metadata).filter(([key]) => !names.includes(key));
  return { ...withoutSplits(there.metadata), ...Object.fromEntries(own) };
}
