import type { AssayClient } from '../../client/assay-client.js';
import { itemIdSchema } from '../../contracts/names.js';
import type { DatasetItem } from '../../contracts/records.js';
import { splitsOf, withSplits } from '../../core/dataset/splits.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { deepestNesting, nestsDeeperThan } from '../../core/json/nesting.js';
import {
  compareDataset,
  matchOf,
  type ItemComparison,
  type ItemThere,
} from '../../datasets/compare-dataset.js';
import type { CsvShape } from '../../datasets/csv-shape.js';
import type { ItemSpool } from '../../datasets/item-spool.js';
import { openLocalDataset } from '../../datasets/local-dataset.js';
import type { LocalDataset } from '../../datasets/port.js';
import { createProblemList } from '../../datasets/problem-list.js';
import { refuseToDrop } from '../../datasets/rewrite/ignored-parts.js';
import { NotRewritable } from '../../datasets/rewrite/item-text.js';
import type { CsvChanges } from '../../datasets/rewrite/rewrite-csv.js';
import { filesOf, rewriteDataset } from '../../datasets/rewrite/rewrite-dataset.js';
import { createWantedItems, type WantedItems } from '../../datasets/rewrite/wanted-items.js';
import {
  filesOfFormat,
  itemFiles,
  writeDataset,
  type DatasetFormat,
} from '../../datasets/write-dataset.js';
import { writeFolder, type DraftFile, type SafeFolder } from '../files/safe-folder.js';

/** All items into the spool, checked as those of files are: nothing is written that could not be read again. */
export async function fill(
  spool: ItemSpool,
  of: {
    readonly pages: ReturnType<AssayClient['datasets']['items']>;
    readonly shape: CsvShape;
    /** Gets what each item is matched by. */
    readonly matches: string[];
    readonly comparison: ItemComparison;
    readonly dataset: { readonly id: string; readonly name: string };
  },
): Promise<void> {
  const { pages, shape, matches, dataset } = of;
  const problems = createProblemList();
  const seen = new Set<string>();
  for await (const page of pages) {
    for (const { item, splits } of page) {
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
        matches.push(matchOf(item, of));
        const whole = { ...item, metadata: withSplits(item.metadata, splits) };
        shape.add(whole);
        await spool.add(whole);
      }
    }
  }
  problems.throwIfAny(dataset.name);
}

/** The items of the spool, as the platform has them. */
export async function* itemsThere(
  spool: ItemSpool,
): AsyncGenerator<Pick<ItemThere, 'item' | 'splits'>, void, undefined> {
  for await (const item of spool.items()) yield { item, splits: splitsOf(item.metadata) };
}

/** What the files of a pulled dataset became. */
export interface WrittenItems {
  /** Whether they were written as a whole where they were changed piece by piece before. */
  readonly whole: boolean;
  readonly columns: CsvChanges;
}

export interface ItemsToWrite {
  readonly folder: SafeFolder;
  readonly format: DatasetFormat;
  readonly spool: ItemSpool;
  readonly shape: CsvShape;
  readonly matches: readonly string[];
  readonly comparison: ItemComparison;
  readonly dataset: { readonly id: string; readonly name: string };
  readonly local: LocalDataset | undefined;
  /** Whether what stands in the files and in no item is given up where they are written as a whole. */
  readonly force: boolean;
}

/**
 * Writes the items into the folder, all files or none. Files of the same form keep what did not change, byte for byte; where that
 * cannot be, they are written as a whole, in the order that they have.
 *
 * @throws AssayError PULL_CONFLICT where files that are written as a whole would lack what stands in them and in no item.
 */
export async function writeItems(of: ItemsToWrite): Promise<WrittenItems> {
  const { local, format } = of;
  const none = { added: [], retyped: [] };
  if (local?.format === format) {
    try {
      return { whole: false, columns: await rewrite(of, local) };
    } catch (error) {
      if (!(error instanceof NotRewritable)) throw error;
    }
  }
  if (local !== undefined && !of.force) {
    const there = new Set(of.matches);
    const stays = (item: DatasetItem): boolean => there.has(matchOf(item, of));
    const { columns } = of.shape;
    await refuseToDrop(local, { stays, format, columns, home: of.folder.path });
  }
  await writeWhole(of);
  return { whole: local?.format === format, columns: none };
}

async function rewrite(of: ItemsToWrite, local: LocalDataset): Promise<CsvChanges> {
  const { folder, spool, comparison, dataset } = of;
  const wanted = (): WantedItems => createWantedItems(of);
  const files = await filesOf(local);
  let changes: CsvChanges = { added: [], retyped: [] };
  const check = async (draft: {
    readonly root: string;
    readonly folder: string;
  }): Promise<void> => {
    const written = await openLocalDataset(draft.root, draft.folder);
    if (written === undefined) throw new NotRewritable('nothing was written');
    const there = itemsThere(spool);
    const { added, changed, removed } = await compareDataset(written, there, {
      comparison,
      dataset,
      examples: 0,
    }).catch((error: unknown) => {
      if (AssayError.is(error)) throw new NotRewritable(error.message);
      throw error;
    });
    if (added + changed + removed > 0) throw new NotRewritable('it would be read otherwise');
  };
  await writeFolder(folder, { files, remove: otherFiles(files), check }, async (drafts) => {
    changes = await rewriteDataset(local, wanted, (file) => sinkOf(drafts, file));
  });
  return changes;
}

const otherFiles = (files: readonly string[]): readonly string[] =>
  itemFiles.filter((file) => !files.includes(file));

function sinkOf(drafts: Readonly<Record<string, DraftFile>>, file: string): DraftFile {
  const draft = drafts[file];
  if (draft === undefined) throw new Error(`no draft of ${file}`);
  return draft;
}

async function writeWhole({ folder, format, spool, shape, local }: ItemsToWrite): Promise<void> {
  const expects = shape.columns.some(({ member }) => member === 'expected');
  const files: readonly string[] =
    format === 'json' && !expects ? ['test_cases.json'] : filesOfFormat[format];
  if (format === 'csv') shape.throwIfAny();
  const order = await orderOf(spool, local);
  await writeFolder(folder, { files, remove: otherFiles(files) }, async (drafts) => {
    const items = spool.items(order);
    const cases = sinkOf(drafts, files[0] ?? '');
    if (format === 'csv') await writeDataset(items, { format, cases, shape });
    else if (format === 'jsonl') await writeDataset(items, { format, cases });
    else {
      const expected = expects ? sinkOf(drafts, 'expected.json') : undefined;
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
