import type { Command } from 'commander';
import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';

import type { Backend, PlatformName } from '../../contracts/backend.js';
import type { PromptSelector } from '../../contracts/prompt.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { labelProblem, latestLabel } from '../../core/prompts/labels.js';
import { readPlatform } from '../backend-option.js';
import type { Cli } from '../cli.js';

/** Where the folders of prompts are. */
export interface FolderOptions {
  readonly dir: string;
}

export interface BackendOptions {
  readonly backend?: Backend;
}

/** Of commands that read one platform. */
export interface PlatformOptions {
  readonly backend?: PlatformName;
}

/** Which platform is read: the given one, else that of the config. */
export async function readingOf(
  cli: Cli,
  { backend }: PlatformOptions,
): Promise<{ readonly platform?: PlatformName }> {
  const platform = await readPlatform(cli, backend);
  return platform === undefined ? {} : { platform };
}

/** Where prompts are unless somebody says otherwise. */
export const defaultFolder = 'targets';

export const withFolder = (command: Command): Command =>
  command.option('--dir <folder>', 'where the folders of prompts are', defaultFolder);

/** A label that somebody gives, to move it. */
export function givenLabel(value: string): string {
  const problem = labelProblem(value);
  if (problem === undefined) return value;
  throw new AssayError(
    'PROMPT_LABEL_INVALID',
    `The label ${JSON.stringify(value)} cannot be used.`,
    {
      problems: [{ at: value.slice(0, 60), message: problem }],
    },
  );
}

/** Which version is meant; `latest` where nothing is said. @param labelOption what the label is given with. */
export function selectorOf(
  options: { readonly label?: string; readonly version?: string },
  labelOption = '--label',
): PromptSelector {
  const { label, version } = options;
  if (label !== undefined && version !== undefined) {
    throw new AssayError('USAGE', `Both ${labelOption} and --version are given.`, {
      mend: 'Give one.',
    });
  }
  return version === undefined ? { label: label ?? latestLabel } : { version };
}

export const rootOf = (cli: Cli, { dir }: FolderOptions): string => resolve(cli.folder, dir);

/** Who gives a command: as the system says it, which nobody proves. */
export function actorOf(given: string | undefined): string {
  if (given !== undefined) return given;
  let user = 'unknown';
  try {
    user = userInfo().username;
  } catch {
    // A container's user may have no name.
  }
  return `${user}@${hostname()}`.slice(0, 200);
}
