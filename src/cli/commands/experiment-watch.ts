import type { Command } from 'commander';

import type { Registration } from '../cli.js';
import type { ConcludeOptions } from '../results/conclude.js';

/** `assay experiment watch` */
export function registerExperimentWatch(parent: Command, { handle }: Registration): void {
  const command = parent
    .command('watch')
    .description('Follow a run to its end, then write its files, as `run` does')
    .argument('<name>', 'the name of the run')
    .option('--fail-on-errors', 'exit with 6 where a cell ended in an error')
    .option('--out <dir>', 'where the files go (default results/<name> in the project)')
    .addHelpText(
      'after',
      `
Examples:
  $ assay experiment watch nightly-2026-11-21
  $ assay experiment watch nightly-2026-11-21 --json | jq .view.counts

Ctrl-C stops watching, not the run.`,
    );
  handle(command, async (cli) => {
    const key = { project: await cli.project(), name: command.args[0] ?? '' };
    const { follow } = await import('../progress/follow.js');
    return cli.withClient((client) =>
      follow(cli, { client, key }, command.opts<ConcludeOptions>()),
    );
  });
}
