import { AssayError } from '../../core/errors/assay-error.js';
import { count } from '../../core/report/figures.js';
import { checkDataset } from '../../datasets/check-dataset.js';
import { localDatasetNames } from '../../datasets/local-dataset.js';
import type { Cli } from '../cli.js';
import { errorLines } from '../errors/render-error.js';
import { jsonText } from '../io/json-text.js';
import { requireLocal } from './diff.js';
import { datasetsFolder } from './local-files.js';

export interface CheckCommand {
  readonly all?: boolean;
}

/** Looks at the files of datasets, and at nothing else: form, ids, what is expected, and the schema. */
export async function check(
  cli: Cli,
  name: string | undefined,
  options: CheckCommand,
): Promise<number> {
  const names = await namesMeant(cli, name, options);
  const checked = [];
  let exit = 0;
  for (const each of names) {
    const found = await lookAt(cli, each);
    if ('error' in found && exit === 0) exit = found.error.entry.exit;
    checked.push({
      dataset: each,
      ok: !('error' in found),
      ...('error' in found ? { error: found.error.toJSON() } : found),
    });
    if (!cli.json) await tell(cli, each, found);
  }
  if (cli.json) await cli.out.line(jsonText({ ok: exit === 0, datasets: checked }));
  return exit;
}

/** Those that a command is about: one, or all of the folder. @throws AssayError USAGE, DATASET_NOT_FOUND */
export async function namesMeant(
  cli: Cli,
  name: string | undefined,
  { all = false }: { readonly all?: boolean },
): Promise<readonly string[]> {
  if ((name === undefined) !== all) {
    throw new AssayError('USAGE', 'It is not clear which datasets are meant.', {
      mend: 'Name one, or give --all for all of the folder.',
    });
  }
  if (name !== undefined) return [name];
  const folder = await datasetsFolder(cli);
  const names = await localDatasetNames(folder);
  if (names.length > 0) return names;
  throw new AssayError('DATASET_NOT_FOUND', `There are no datasets in ${folder}.`);
}

type Found =
  | {
      readonly items: number;
      readonly expected: number;
      readonly splits: Readonly<Record<string, number>>;
      readonly schema: string | null;
    }
  | { readonly error: AssayError };

async function lookAt(cli: Cli, name: string): Promise<Found> {
  try {
    const { items, expected, splits, schema } = await checkDataset(await requireLocal(cli, name));
    return { items, expected, splits, schema: schema?.file ?? null };
  } catch (error) {
    if (AssayError.is(error)) return { error };
    throw error;
  }
}

async function tell({ out, err }: Cli, name: string, found: Found): Promise<void> {
  if ('error' in found) {
    for (const line of errorLines(found.error.toJSON(), err)) await err.line(line);
    return;
  }
  const { items, expected, schema } = found;
  const fits = schema === null ? 'no schema.json' : 'all fit schema.json';
  await out.line(
    `${out.colours.bold(out.safe(name))}: ${count(items)} items, ${count(expected)} with an expectation, ${fits}.`,
  );
}
