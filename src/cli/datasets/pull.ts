import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { AssayClient } from '../../client/assay-client.js';
import type { PlatformName } from '../../contracts/backend.js';
import { itemIdSchema } from '../../contracts/names.js';
import { splitsOf, withSplits } from '../../core/dataset/splits.js';
import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import { deepestNesting, nestsDeeperThan } from '../../core/json/nesting.js';
import { platformTitles } from '../../core/platforms/backend.js';
import { count } from '../../core/report/figures.js';
import {
  compareDataset,
  type DatasetDifference,
  type ItemDifference,
  type ItemThere,
} from '../../datasets/compare-dataset.js';
import { createCsvShape, type CsvShape } from '../../datasets/csv-shape.js';
import { datasetStamp } from '../../datasets/dataset-stamp.js';
import { createItemSpool, type ItemSpool } from '../../datasets/item-spool.js';
import { openLocalDataset } from '../../datasets/local-dataset.js';
import type { LocalDataset } from '../../datasets/port.js';
import { createProblemList } from '../../datasets/problem-list.js';
import {
  filesOfFormat,
  itemFiles,
  writeDataset,
  type DatasetFormat,
} from '../../datasets/write-dataset.js';
import { readPlatform } from '../backend-option.js';
import { shellWord, type Cli } from '../cli.js';
import { safeFolders, writeFolder, type SafeFolder } from '../files/safe-folder.js';
import { jsonText } from '../io/json-text.js';
import { ensureStateFolder } from '../settings.js';
import { datasetsFolder } from './local-files.js';

export interface PullCommand {
  readonly backend?: PlatformName;
  readonly version?: string;
  readonly format?: DatasetFormat;
  readonly all?: boolean;
  readonly as?: string;
  readonly force?: boolean;
}

/** Writes datasets of a platform into the folder of the project. Each takes its place whole, or is left as it was. */
export async function pull(
  cli: Cli,
  names: readonly string[],
  options: PullCommand,
): Promise<void> {
  if ((names.length === 0) === (options.all !== true)) {
    throw new AssayError('USAGE', 'It is not clear which datasets are meant.', {
      mend: 'Name them, or give --all for all of the platform.',
    });
  }
  if (options.as !== undefined && names.length !== 1) {
    throw new AssayError('USAGE', '--as is the folder of one dataset.', {
      mend: 'Pull them one by one.',
    });
  }
  const source = await readPlatform(cli, options.backend);
  await cli.withClient(async (client) => {
    const [platform = 'langfuse'] = client.datasets.platforms(source);
    const wanted = options.all === true ? await allNames(client, platform) : [...new Set(names)];
    const folders = await safeFolders(
      await datasetsFolder(cli),
      wanted.map((name) => ({
        name,
        ...(options.as === undefined ? {} : { folder: options.as }),
      })),
    );
    for (const folder of folders) await pullOne(cli, { client, folder, platform, options });
  });
}

async function allNames(client: AssayClient, platform: PlatformName): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const page of client.datasets.list({ platform })) {
    names.push(...page.map(({ name }) => name));
  }
  return names;
}

interface Pulling {
  readonly client: AssayClient;
  readonly folder: SafeFolder;
  readonly platform: PlatformName;
  readonly options: PullCommand;
}

async function pullOne(cli: Cli, pulling: Pulling): Promise<void> {
  const { client, folder, platform, options } = pulling;
  const { name } = folder;
  const local = await openLocal(folder, options);
  const format = options.format ?? local?.format ?? 'json';
  const spool = await createItemSpool();
  const shape = createCsvShape();
  const ids: string[] = [];
  try {
    const asked = {
      dataset: name,
      platform,
      ...(options.version === undefined ? {} : { version: options.version }),
    };
    const { id } = await client.datasets.get(asked);
    await fill(spool, { pages: client.datasets.items(asked), shape, ids, name });
    const there = (): AsyncGenerator<ItemThere> => itemsThere(spool, ids);
    const same = await agreesWith(cli, { ...pulling, id, local, format, there });
    if (!same) await write({ folder, format, spool, shape, local });
    const stamp = await remember(cli, { folder, platform, options });
    await tell(cli, { name, folder, platform, items: ids.length, same, stamp });
  } finally {
    await spool.close();
  }
}

async function openLocal(
  folder: SafeFolder,
  { force }: PullCommand,
): Promise<LocalDataset | undefined> {
  const local = await openLocalDataset(folder.root, folder.folder).catch((error: unknown) => {
    if (!AssayError.is(error)) throw error;
    // What a pull has left half done is nobody's work.
    if (error.code === 'PULL_INTERRUPTED') return undefined;
    // What stands there in two forms is put right by one whole form.
    if (force === true && error.code === 'DATASET_AMBIGUOUS') return undefined;
    throw error;
  });
  if (local !== undefined && /labels\.\w+$/.test(local.file)) {
    throw new AssayError('PULL_CONFLICT', `${folder.path} holds a labelled set.`, {
      mend: 'Pull into another folder with --as.',
    });
  }
  return local;
}

