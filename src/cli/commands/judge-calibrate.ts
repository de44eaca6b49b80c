import { basename, dirname, resolve } from 'node:path';

import type { Command } from 'commander';

import type { AssayClient } from '../../client/assay-client.js';
import type { ExperimentKey, ExperimentView } from '../../client/experiments.js';
import type { ExperimentSpecInput } from '../../contracts/experiment-spec.js';
import { replayTarget } from '../../core/calibration/replay.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { shellWord, type Cli, type Registration } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { dollars, positiveNumber } from '../option-values.js';
import { follow } from '../progress/follow.js';
import { calibrationText } from '../results/calibration-text.js';
import { outcomeOf } from '../results/conclude.js';
import { withDrafts } from '../results/draft-file.js';
import { writeResultFiles } from '../results/result-files.js';
import { submitRun } from './experiment-submit.js';

interface CalibrateOptions {
  readonly labels: string;
  readonly name?: string;
  readonly concurrency?: number;
  readonly budget?: number;
  readonly detach?: boolean;
  readonly out?: string;
}

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
    const [judge = ''] = command.args;
    return calibrate(cli, judge, command.opts<CalibrateOptions>());
  });
}

async function calibrate(cli: Cli, judge: string, options: CalibrateOptions): Promise<number> {
  const project = await cli.project();
  const spec = calibrationSpec({ project, judge, options, folder: cli.cwd });
  const key = { project, name: spec.name };
  const onConflict = options.name === undefined ? 'new_version' : 'fail';
  return cli.withClient(async (client) => {
    const begin = (): Promise<ExperimentKey> =>
      submitRun(cli, client, { spec, options: { onConflict } });
    if (options.detach === true) {
      const { name } = await begin();
      if (!cli.json) {
        const hint = cli.hint(`judge calibration ${shellWord(name)}`);
        await cli.err.line(cli.err.safe(`Afterwards: ${hint}`));
      }
      return 0;
    }
    const end = (view: ExperimentView): Promise<void> =>
      concludeCalibration(cli, { client, view }, options);
    return follow(cli, { client, key, begin, end }, options);
  });
}

/**
 * The experiment that calibrates a judge: the labelled set, replayed.
 *
 * @throws AssayError LABELS_INVALID
 */
export function calibrationSpec(from: {
  readonly project: string;
  readonly judge: string;
  readonly options: CalibrateOptions;
  readonly folder: string;
}): ExperimentSpecInput {
  const { project, judge, options, folder } = from;
  const { name, concurrency, budget } = options;
  const set = setName(options.labels, folder);
  return {
    project,
    name: name ?? `calibrate-${judge}-${set}`,
    dataset: { name: set },
    target: replayTarget,
    evaluators: [judge],
    description: `Calibration of ${judge} against the labels of ${set}`,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(budget === undefined ? {} : { budgetUsd: budget }),
  };
}

/** The set's name, also where its file was named: workers read it from the project's folder, not from a path of ours. */
function setName(labels: string, folder: string): string {
  if (!/[\\/]/.test(labels) && !/\.(?:jsonl?|csv)$/i.test(labels)) return labels;
  const file = resolve(folder, labels);
  if (/^labels\.(?:jsonl?|csv)$/.test(basename(file))) return basename(dirname(file));
  const set = basename(file).replace(/\.[^.]*$/, '') || 'labels';
  const ending = /\.(jsonl?|csv)$/i.exec(file)?.[1]?.toLowerCase() ?? 'jsonl';
  throw new AssayError('LABELS_INVALID', `${labels} is no labelled set of the project.`, {
    mend: `Put the file into the project as datasets/${set}/labels.${ending}, where workers find it, and give --labels ${set}.`,
  });
}

async function concludeCalibration(
  cli: Cli,
  { client, view }: { readonly client: AssayClient; readonly view: ExperimentView },
  options: CalibrateOptions,
): Promise<void> {
  const failure = outcomeOf(view, false);
  const key = { project: view.project, name: view.name };
  const folder = resolve(cli.cwd, options.out ?? resolve(cli.folder, 'results', view.slug));
  const { files } = await writeResultFiles(client, view, folder);
  const document = await client.judges.calibration(key).catch((error: unknown) => {
    // A run that failed before it had a plan has none, and says more itself.
    throw failure ?? error;
  });
  const own = {
    markdown: resolve(folder, 'calibration.md'),
    json: resolve(folder, 'calibration.json'),
  };
  const markdown = await client.judges.calibrationText(key);
  await withDrafts(own, async (drafts) => {
    await drafts.markdown.write(markdown);
    await drafts.json.write(`${jsonText(document)}\n`);
  });
  if (cli.json) {
    const all = [...files, ...Object.values(own)];
    const event = { event: 'calibrated', experiment: view, folder, files: all };
    await cli.out.line(jsonText({ ...event, calibration: document }));
  } else {
    await cli.out.line(calibrationText(document, cli.out));
    await cli.err.line(cli.err.colours.dim(cli.err.safe(`Files: ${folder}`)));
  }
  if (failure !== undefined) throw failure;
}
