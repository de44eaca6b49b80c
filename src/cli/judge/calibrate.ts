import { basename, dirname, resolve } from 'node:path';

import type { AssayClient } from '../../client/assay-client.js';
import type { ExperimentView } from '../../client/experiment-view.js';
import type { ExperimentKey } from '../../client/experiments.js';
import type { ExperimentSpecInput } from '../../contracts/experiment-spec.js';
import type { CalibrationDocument } from '../../core/calibration/calibration-report.js';
import { replayTarget } from '../../core/calibration/replay.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { shellWord, type Cli } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { follow } from '../progress/follow.js';
import { submitRun } from '../progress/submit-run.js';
import { calibrationText } from '../results/calibration-text.js';
import { outcomeOf } from '../results/conclude.js';
import { withDrafts } from '../results/draft-file.js';
import { writeResultFiles } from '../results/result-files.js';

export interface CalibrateOptions {
  readonly labels: string;
  readonly name?: string;
  readonly concurrency?: number;
  readonly budget?: number;
  readonly detach?: boolean;
  readonly out?: string;
}

/** Runs a judge over a labelled set and says what came of it. */
export async function calibrate(
  cli: Cli,
  judge: string,
  options: CalibrateOptions,
): Promise<number> {
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
  const unknown = failure ?? emptyCalibration(document);
  if (unknown !== undefined) throw unknown;
}

/** Undefined where at least one verdict was held against a label: else nothing is known of the judge, and a pipeline must see it. */
export function emptyCalibration({
  experiment,
  judges,
}: CalibrationDocument): AssayError | undefined {
  const problems = judges.flatMap(({ judge, agreement }) =>
    agreement.value === null ? [{ at: judge.name, message: agreement.because }] : [],
  );
  if (problems.length < judges.length) return undefined;
  return new AssayError('CALIBRATION_EMPTY', `"${experiment}" says nothing of its judge.`, {
    problems,
    mend: `See why with \`assay experiment results ${shellWord(experiment)}\`.`,
  });
}
