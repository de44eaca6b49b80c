import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { AssayError, type Problem } from '../core/errors/assay-error.js';
import { promptFiles, promptSourceOf, type PromptSource } from './prompt-source.js';

/**
 * Reads the prompts below a folder, one folder each, by their names. Folders without a prompt (those of other targets) are passed
 * over.
 *
 * @param names only these: of folders, or as the platforms call them. Default: all.
 * @throws AssayError PROMPT_INVALID with all problems of all folders at once; PROMPT_NOT_FOUND where a name is nowhere.
 */
export async function readPromptFolders(
  root: string,
  names: readonly string[] = [],
): Promise<readonly PromptSource[]> {
  const problems: Problem[] = [];
  const sources: PromptSource[] = [];
  const broken = new Set<string>();
  for (const folder of await foldersOf(root)) {
    const own: Problem[] = [];
    const source = await promptSourceOf(join(root, folder), own);
    const asked =
      names.length === 0 || names.includes(folder) || names.includes(source?.name ?? '');
    if (!asked) continue;
    if (source !== undefined && own.length === 0) sources.push(source);
    else broken.add(folder);
    problems.push(...own);
  }
  problems.push(...namesakes(sources));
  if (problems.length > 0) {
    throw new AssayError('PROMPT_INVALID', `Prompts in ${root} have problems.`, { problems });
  }
  const missing = names.filter(
    (name) => !sources.some((each) => each.name === name || each.folder === name),
  );
  if (missing.length > 0) {
    throw new AssayError(
      'PROMPT_NOT_FOUND',
      `There is no prompt ${missing.map((each) => JSON.stringify(each)).join(', ')} in ${root}.`,
      { mend: `A prompt is a folder with ${promptFiles.text} or ${promptFiles.yaml}.` },
    );
  }
  return sources.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The folders that hold a prompt, or are meant to: those with one of its files. */
async function foldersOf(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const folders: string[] = [];
  for (const { name } of entries.filter((each) => !each.isFile() && !each.name.startsWith('.'))) {
    const inside = await readdir(join(root, name)).catch(() => []);
    const own: readonly string[] = Object.values(promptFiles);
    if (inside.some((file) => own.includes(file))) folders.push(name);
  }
  return folders.sort();
}

function namesakes(sources: readonly PromptSource[]): readonly Problem[] {
  const byName = new Map<string, PromptSource[]>();
  for (const each of sources) byName.set(each.name, [...(byName.get(each.name) ?? []), each]);
  return [...byName.values()].flatMap(([first, ...others]) =>
    others.map(({ path, name }) => ({
      at: path,
      message: `is called ${JSON.stringify(name)}, as ${first?.path ?? ''} is`,
      mend: 'Name one of them otherwise in its metadata.',
    })),
  );
}
