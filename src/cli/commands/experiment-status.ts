import type { Command } from 'commander';

import type { Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';

/** `assay experiment status` */
export function registerExperimentStatus(parent: Command, { handle }: Registration): void {
  const command = parent
    .command('status')
    .description('Show where a run stands')
    .argument('<name>', 'the name of the run')
    .addHelpText(
      'after',
      `
Examples:
  $ assay experiment status nightly-2026-11-21
  $ assay experiment status nightly-2026-11-21 --json`,
    );
  handle(command, async (cli) => {
    const key = { project: await cli.project(), name: command.args[0] ?? '' };
    const [view, costs] = await cli.withClient((client) =>
      Promise.all([client.experiments.get(key), client.experiments.costs(key)]),
    );
    if (cli.json) {
      await cli.out.line(jsonText({ ...view, costs }));
      return;
    }
    const { statusText } = await import('../results/status-text.js');
    await cli.out.line(statusText(view, cli.out, costs));
  });
}
