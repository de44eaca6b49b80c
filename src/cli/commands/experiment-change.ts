import type { Command } from 'commander';

import type { ExperimentView } from '../../client/experiment-view.js';
import { count, counted } from '../../core/report/figures.js';
import type { Cli, Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { dollars, wholeNumber } from '../option-values.js';

/** Says what became of a run, and where it stands. */
export async function tellChange(cli: Cli, view: ExperimentView, what: string): Promise<void> {
  const { out } = cli;
  const { counts } = view;
  const cells = `${count(counts.planned - counts.pending)} of ${counted(counts.planned, 'cell')} have ended`;
  await out.line(`${out.safe(view.name)} ${what}. ${cells}.`);
}

/** `assay experiment budget` and `assay experiment concurrency` */
export function registerExperimentChange(parent: Command, { handle }: Registration): void {
  const budget = parent
    .command('budget')
    .description('Give a run another budget; one that waits for it goes on')
    .argument('<name>', 'the name of the run')
    .requiredOption('--usd <dollars>', 'what the run may cost in all', dollars)
    .addHelpText(
      'after',
      `
Examples:
  $ assay experiment budget nightly-2026-11-21 --usd 20
  $ assay experiment budget nightly-2026-11-21 --usd 0.5 --json

The budget is that of the whole run, what is spent included. Only a run that was started with --budget has one.`,
    );
  handle(budget, async (cli) => {
    const key = { project: await cli.project(), name: budget.args[0] ?? '' };
    const { usd } = budget.opts<{ usd: number }>();
    const view = await cli.withClient((client) => client.experiments.setBudget(key, usd));
    if (cli.json)
      await cli.out.line(jsonText({ event: 'budget', budgetUsd: usd, experiment: view }));
    else await tellChange(cli, view, `may cost $${usd} in all`);
  });

  const concurrency = parent
    .command('concurrency')
    .description('Change how many cells of a run are in flight at once, while it goes on')
    .argument('<name>', 'the name of the run')
    .argument('<cells>', '1 to 2000', wholeNumber)
    .addHelpText(
      'after',
      `
Examples:
  $ assay experiment concurrency nightly-2026-11-21 64
  $ assay experiment concurrency nightly-2026-11-21 4 --json

Cells in flight finish: a lower number is reached as they end.`,
    );
  handle(concurrency, async (cli) => {
    const key = { project: await cli.project(), name: concurrency.args[0] ?? '' };
    const cells = Number(concurrency.processedArgs[1]);
    const view = await cli.withClient((client) => client.experiments.setConcurrency(key, cells));
    if (cli.json) await cli.out.line(jsonText({ event: 'concurrency', experiment: view }));
    else await tellChange(cli, view, `runs ${counted(cells, 'cell')} at once from now on`);
  });
}
