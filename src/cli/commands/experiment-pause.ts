import type { Command } from 'commander';

import { shellWord, type Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { pauseReason } from '../option-values.js';
import { tellChange } from './experiment-change.js';

/** `assay experiment pause` and `assay experiment resume` */
export function registerExperimentPause(parent: Command, registration: Registration): void {
  const { handle } = registration;
  const pause = parent
    .command('pause')
    .description('Start no more cells of a run until it is resumed; cells in flight finish')
    .argument('<name>', 'the name of the run')
    .option('--reason <text>', 'why, for those who look at its status', pauseReason)
    .addHelpText(
      'after',
      `
Examples:
  $ assay experiment pause nightly-2026-11-21
  $ assay experiment pause nightly-2026-11-21 --reason 'the model is being moved'

A paused run stays paused through restarts of anything, until \`assay experiment resume\` or \`cancel\`.`,
    );
  handle(pause, async (cli) => {
    const key = { project: await cli.project(), name: pause.args[0] ?? '' };
    const { reason } = pause.opts<{ reason?: string }>();
    const options = reason === undefined ? {} : { reason };
    const view = await cli.withClient((client) => client.experiments.pause(key, options));
    if (cli.json) {
      await cli.out.line(jsonText({ event: 'paused', experiment: view }));
      return;
    }
    await tellChange(cli, view, 'is paused; cells in flight finish');
    const resume = cli.hint(`experiment resume ${shellWord(key.name)}`);
    await cli.out.line(`  Go on:  ${cli.out.safe(resume)}`);
  });

  const resume = parent
    .command('resume')
    .description('Let a paused run go on')
    .argument('<name>', 'the name of the run')
    .addHelpText(
      'after',
      `
Example:
  $ assay experiment resume nightly-2026-11-21

A run whose budget is used up goes on with \`assay experiment budget\`.`,
    );
  handle(resume, async (cli) => {
    const key = { project: await cli.project(), name: resume.args[0] ?? '' };
    const view = await cli.withClient((client) => client.experiments.resume(key));
    if (cli.json) await cli.out.line(jsonText({ event: 'resumed', experiment: view }));
    else await tellChange(cli, view, 'goes on');
  });
}