/** All items into the spool, checked as those of files are: nothing is written that could not be read again. */
async function fill(
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

async function* itemsThere(
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

/**
 * Whether the files hold the same already.
 *
 * @throws AssayError PULL_CONFLICT where they hold work of people that is on no platform.
 */
async function agreesWith(
  cli: Cli,
  of: Pulling & {
    readonly id: string;
    readonly local: LocalDataset | undefined;
    readonly format: DatasetFormat;
    readonly there: () => AsyncGenerator<ItemThere>;
  },
): Promise<boolean> {
  const { client, folder, platform, options, id, local, format, there } = of;
  if (local === undefined) return false;
  const compared = await compareDataset(local, there(), {
    comparison: client.datasets.comparison({ platform }),
    dataset: { id, name: folder.name },
    examples: 10,
  }).catch((error: unknown) => {
    // Files that cannot be read hold nothing that could be compared, and may be a person's work all the same.
    if (AssayError.is(error)) return error;
    throw error;
  });
  const agrees = !AssayError.is(compared) && isSame(compared);
  if (agrees && local.format === format) return true;
  if (agrees || options.force === true) return false;
  const stamp = await datasetStamp(local);
  if ((await knownStamps(cli, of)).has(stamp)) return false;
  throw conflict(cli, folder, compared);
}

const isSame = ({ added, changed, removed }: DatasetDifference): boolean =>
  added + changed + removed === 0;

/** The files as they were pulled or pushed last: what is as it was then is no work that a pull could destroy. */
async function knownStamps(cli: Cli, { client, folder }: Pulling): Promise<ReadonlySet<string>> {
  const pulled = await readPulled(cli, folder);
  // Files that are of another dataset were in step with that one; under this name nobody has them.
  if (pulled !== undefined && pulled.name !== folder.name) return new Set();
  const known = pulled === undefined ? [] : [pulled.stamp];
  // A push goes by the folder's name.
  if (folder.folder !== folder.name) return new Set(known);
  const project = await cli.project().catch(() => undefined);
  const pushes =
    project === undefined
      ? []
      : await client.datasets
          .pushes({ project, dataset: folder.folder, limit: 20 })
          // Without a database it is not known what was pushed; then nothing is overwritten unasked.
          .catch(() => []);
  return new Set([...known, ...pushes.map(({ stamp }) => stamp)]);
}

const stateFile = (cli: Cli, folder: SafeFolder): string =>
  join(cli.folder, '.assay', 'datasets', `${folder.folder}.json`);

async function readPulled(
  cli: Cli,
  folder: SafeFolder,
): Promise<{ readonly name: string; readonly stamp: string } | undefined> {
  try {
    const state: unknown = JSON.parse(await readFile(stateFile(cli, folder), 'utf8'));
    return typeof state === 'object' && state !== null && 'stamp' in state && 'name' in state
      ? { name: String(state.name), stamp: String(state.stamp) }
      : undefined;
  } catch {
    return undefined;
  }
}

function conflict(
  cli: Cli,
  folder: SafeFolder,
  compared: DatasetDifference | AssayError,
): AssayError {
  const problems: Problem[] = AssayError.is(compared)
    ? [{ at: folder.path, message: compared.message }]
    : compared.examples.map((each) => ({
        at: each.id,
        message: differenceText(each),
      }));
  const diff = cli.hint(`datasets diff ${shellWord(folder.folder)}`);
  return new AssayError('PULL_CONFLICT', `${folder.path} was changed since it was last in step.`, {
    problems,
    mend: `Look with \`${diff}\`; push what is yours, or take the platform's with --force.`,
  });
}

function differenceText(difference: ItemDifference): string {
  switch (difference.kind) {
    case 'added':
      return 'is only here';
    case 'removed':
      return 'is only on the platform';
    case 'changed':
      return `differs in ${difference.fields.join(', ')}`;
  }
}

async function write(of: {
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

async function remember(
  cli: Cli,
  of: {
    readonly folder: SafeFolder;
    readonly platform: PlatformName;
    readonly options: PullCommand;
  },
): Promise<string | undefined> {
  const { folder, platform, options } = of;
  const local = await openLocalDataset(folder.root, folder.folder);
  if (local === undefined) return undefined;
  const stamp = await datasetStamp(local);
  const file = stateFile(cli, folder);
  await ensureStateFolder(cli.folder);
  await mkdir(join(cli.folder, '.assay', 'datasets'), { recursive: true });
  const state = { name: folder.name, platform, version: options.version ?? null, stamp };
  await writeFile(`${file}.tmp`, `${JSON.stringify(state)}\n`);
  await rename(`${file}.tmp`, file);
  return stamp;
}

async function tell(
  cli: Cli,
  done: {
    readonly name: string;
    readonly folder: SafeFolder;
    readonly platform: PlatformName;
    readonly items: number;
    readonly same: boolean;
    readonly stamp: string | undefined;
  },
): Promise<void> {
  const { out, err } = cli;
  const { name, folder, platform, items, same, stamp } = done;
  if (cli.json) {
    const document = {
      dataset: name,
      folder: folder.path,
      platform,
      items,
      unchanged: same,
      stamp,
    };
    await out.line(jsonText(document));
    return;
  }
  const what = `${count(items)} items of ${platformTitles[platform]}`;
  await out.line(
    same
      ? `${out.safe(folder.path)} holds the ${what} already.`
      : `${out.safe(folder.path)} now holds the ${what}.`,
  );
  if (folder.folder !== name) {
    await err.line(
      err.safe(
        `Its folder is ${folder.folder}: what is pushed from there is a dataset of that name.`,
      ),
    );
  }
}
