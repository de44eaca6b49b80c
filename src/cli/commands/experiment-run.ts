import { Option, type Command } from 'commander';

import type { Backend } from '../../contracts/backend.js';
import type { ExperimentKey } from '../../client/experiments.js';
import type {
  ExperimentSpecInput,
  MaxFailures,
  Priority,
  TraceMode,
} from '../../contracts/experiment-spec.js';
import { AssayError, type Problem } from '../../core/errors/assay-error.js';
import { priorities } from '../../core/experiment/priority.js';
import { traceModes } from '../../core/experiment/trace-mode.js';
import { withBackendOption } from '../backend-option.js';
import type { Cli, Registration } from '../cli.js';
import { freshExperimentName } from '../experiment-name.js';
import {
  dollars,
  durationMs,
  failureLimit,
  nameList,
  positiveNumber,
  versionMoment,
  wholeNumber,
} from '../option-values.js';
import { submitRun } from '../progress/submit-run.js';

export interface RunOptions {
  readonly dataset: string;
  readonly datasetVersion?: string;
  readonly target: string;
  readonly name?: string;
  readonly evaluators?: readonly string[];
  readonly repetitions?: number;
  readonly concurrency?: number;
  readonly seed?: number;
  readonly verify?: 'full' | 'sample' | 'off';
  readonly trace?: TraceMode;
  readonly timeoutTarget?: number;
  readonly retries?: number;
  readonly budget?: number;
  readonly maxFailures?: MaxFailures;
  readonly priority?: Priority;
  readonly quick?: number;
  readonly quickBy?: string;
  readonly reuse?: boolean;
  readonly backend?: Backend;
  readonly newVersion?: boolean;
  readonly description?: string;
  readonly detach?: boolean;
  readonly failOnErrors?: boolean;
  readonly out?: string;
}

