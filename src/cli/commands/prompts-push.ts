import type { Command } from 'commander';

import { withBackendOption } from '../backend-option.js';
import type { Registration } from '../cli.js';
import { withFolder } from '../prompts/options.js';
import type { PushCommand } from '../prompts/push.js';

/** `assay prompts push` */
export function registerPromptsPush(group: Command, { handle }: Registration): void {
  const command = withBackendOption(
    withFolder(
      group
        .command('push')
        .description('Bring prompts from their folders onto the platforms')
        .argument('[names...]', 'of prompts or their folders (default: all)'),
    ),
    'push',
  )
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--message <text>', 'what changed: stands with each version that is made')
    .option('--by <who>', 'who does it, for the history (default: user@host)')
    .addHelpText(
      'after',
      `
Examples:
  $ assay prompts push
  $ assay prompts push triage --message "shorter rules" --dry-run

A prompt is a folder with prompt.txt or prompt.yaml, and .metadata.yaml. A version is made only where the content is new; labels
of the metadata are put on it. All problems of all folders are told before anything is sent.

Ctrl-C only stops the watching. Exit codes: 0 all are there, 2 a folder has problems, 5 the worker lacks keys (nothing was sent in
either case), 6 some could not be pushed.`,
    );
  handle(command, async (cli) => {
    const { push } = await import('../prompts/push.js');
    return push(cli, command.args, command.opts<PushCommand>());
  });
}
