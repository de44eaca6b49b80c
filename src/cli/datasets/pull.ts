import type { AssayClient } from '../../client/assay-client.js';
import type { PlatformName } from '../../contracts/backend.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { platformTitles } from '../../core/platforms/backend.js';
import { count } from '../../core/report/figures.js';
import { createCsvShape } from '../../datasets/csv-shape.js';
import { createItemSpool } from '../../datasets/item-spool.js';
import { openLocalDataset } from '../../datasets/local-dataset.js';
import type { LocalDataset } from '../../datasets/port.js';
import type { DatasetFormat } from '../../datasets/write-dataset.js';
import { readPlatform } from '../backend-option.js';
import type { Cli } from '../cli.js';
import { safeFolders, type SafeFolder } from '../files/safe-folder.js';
import { jsonText } from '../io/json-text.js';
import { datasetsFolder } from './local-files.js';
import { agreesWith, remember, type PulledFolder } from './local-work.js';
import { fill, itemsThere, writeItems, type WrittenItems } from './pulled-items.js';

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

interface Pulling extends PulledFolder {
  readonly options: PullCommand;
}

async function pullOne(cli: Cli, pulling: Pulling): Promise<void> {
  const { client, folder, platform, options } = pulling;
  const { name } = folder;
  const local = await openLocal(folder, options);
  const format = options.format ?? local?.format ?? 'json';
  const spool = await createItemSpool();
  const shape = createCsvShape();
  const matches: string[] = [];
  try {
    const asked = {
      dataset: name,
      platform,
      ...(options.version === undefined ? {} : { version: options.version }),
    };
    const { id } = await client.datasets.get(asked);
    const comparison = client.datasets.comparison({ platform });
    const dataset = { id, name };
    await fill(spool, { pages: client.datasets.items(asked), shape, matches, comparison, dataset });
    const there = () => itemsThere(spool);
    const force = options.force === true;
    const same = await agreesWith(cli, {
      ...pulling,
      force,
      id,
      local,
      format,
      there,
    });
    const items = { folder, format, spool, shape, matches, comparison, dataset, local, force };
    const written = same ? undefined : await writeItems(items);
    const stamp = await remember(cli, { folder, platform, version: options.version });
    await tell(cli, { name, folder, platform, items: matches.length, written, stamp });
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

async function tell(
  cli: Cli,
  done: {
    readonly name: string;
    readonly folder: SafeFolder;
    readonly platform: PlatformName;
    readonly items: number;
    /** Absent where the files held the same already. */
    readonly written: WrittenItems | undefined;
    readonly stamp: string | undefined;
  },
): Promise<void> {
  const { out, err } = cli;
  const { name, folder, platform, items, written, stamp } = done;
  const same = written === undefined;
  const { added = [], retyped = [] } = written?.columns ?? {};
  if (cli.json) {
    const document = {
      dataset: name,
      folder: folder.path,
      platform,
      items,
      unchanged: same,
      ...(same ? {} : { rewritten: written.whole, addedColumns: added, retypedColumns: retyped }),
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
  if (written?.whole === true) {
    await err.line('Its files were written as a whole: they could not be changed piece by piece.');
  }
  if (added.length > 0) {
    await err.line(err.safe(`New columns, for what the others cannot say: ${added.join(', ')}.`));
  }
  if (retyped.length > 0) {
    const told = `Columns that are of another type now, since they could not say a value: ${retyped.join(', ')}.`;
    await err.line(err.safe(told));
  }
  if (folder.folder !== name) {
    await err.line(
      err.safe(
        `Its folder is ${folder.folder}: what is pushed from there is a dataset of that name.`,
      ),
    );
  }
}
