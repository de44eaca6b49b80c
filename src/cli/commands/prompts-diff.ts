import type { Command } from 'commander';

import { withReadBackendOption } from '../backend-option.js';
import type { Registration } from '../cli.js';
import { driftExit } from '../drift.js';
import { withFolder } from '../prompts/options.js';
import type { DiffCommand } from '../prompts/diff.js';

/** `assay prompts diff` */
export function registerPromptsDiff(group: Command, { handle }: Registration): void {
  const command = withReadBackendOption(
    withFolder(
      group
        .command('diff')
        .description('Show where git and the platforms differ')
        .argument('[names...]', 'of prompts or their folders (default: all)'),
    ),
  )
    .option(
      '--label <label>',
      'compare with the version of this label (default: the first of the metadata, else latest)',
    )
    .option('--strict', 'prompts that are only on the platform are drift too')
    .addHelpText(
      'after',
      `
Examples:
  $ assay prompts diff
  $ assay prompts diff triage --label production

Exit codes: 0 in step, ${driftExit} they differ, and those of errors.`,
    );
  handle(command, async (cli) => {
    const { diff } = await import('../prompts/diff.js');
    return diff(cli, command.args, command.opts<DiffCommand>());
  });
}
