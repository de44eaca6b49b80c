import type { Command } from 'commander';

import { shellWord, type Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';

/** `assay experiment cancel` */
export function registerExperimentCancel(parent: Command, { handle }: Registration): void {
  const command = parent
    .command('cancel')
    .description('End a run early: cells in flight finish and count, the others are skipped')
    .argument('<name>', 'the name of the run')
    .option('--now', 'abort the cells in flight as well; their calls may have been paid for')
    .addHelpText(
      'after',
      `
Examples:
  $ assay experiment cancel nightly-2026-11-21
  $ assay experiment cancel nightly-2026-11-21 --now`,
    );
  handle(command, async (cli) => {
    const key = { project: await cli.project(), name: command.args[0] ?? '' };
    const { now = false } = command.opts<{ now?: boolean }>();
    await cli.withClient((client) => client.experiments.cancel(key, { now }));
    if (cli.json) {
      await cli.out.line(jsonText({ event: 'cancelling', ...key, now }));
      return;
    }
    const { out } = cli;
    const inFlight = now ? 'cells in flight are aborted' : 'paid calls in flight still count';
    await out.line(`${out.safe(key.name)} is being cancelled; ${inFlight}.`);
    const watch = cli.hint(`experiment watch ${shellWord(key.name)}`);
    await out.line(`  Its report comes all the same: ${out.safe(watch)}`);
  });
}
