import { stat } from 'node:fs/promises';

import type { AssayClient } from '../../client/assay-client.js';
import type { PromptReading } from '../../client/prompts.js';
import type { PromptSelector } from '../../contracts/prompt.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { latestLabel } from '../../core/prompts/labels.js';
import { meantPrompt, promptHomes, similarNames } from '../../prompts/prompt-names.js';
import type { Cli } from '../cli.js';
import { defaultFolder, rootOf, type FolderOptions } from './options.js';
import type { NameOptions } from './name-option.js';

/**
 * The prompt that a command is about, as the platforms call it. Says so where that is not what was given.
 *
 * @param options.made the command itself makes the folder of prompts.
 * @throws AssayError USAGE where the name is a folder's and another prompt's.
 */
export async function namedPrompt(
  { cli, client }: { readonly cli: Cli; readonly client: AssayClient },
  given: string,
  {
    dir,
    exact = false,
    made = false,
    reading,
  }: NameOptions & { readonly reading: PromptReading; readonly made?: boolean },
): Promise<string> {
  if (exact) return given;
  const root = rootOf(cli, { dir });
  if (dir !== defaultFolder && !made && !(await isFolder(root))) {
    throw new AssayError('USAGE', `There is no folder ${root}.`, { mend: 'Correct --dir.' });
  }
  const { name, folder } = await meantPrompt(given, {
    homes: await promptHomes(root),
    isThere: (asked) => isThere(client, asked, reading),
  });
  if (folder !== undefined) {
    await cli.err.line(
      cli.err.safe(`${given} is ${name}: the prompt in the folder ${dir}/${folder}`),
    );
  }
  return name;
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** Whether a platform has a prompt of this very name; undefined where it does not say. */
export const isThere = (
  client: AssayClient,
  name: string,
  reading: PromptReading,
): Promise<boolean | undefined> =>
  client.prompts.get(name, { label: latestLabel }, reading).then(
    (found) => found !== undefined,
    () => undefined,
  );

/** Says that there is none of these, in the words in which it was asked for, and what may have been meant. */
export async function noSuchPrompt(
  { cli, client }: { readonly cli: Cli; readonly client: AssayClient },
  { name, which }: { readonly name: string; readonly which: PromptSelector },
  { dir, reading }: FolderOptions & { readonly reading: PromptReading },
): Promise<AssayError> {
  const prompt = `prompt ${JSON.stringify(name)}`;
  const missing =
    'version' in which
      ? `There is no version ${which.version} of the ${prompt} on the platform.`
      : which.label === latestLabel
        ? `There is no ${prompt} on the platform.`
        : `No version of the ${prompt} has the label ${JSON.stringify(which.label)} on the platform.`;
  const there = await client.prompts.list(reading).catch(() => []);
  const isKnown = there.some((each) => each.name === name);
  const here = await promptHomes(rootOf(cli, { dir }));
  const near = similarNames(
    name,
    [...there, ...here].map((each) => each.name),
  );
  return new AssayError('PROMPT_NOT_FOUND', missing, {
    mend: isKnown
      ? `See \`${cli.hint(`prompts versions ${name}`)}\`.`
      : near.length > 0
        ? `Did you mean ${near.join(', ')}?`
        : here.some((each) => each.name === name)
          ? `Push it first: \`${cli.hint(`prompts push ${name}`)}\`.`
          : `See \`${cli.hint('prompts list')}\`.`,
  });
}