/** `assay experiment run` */
export function registerExperimentRun(parent: Command, { handle }: Registration): void {
  const command = withBackendOption(parent.command('run'))
    .description('Run a target over a dataset, score every answer and write a report')
    .requiredOption('--dataset <name>', 'the dataset: datasets/<name>, or one of the platform')
    .requiredOption('--target <name>', 'what is tested: a target of assay.config.ts')
    .option('--name <name>', 'a name for the run; the same name again is the same run')
    .option('--evaluators <names>', 'with commas; default: those that the target names', nameList)
    .option('--repetitions <n>', 'how often each item is run (default 1)', wholeNumber)
    .option('--concurrency <n>', 'cells in flight at once (default 16)', wholeNumber)
    .option('--seed <n>', 'decides the order of the cells (default 1)', wholeNumber)
    .addOption(
      new Option(
        '--verify <how>',
        'how much of what was published is read back (default full)',
      ).choices(['full', 'sample', 'off']),
    )
    .addOption(traceOption())
    .option('--timeout-target <time>', 'the longest one cell may take, as 30s or 2m', durationMs)
    .option('--retries <n>', 'how often a failed call is tried again (default 3)', wholeNumber)
    .option('--budget <dollars>', 'what the calls may cost in all; at it the run pauses', dollars)
    .option('--max-failures <limit>', 'end early past so many, as 10 or 5%', failureLimit)
    .addOption(
      new Option(
        '--priority <which>',
        'who goes first where a provider is short (default interactive at a terminal, ci under CI)',
      ).choices(priorities),
    )
    .option('--quick <n>', 'only so many items, drawn in strata; see also --seed', positiveNumber)
    .option('--quick-by <pointer>', 'what the strata are, as /expected; default: found by itself')
    .option('--reuse', 'take over what earlier runs made of the same content')
    .option('--new-version', 'where the name has another content, take <name>-v2, -v3, …')
    .option(
      '--dataset-version <moment>',
      'of a dataset on the platform, ISO 8601; default: now',
      versionMoment,
    )
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
  $ assay experiment run --dataset support-tickets --target triage-v2 --max-failures 5% --budget 2
  $ assay experiment run --dataset support-tickets --target reply-v1 --detach
  $ assay experiment run --dataset support-tickets --target reply-v1 --backend both
  $ assay experiment run --dataset support-tickets --target triage-v2 --quick 50 --quick-by /expected/category
  $ assay experiment run --dataset support-tickets --target triage-v2 --name nightly --reuse --new-version

Ctrl-C stops watching, not the run. Exit codes: 0 completed, 6 failed, cancelled or not fully read back.`,
    );
  handle(command, async (cli) => runExperiment(cli, command.opts<RunOptions>()));
}

/** `--trace`, wherever runs are started. */
export const traceOption = (): Option =>
  new Option(
    '--trace <where>',
    'none: nothing of the run is published; default: as the target or the config says, else platform',
  ).choices(traceModes);

async function runExperiment(cli: Cli, options: RunOptions): Promise<number> {
  refuseContradictions(options);
  const project = await cli.project();
  const spec = specOf(project, { ...options, priority: options.priority ?? usualPriority(cli) });
  const key = { project, name: spec.name };
  const onConflict = options.newVersion === true ? 'new_version' : 'fail';
  return cli.withClient(async (client) => {
    const begin = (): Promise<ExperimentKey> =>
      submitRun(cli, client, { spec, options: { onConflict } });
    if (options.detach === true) {
      await begin();
      return 0;
    }
    const { follow } = await import('../progress/follow.js');
    return follow(cli, { client, key, begin }, options);
  });
}

/** Options that cannot be meant together, all at once. */
function refuseContradictions(options: RunOptions): void {
  const { detach, out, failOnErrors, maxFailures, name, newVersion, quick, quickBy } = options;
  const problems: Problem[] = [];
  const refuse = (at: string, message: string, mend: string): void => {
    problems.push({ at, message, mend });
  };
  if (detach === true && out !== undefined) {
    refuse('--out', 'a run that is left writes no files', 'Use `assay experiment report --out`.');
  }
  if (detach === true && failOnErrors === true) {
    refuse(
      '--fail-on-errors',
      'a run that is left has no outcome here',
      'Use it with `assay experiment watch`.',
    );
  }
  if (maxFailures !== undefined && 'share' in maxFailures && maxFailures.share === 1) {
    refuse('--max-failures', '100% never ends a run early', 'Leave it out, or give less.');
  }
  if (quickBy !== undefined && quick === undefined) {
    refuse('--quick-by', 'there is no sample to draw', 'Give --quick <n> as well.');
  }
  if (newVersion === true && name === undefined) {
    refuse('--new-version', 'a run without a name gets a fresh one', 'Give --name as well.');
  }
  if (problems.length === 0) return;
  throw new AssayError('USAGE', 'Some options cannot be meant together.', { problems });
}

/** Who waits for the run: a person at a terminal, a pipeline, or nobody. */
export function usualPriority({ environment, err }: Pick<Cli, 'environment' | 'err'>): Priority {
  const ci = environment['CI'];
  if (ci !== undefined && ci !== '' && ci !== 'false' && ci !== '0') return 'ci';
  return err.isTerminal ? 'interactive' : 'bulk';
}

/** The specification that the options ask for; what was not given keeps its default. */
export function specOf(project: string, options: RunOptions): ExperimentSpecInput {
  const { dataset, datasetVersion, target, evaluators, repetitions, concurrency } = options;
  const { seed, verify, trace, timeoutTarget, description } = options;
  const { retries, budget, maxFailures, priority, quick, quickBy, reuse, backend } = options;
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
    ...(trace === undefined ? {} : { trace }),
    ...(timeoutTarget === undefined ? {} : { timeouts: { targetMs: timeoutTarget } }),
    ...(retries === undefined ? {} : { retry: { maxAttempts: retries + 1 } }),
    ...(budget === undefined ? {} : { budgetUsd: budget }),
    ...(maxFailures === undefined ? {} : { maxFailures }),
    ...(priority === undefined ? {} : { priority }),
    ...(quick === undefined
      ? {}
      : { quick: { items: quick, ...(quickBy === undefined ? {} : { by: quickBy }) } }),
    ...(reuse === undefined ? {} : { reuse }),
    ...(backend === undefined ? {} : { backend }),
    ...(description === undefined ? {} : { description }),
  };
}
