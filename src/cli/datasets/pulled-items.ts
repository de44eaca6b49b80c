import type { AssayClient } from '../../client/assay-client.js';
import { itemIdSchema } from '../../contracts/names.js';
import { splitsOf, withSplits } from '../../core/dataset/splits.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { deepestNesting, nestsDeeperThan } from '../../core/json/nesting.js';
import type { ItemThere } from '../../datasets/compare-dataset.js';
import type { CsvShape } from '../../datasets/csv-shape.js';
import type { ItemSpool } from '../../datasets/item-spool.js';
import type { LocalDataset } from '../../datasets/port.js';
import { createProblemList } from '../../datasets/problem-list.js';
import {
  filesOfFormat,
  itemFiles,
  writeDataset,
  type DatasetFormat,
} from '../../datasets/write-dataset.js';
import { writeFolder, type SafeFolder } from '../files/safe-folder.js';

/** All items into the spool, checked as those of files are: nothing is written that could not be read again. */
export async function fill(
  spool: ItemSpool,
  of: {
    readonly pages: ReturnType<AssayClient['datasets']['items']>;
    readonly shape: CsvShape;
    readonly ids: string[];
    readonly name: string;
  },
): Promise<void> {
  const { pages, shape, ids, name } = of;
  const problems = createProblemList();
  const seen = new Set<string>();
  for await (const page of pages) {
    for (const { platformId, item, splits } of page) {
      const tell = (message: string): void => {
        problems.add({ at: item.id.slice(0, 200), message });
      };
      const id = itemIdSchema.safeParse(item.id);
      if (!id.success) tell(id.error.issues[0]?.message ?? 'is no id');
      else if (seen.has(item.id)) tell('is the id of two items');
      else if (nestsDeeperThan(item, deepestNesting)) {
        tell(`is nested deeper than ${deepestNesting} levels`);
      } else {
        seen.add(item.id);
        ids.push(platformId);
        const whole = { ...item, metadata: withSplits(item.metadata, splits) };
        shape.add(whole);
        await spool.add(whole);
      }
    }
  }
  problems.throwIfAny(name);
}

/** The items of the spool, as the platform has them. */
export async function* itemsThere(
  spool: ItemSpool,
  ids: readonly string[],
): AsyncGenerator<ItemThere, void, undefined> {
  let number = 0;
  for await (const item of spool.items()) {
    const platformId = ids[number] ?? '';
    number += 1;
    yield { platformId, item, splits: splitsOf(item.metadata) };
  }
}

/** Writes the items into the folder, all files or none, in the order that its files have. */
export async function writeItems(of: {
  readonly folder: SafeFolder;
  readonly format: DatasetFormat;
  readonly spool: ItemSpool;
  readonly shape: CsvShape;
  readonly local: LocalDataset | undefined;
}): Promise<void> {
  const { folder, format, spool, shape, local } = of;
  const expects = shape.columns.some(({ member }) => member === 'expected');
  const files: readonly string[] =
    format === 'json' && !expects ? ['test_cases.json'] : filesOfFormat[format];
  const remove = itemFiles.filter((file) => !files.includes(file));
  if (format === 'csv') shape.throwIfAny();
  const order = await orderOf(spool, local);
  await writeFolder(folder, { files, remove }, async (drafts) => {
    const sink = (file: string) => {
      const draft = drafts[file];
      if (draft === undefined) throw new Error(`no draft of ${file}`);
      return draft;
    };
    const items = spool.items(order);
    const cases = sink(files[0] ?? '');
    if (format === 'csv') await writeDataset(items, { format, cases, shape });
    else if (format === 'jsonl') await writeDataset(items, { format, cases });
    else {
      const expected = expects ? sink('expected.json') : undefined;
      await writeDataset(items, { format, cases, expected });
    }
  });
}

/** As the files have them, so that a commit shows what changed and no more; what is new follows, by its id. */
async function orderOf(
  { ids }: ItemSpool,
  local: LocalDataset | undefined,
): Promise<readonly number[]> {
  const places = new Map<string, number>();
  if (local !== undefined) {
    const pages = local.pages({ problems: createProblemList() });
    try {
      for await (const page of pages) for (const { item } of page) places.set(item.id, places.size);
    } catch (error) {
      if (!AssayError.is(error)) throw error;
    }
  }
  const natural = new Intl.Collator('en', { numeric: true });
  const placeOf = (id: string): number => places.get(id) ?? Number.POSITIVE_INFINITY;
  return [...ids.keys()].sort((a, b) => {
    const [idA = '', idB = ''] = [ids[a], ids[b]];
    const [placeA, placeB] = [placeOf(idA), placeOf(idB)];
    if (placeA !== placeB) return placeA - placeB;
    return natural.compare(idA, idB) || (idA < idB ? -1 : 1);
  });
}
