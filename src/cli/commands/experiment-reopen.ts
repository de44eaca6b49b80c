import type { Command } from 'commander';

import type { AssayClient } from '../../client/assay-client.js';
import type { ExperimentKey } from '../../client/experiments.js';
import type { StartedPass } from '../../client/reopen.js';
import { counted } from '../../core/report/figures.js';
import { shellWord, type Cli, type Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { nameList, wholeNumber } from '../option-values.js';
import type { ConcludeOptions } from '../results/conclude.js';

/** What a command on a run that has ended shares with the others. */
interface Following extends ConcludeOptions {
  readonly detach?: boolean;
}

type Start = (client: AssayClient, key: ExperimentKey) => Promise<StartedPass>;

/** `assay experiment retry`, `rejudge`, `extend` and `verify`: commands on runs that have ended. */
export function registerExperimentReopen(parent: Command, registration: Registration): void {
  registerRetry(parent, registration);
  registerRejudge(parent, registration);
  registerExtend(parent, registration);
  registerVerify(parent, registration);
}

function registerRetry(parent: Command, { handle }: Registration): void {
  const command = following(
    parent
      .command('retry')
      .description('Run the failed cells of a run again; what was fine is kept and not paid again')
      .argument('<name>', 'the name of a run that has ended')
      .option('--skipped', 'also the cells that a cancelled or failed run has skipped'),
    `
Examples:
  $ assay experiment retry nightly-2026-11-21
  $ assay experiment retry nightly-2026-11-21 --skipped --detach

A cell whose target answered keeps its answer: only the evaluators that failed are asked again.`,
  );
  handle(command, async (cli) => {
    const options = command.opts<Following & { readonly skipped?: boolean }>();
    return run(cli, command, (client, key) =>
      client.experiments.retryFailed(key, { includeSkipped: options.skipped === true }),
    );
  });
}

function registerRejudge(parent: Command, { handle }: Registration): void {
  const command = following(
    parent
      .command('rejudge')
      .description(
        'Judge the stored outputs of a run with the evaluators of today; no target is called',
      )
      .argument('<name>', 'the name of a run that has ended')
      .option(
        '--evaluators <names>',
        'with commas; default: those that are new or changed since the run',
        nameList,
      )
      .option('--all', 'all evaluators of the run, also those that have not changed'),
    `
Examples:
  $ assay experiment rejudge nightly-2026-11-21
  $ assay experiment rejudge nightly-2026-11-21 --evaluators tone,accuracy
  $ assay experiment rejudge nightly-2026-11-21 --all

Scores of the same name are replaced, here and on the platform; the report keeps who judged before.`,
  );
  handle(command, async (cli) => {
    const { evaluators, all } = command.opts<
      Following & { readonly evaluators?: readonly string[]; readonly all?: boolean }
    >();
    return run(cli, command, (client, key) =>
      client.experiments.rejudge(key, {
        all: all === true,
        ...(evaluators === undefined ? {} : { evaluators: [...evaluators] }),
      }),
    );
  });
}

function registerExtend(parent: Command, { handle }: Registration): void {
  const command = following(
    parent
      .command('extend')
      .description('Run more repetitions of each item of a run')
      .argument('<name>', 'the name of a run that has ended')
      .requiredOption(
        '--repetitions <n>',
        'how often each item is run in all, those that are there included',
        wholeNumber,
      ),
    `
Example:
  $ assay experiment extend nightly-2026-11-21 --repetitions 5

The run is then one of five repetitions: a submission with as many attaches to it.`,
  );
  handle(command, async (cli) => {
    const { repetitions } = command.opts<Following & { readonly repetitions: number }>();
    return run(cli, command, (client, key) => client.experiments.extend(key, { repetitions }));
  });
}

function registerVerify(parent: Command, { handle }: Registration): void {
  const command = following(
    parent
      .command('verify')
      .description(
        'Read the platform back again for a run that has ended, and send what is missing',
      )
      .argument('<name>', 'the name of a run that has ended')
      .option('--repair', 'send again what the platform does not show or has refused'),
    `
Examples:
  $ assay experiment verify nightly-2026-11-21
  $ assay experiment verify nightly-2026-11-21 --repair`,
  );
  handle(command, async (cli) => {
    const { repair } = command.opts<Following & { readonly repair?: boolean }>();
    return run(cli, command, (client, key) =>
      client.experiments.verify(key, { repair: repair === true }),
    );
  });
}

function following(command: Command, help: string): Command {
  return command
    .option('--detach', 'return once the command is accepted')
    .option('--fail-on-errors', 'exit with 6 where a cell ended in an error')
    .option('--out <dir>', 'where the files go (default results/<name> in the project)')
    .addHelpText(
      'after',
      `${help}\n\nIt follows to the end and writes the files anew, as \`run\` does.`,
    );
}

async function run(cli: Cli, command: Command, start: Start): Promise<number> {
  const options = command.opts<Following>();
  const key = { project: await cli.project(), name: command.args[0] ?? '' };
  return cli.withClient(async (client) => {
    const begin = async (): Promise<ExperimentKey> => {
      await tell(cli, key, await start(client, key));
      return key;
    };
    if (options.detach === true) {
      await begin();
      return 0;
    }
    const { follow } = await import('../progress/follow.js');
    return follow(cli, { client, key, begin }, options);
  });
}

const doing = {
  retry: (cells: number) => `retries ${counted(cells, 'cell')}`,
  rejudge: (cells: number) => `judges ${counted(cells, 'cell')} again`,
  extend: (cells: number) => `runs ${counted(cells, 'more cell')}`,
  verify: () => 'looks at the platforms again',
} as const;

async function tell(cli: Cli, key: ExperimentKey, started: StartedPass): Promise<void> {
  if (cli.json) {
    await cli.out.line(jsonText({ event: 'started', project: key.project, ...started }));
    return;
  }
  const { err } = cli;
  const attached = started.outcome === 'attached' ? ', as was asked before; attached to it' : '';
  const what = doing[started.kind](started.cells);
  await err.line(
    `${err.colours.bold(err.safe(key.name))}: pass ${started.pass} ${what}${attached}`,
  );
  const watch = cli.hint(`experiment watch ${shellWord(key.name)}`);
  await err.line(err.colours.dim(err.safe(`Watch: ${watch}`)));
}
