import { Option, type Command } from 'commander';

import type { ExperimentSpecInput } from '../../contracts/experiment-spec.js';
import { shellWord, type Cli, type Registration } from '../cli.js';
import { freshExperimentName } from '../experiment-name.js';
import { jsonText } from '../io/json-text.js';
import { durationMs, nameList, positiveNumber, wholeNumber } from '../option-values.js';
import { follow } from '../progress/follow.js';
import type { AssayClient } from '../../client/assay-client.js';

interface RunOptions {
  readonly dataset: string;
  readonly datasetVersion?: string;
  readonly target: string;
  readonly name?: string;
  readonly evaluators?: readonly string[];
  readonly repetitions?: number;
  readonly concurrency?: number;
  readonly seed?: number;
  readonly verify?: 'full' | 'sample' | 'off';
  readonly timeoutTarget?: number;
  readonly description?: string;
  readonly detach?: boolean;
  readonly failOnErrors?: boolean;
  readonly out?: string;
}

/** `assay experiment run` */
export function registerExperimentRun(parent: Command, { handle }: Registration): void {
  const command = parent
    .command('run')
    .description('Run a target over a dataset, score every answer and write a report')
    .requiredOption('--dataset <name>', 'the dataset: datasets/<name>, or one of the platform')
    .requiredOption('--target <name>', 'what is tested: a target of assay.config.ts')
    .option('--name <name>', 'a name for the run; the same name again is the same run')
    .option('--evaluators <names>', 'with commas; default: those that the target names', nameList)
    .option('--repetitions <n>', 'how often each item is run (default 1)', positiveNumber)
    .option('--concurrency <n>', 'cells in flight at once (default 16)', positiveNumber)
    .option('--seed <n>', 'decides the order of the cells (default 1)', wholeNumber)
    .addOption(
      new Option(
        '--verify <how>',
        'how much of what was published is read back (default full)',
      ).choices(['full', 'sample', 'off']),
    )
    .option('--timeout-target <time>', 'the longest one cell may take, as 30s or 2m', durationMs)
    .option('--dataset-version <moment>', 'of a dataset on the platform, ISO 8601; default: now')
    .option('--description <text>', 'shown in the report and on the platform')
    .option('--detach', 'return once the run is accepted')
    .option('--fail-on-errors', 'exit with 6 where a cell ended in an error')
    .option('--out <dir>', 'where the files go (default results/<name> in the project)')
    .addHelpText(
      'after',
      `
Examples:
  $ assay experiment run --dataset support-tickets --target triage-v1
  $ assay experiment run --dataset support-tickets --target triage-v2 --name nightly --concurrency 32
  $ assay experiment run --dataset support-tickets --target reply-v1 --detach

Ctrl-C stops watching, not the run. Exit codes: 0 completed, 6 failed, cancelled or not fully read back.`,
    );
  handle(command, async (cli) => runExperiment(cli, command.opts<RunOptions>()));
}

async function runExperiment(cli: Cli, options: RunOptions): Promise<number> {
  const project = await cli.project();
  const spec = specOf(project, options);
  const key = { project, name: spec.name };
  return cli.withClient(async (client) => {
    if (options.detach === true) {
      await submit(cli, client, spec);
      return 0;
    }
    const begin = (): Promise<void> => submit(cli, client, spec);
    return follow(cli, { client, key, begin }, options);
  });
}

/** The specification that the options ask for; what was not given keeps its default. */
function specOf(project: string, options: RunOptions): ExperimentSpecInput {
  const { dataset, datasetVersion, target, evaluators, repetitions, concurrency } = options;
  const { seed, verify, timeoutTarget, description } = options;
  return {
    project,
    name: options.name ?? freshExperimentName(target, dataset),
    dataset: {
      name: dataset,
      ...(datasetVersion === undefined ? {} : { version: datasetVersion }),
    },
    target,
    ...(evaluators === undefined ? {} : { evaluators: [...evaluators] }),
    ...(repetitions === undefined ? {} : { repetitions }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(seed === undefined ? {} : { seed }),
    ...(verify === undefined ? {} : { verify }),
    ...(timeoutTarget === undefined ? {} : { timeouts: { targetMs: timeoutTarget } }),
    ...(description === undefined ? {} : { description }),
  };
}

/** How long a submission may take in silence: a worker that is starting is waited for. */
const silenceMs = 2_000;

async function submit(cli: Cli, client: AssayClient, spec: ExperimentSpecInput): Promise<void> {
  const { err } = cli;
  const notice = setTimeout(() => {
    if (!cli.json) void err.line(err.colours.dim('Waiting for a worker to accept the run …'));
  }, silenceMs);
  const started = await client.experiments.start(spec).finally(() => clearTimeout(notice));
  if (cli.json) {
    await cli.out.line(jsonText({ event: 'started', project: spec.project, ...started }));
    return;
  }
  const how = started.outcome === 'attached' ? 'is there already; attached to it' : 'started';
  await err.line(`${err.colours.bold(err.safe(started.name))} ${how}`);
  const watch = cli.hint(`experiment watch ${shellWord(started.name)}`);
  await err.line(
    err.colours.dim(
      err.safe(
        `${spec.target} over ${spec.dataset.name}, project ${spec.project}. Watch: ${watch}`,
      ),
    ),
  );
}
