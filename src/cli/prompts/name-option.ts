import type { Command } from 'commander';

import { withFolder, type FolderOptions } from './options.js';

/** Of commands that take one prompt by its name. */
export interface NameOptions extends FolderOptions {
  readonly exact?: boolean;
}

/** Adds the name of a prompt, and what it is looked up by. */
export const withPromptName = (command: Command): Command =>
  withFolder(command.argument('<name>', 'of the prompt, or its folder')).option(
    '--exact',
    'the name is what the platform calls it, whatever folder is called so',
  );
