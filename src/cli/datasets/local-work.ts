import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { AssayClient } from '../../client/assay-client.js';
import type { PlatformName } from '../../contracts/backend.js';
import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import {
  compareDataset,
  type DatasetDifference,
  type ItemDifference,
} from '../../datasets/compare-dataset.js';
import { datasetStamp } from '../../datasets/dataset-stamp.js';
import { openLocalDataset } from '../../datasets/local-dataset.js';
import type { LocalDataset } from '../../datasets/port.js';
import type { DatasetFormat } from '../../datasets/write-dataset.js';
import { shellWord, type Cli } from '../cli.js';
import type { SafeFolder } from '../files/safe-folder.js';
import { ensureStateFolder } from '../settings.js';
import type { itemsThere } from './pulled-items.js';

/** A folder that a pull is about to write into. */
export interface PulledFolder {
  readonly client: AssayClient;
  readonly folder: SafeFolder;
  readonly platform: PlatformName;
}

/**
 * Whether the files hold the same already.
 *
 * @throws AssayError PULL_CONFLICT where they hold work of people that is on no platform.
 */
export async function agreesWith(
  cli: Cli,
  of: PulledFolder & {
    /** Whether a person's work is given up. */
    readonly force: boolean;
    readonly id: string;
    readonly local: LocalDataset | undefined;
    readonly format: DatasetFormat;
    readonly there: () => ReturnType<typeof itemsThere>;
  },
): Promise<boolean> {
  const { client, folder, platform, force, id, local, format, there } = of;
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
  if (agrees || force) return false;
  const stamp = await datasetStamp(local);
  if ((await knownStamps(cli, of)).has(stamp)) return false;
  throw conflict(cli, folder, compared);
}

const isSame = ({ added, changed, removed }: DatasetDifference): boolean =>
  added + changed + removed === 0;

/** The files as they were pulled or pushed last: what is as it was then is no work that a pull could destroy. */
async function knownStamps(
  cli: Cli,
  { client, folder }: PulledFolder,
): Promise<ReadonlySet<string>> {
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
    case 'doubled':
      return 'stands twice on the platform';
    case 'changed':
      return `differs in ${difference.fields.join(', ')}`;
  }
}

/** Notes what the folder holds as no work of a person. @returns the stamp of its files. */
export async function remember(
  cli: Cli,
  of: {
    readonly folder: SafeFolder;
    readonly platform: PlatformName;
    readonly version: string | undefined;
  },
): Promise<string | undefined> {
  const { folder, platform, version } = of;
  const local = await openLocalDataset(folder.root, folder.folder);
  if (local === undefined) return undefined;
  const stamp = await datasetStamp(local);
  const file = stateFile(cli, folder);
  await ensureStateFolder(cli.folder);
  await mkdir(join(cli.folder, '.assay', 'datasets'), { recursive: true });
  const state = { name: folder.name, platform, version: version ?? null, stamp };
  await writeFile(`${file}.tmp`, `${JSON.stringify(state)}\n`);
  await rename(`${file}.tmp`, file);
  return stamp;
}
