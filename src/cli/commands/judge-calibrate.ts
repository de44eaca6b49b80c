import type { Command } from 'commander';

import type { Registration } from '../cli.js';
import type { CalibrateOptions } from '../judge/calibrate.js';
import { dollars, positiveNumber } from '../option-values.js';

/** `assay judge calibrate` */
export function registerJudgeCalibrate(parent: Command, { handle }: Registration): void {
  const command = parent
    .command('calibrate')
    .description('Run a judge over outputs that people labelled, and say how far they agree')
    .argument('<judge>', 'an evaluator of assay.config.ts')
    .requiredOption(
      '--labels <set>',
      'the labelled set: datasets/<set>/labels.json, .jsonl or .csv; or the path of that file',
    )
    .option('--name <name>', 'a name for the run (default calibrate-<judge>-<set>, -v2, …)')
    .option('--concurrency <n>', 'items in flight at once (default 16)', positiveNumber)
    .option('--budget <dollars>', 'what the calls may cost in all; at it the run pauses', dollars)
    .option('--detach', 'return once the run is accepted')
    .option('--out <dir>', 'where the files go (default results/<name> in the project)')
    .addHelpText(
      'after',
      `
Examples:
  $ assay judge calibrate reply_quality --labels reply-labels
  $ assay judge calibrate reply_quality --labels datasets/reply-labels/labels.csv --json

It is an experiment like any other: it survives what kills a worker, and the same command again attaches to it or shows
what came of it. After a change of the judge or of the labels it is the next version, -v2. Ctrl-C stops watching, not the run.`,
    );
  handle(command, async (cli) => {
    const { calibrate } = await import('../judge/calibrate.js');
    const [judge = ''] = command.args;
    return calibrate(cli, judge, command.opts<CalibrateOptions>());
  });
}
