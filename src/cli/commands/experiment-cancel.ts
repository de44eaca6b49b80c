import type { Command } from 'commander';

import { shellWord, type Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';

/** `assay experiment cancel` */
export function registerExperimentCancel(parent: Command, { handle }: Registration): void {
  const command = parent
    .command('cancel')
    .description('End a run early: cells in flight finish and count, the others are skipped')
    .argument('<name>', 'the name of the run')
    .addHelpText(
      'after',
      `
Example:
  $ assay experiment cancel nightly-2026-11-21`,
    );
  handle(command, async (cli) => {
    const key = { project: await cli.project(), name: command.args[0] ?? '' };
    await cli.withClient((client) => client.experiments.cancel(key));
    if (cli.json) {
      await cli.out.line(jsonText({ event: 'cancelling', ...key }));
      return;
    }
    const { out } = cli;
    await out.line(`${out.safe(key.name)} is being cancelled; paid calls in flight still count.`);
    const watch = cli.hint(`experiment watch ${shellWord(key.name)}`);
    await out.line(`  Its report comes all the same: ${out.safe(watch)}`);
  });
}
