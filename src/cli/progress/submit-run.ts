import type { AssayClient } from '../../client/assay-client.js';
import type { ExperimentKey, StartedExperiment, StartOptions } from '../../client/experiments.js';
import type { ExperimentSpecInput } from '../../contracts/experiment-spec.js';
import { shellWord, type Cli } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { requireSameProject } from '../same-project.js';
import { sampleLine } from './sample-line.js';

/** What is submitted, and how. */
export interface Submission {
  readonly spec: ExperimentSpecInput;
  readonly options: StartOptions;
}

/** How long a submission may take in silence: a worker that is starting is waited for. */
const silenceMs = 2_000;

/**
 * Submits a run and tells what came of it.
 *
 * @returns the run, under the name that it has: a new version has another than was asked for.
 */
export async function submitRun(
  cli: Cli,
  client: AssayClient,
  { spec, options }: Submission,
): Promise<ExperimentKey> {
  const { err } = cli;
  const notice = setTimeout(() => {
    if (!cli.json) void err.line(err.colours.dim('Waiting for a worker to accept the run …'));
  }, silenceMs);
  const begin = async (): Promise<StartedExperiment> => {
    // A run that publishes nothing goes nowhere.
    if (spec.trace !== 'none') await requireSameProject(cli, client, spec);
    return client.experiments.start(spec, options);
  };
  const started = await begin().finally(() => clearTimeout(notice));
  const key = { project: spec.project, name: started.name };
  const { sample } = await client.experiments.get(key);
  if (cli.json) {
    const event = { event: 'started', project: spec.project, ...started };
    await cli.out.line(jsonText({ ...event, ...(sample === undefined ? {} : { sample }) }));
    return key;
  }
  await tellVersion(cli, started);
  const how = started.outcome === 'attached' ? 'is there already; attached to it' : 'started';
  await err.line(`${err.colours.bold(err.safe(started.name))} ${how}`);
  const quick = sampleLine(sample);
  if (quick !== undefined) await err.line(err.colours.yellow(err.safe(`Quick mode: ${quick}`)));
  const watch = cli.hint(`experiment watch ${shellWord(started.name)}`);
  await err.line(
    err.colours.dim(
      err.safe(
        `${spec.target} over ${spec.dataset.name}, project ${spec.project}. Watch: ${watch}`,
      ),
    ),
  );
  return key;
}

/** Differences that are shown; the rest is counted. */
const mostShown = 10;

async function tellVersion({ err }: Cli, { forkedFrom, name }: StartedExperiment): Promise<void> {
  if (forkedFrom === undefined) return;
  await err.line(
    err.safe(`${forkedFrom.name} has another content; this is its new version ${name}. Different:`),
  );
  const { differences } = forkedFrom;
  for (const { at, message } of differences.slice(0, mostShown)) {
    await err.line(err.safe(`  ${at}: ${message}`));
  }
  if (differences.length > mostShown) {
    await err.line(`  and ${differences.length - mostShown} more`);
  }
}
