import type { Command } from 'commander';

import { withPlatformOption } from '../backend-option.js';
import type { Registration } from '../cli.js';
import { withFolder } from '../prompts/options.js';
import type { PullCommand } from '../prompts/pull.js';

/** `assay prompts pull` */
export function registerPromptsPull(group: Command, { handle }: Registration): void {
  const command = withPlatformOption(
    withFolder(
      group
        .command('pull')
        .description('Write prompts of a platform into their folders')
        .argument('[names...]', 'of prompts or their folders (default: all)'),
    ),
  )
    .option('--exact', 'names are what the platform calls them, whatever folder is called so')
    .option('--label <label>', 'the versions with this label (default: latest)')
    .option('--version <version>', 'this version, of one prompt')
    .option('--force', 'also over files that were edited and not pushed')
    .addHelpText(
      'after',
      `
Examples:
  $ assay prompts pull
  $ assay prompts pull triage --label production

Nothing is written where a name cannot be a folder, or where files hold what the platform never had (use --force).`,
    );
  handle(command, async (cli) => {
    const { pull } = await import('../prompts/pull.js');
    await pull(cli, command.args, command.opts<PullCommand>());
  });
}
