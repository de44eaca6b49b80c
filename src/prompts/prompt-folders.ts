import { join } from 'node:path';

import { AssayError, type Problem } from '../core/errors/assay-error.js';
import { promptFoldersIn, similarNames } from './prompt-names.js';
import { promptFiles, promptSourceOf, type PromptSource } from './prompt-source.js';

/**
 * Reads the prompts below a folder, one folder each, by their names. Folders without a prompt (those of other targets) are passed
 * over.
 *
 * @param names only these: of folders, or as the platforms call them. Default: all.
 * @throws AssayError PROMPT_INVALID with all problems of all folders at once; PROMPT_NOT_FOUND where a name is nowhere; USAGE where
 * there is no such folder, or a name is one prompt's folder and another prompt.
 */
export async function readPromptFolders(
  root: string,
  names: readonly string[] = [],
): Promise<readonly PromptSource[]> {
  const problems: Problem[] = [];
  const sources: PromptSource[] = [];
  const broken = new Set<string>();
  const known: PromptSource[] = [];
  for (const folder of await foldersOf(root)) {
    const own: Problem[] = [];
    const source = await promptSourceOf(join(root, folder), own);
    if (source !== undefined) known.push(source);
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
      { mend: mendOf(missing, known) },
    );
  }
  for (const name of names) refuseNamesakes(name, sources);
  return sources.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A folder that is not there is a slip of the keys: what said "nothing to do" for it made a pipeline green. */
async function foldersOf(root: string): Promise<readonly string[]> {
  return promptFoldersIn(root).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    throw new AssayError('USAGE', `There is no folder ${root}.`, {
      mend: 'Prompts are in the folder `targets`, or say where with --dir.',
    });
  });
}

function mendOf(missing: readonly string[], sources: readonly PromptSource[]): string {
  const known = sources.flatMap(({ name, folder }) => [name, folder]);
  const near = missing.flatMap((name) => similarNames(name, known));
  return near.length > 0
    ? `Did you mean ${near.join(', ')}?`
    : `A prompt is a folder with ${promptFiles.text} or ${promptFiles.yaml}.`;
}

function refuseNamesakes(given: string, sources: readonly PromptSource[]): void {
  const [one, other] = sources.filter(({ name, folder }) => name === given || folder === given);
  if (one === undefined || other === undefined) return;
  throw new AssayError(
    'USAGE',
    `"${given}" is "${one.name}" in the folder ${one.folder}, and "${other.name}" in the folder ${other.folder}.`,
    { mend: 'Say the one that you mean by its other name.' },
  );
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
