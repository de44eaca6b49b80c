import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { AssayError } from '../core/errors/assay-error.js';
import { promptFiles, readMetadata } from './prompt-source.js';
import { isTypo } from './typo.js';

/** A folder of a prompt, and what the platforms call that. */
export interface PromptHome {
  readonly folder: string;
  readonly name: string;
}

/** The folders below a root that hold a prompt, or are meant to: those with one of its files. No links to files, nothing hidden. */
export async function promptFoldersIn(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true });
  const folders: string[] = [];
  for (const { name } of entries.filter((each) => !each.isFile() && !each.name.startsWith('.'))) {
    const inside = await readdir(join(root, name)).catch(() => []);
    const own: readonly string[] = Object.values(promptFiles);
    if (inside.some((file) => own.includes(file))) folders.push(name);
  }
  return folders.sort();
}

/** All prompts below a folder by both their names; none where it is not there. What is wrong with them is told by who reads them. */
export async function promptHomes(root: string): Promise<readonly PromptHome[]> {
  const folders = await promptFoldersIn(root).catch((): readonly string[] => []);
  return Promise.all(
    folders.map(async (folder) => {
      const { name = folder } = await readMetadata(join(root, folder), []);
      return { folder, name };
    }),
  );
}

/** What a name that was given means. */
export interface MeantPrompt {
  /** As the platforms call it. */
  readonly name: string;
  /** The folder that the name was of, where the platforms call its prompt otherwise. */
  readonly folder?: string;
}

/**
 * Which prompt somebody means: a folder's, by the name that its metadata gives it, else the one that the platforms call so.
 *
 * @param isThere asks a platform whether it has a prompt of that very name; undefined where it cannot say.
 * @throws AssayError USAGE where the name is a folder's and another prompt's as well: nobody knows which is meant.
 */
export async function meantPrompt(
  given: string,
  of: {
    readonly homes: readonly PromptHome[];
    readonly isThere: (name: string) => Promise<boolean | undefined>;
  },
): Promise<MeantPrompt> {
  const home = of.homes.find(({ folder }) => folder === given);
  if (home === undefined || home.name === given) return { name: given };
  const namesake = of.homes.find(({ name }) => name === given);
  const elsewhere = namesake === undefined && (await of.isThere(given)) === true;
  if (namesake === undefined && !elsewhere) return { name: home.name, folder: given };
  const other = namesake === undefined ? 'the platform has' : `the folder ${namesake.folder} holds`;
  throw new AssayError(
    'USAGE',
    `"${given}" is the folder of the prompt "${home.name}", and ${other} another prompt that is called "${given}".`,
    { mend: `Say "${home.name}", or "${given}" with --exact.` },
  );
}

/** Names that somebody may have meant: those that end or begin so, or are written almost so; three at most. */
export function similarNames(given: string, names: readonly string[]): readonly string[] {
  const wanted = given.toLowerCase();
  const isNear = (name: string): boolean => {
    const other = name.toLowerCase();
    return (
      other === wanted ||
      other.split('/').includes(wanted) ||
      wanted.split('/').at(-1) === other ||
      isTypo(wanted, other) ||
      isTypo(wanted, other.split('/').at(-1) ?? '')
    );
  };
  return [...new Set(names)].filter((name) => name !== given && isNear(name)).slice(0, 3);
}
