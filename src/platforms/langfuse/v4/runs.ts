import { AssayError } from '../../../core/errors/assay-error.js';
import { langfuseExperimentId } from '../../../core/ids/platform-ids.js';
import type { PlatformRun, RunContext } from '../../port.js';
import { experimentItemsAnswer, experimentsAnswer } from '../answers.js';
import type { Rest } from '../rest.js';
import { currentProject } from '../server-facts.js';
import { metadataKey } from '../../trace/metadata-key.js';

/** Lies before every experiment; the endpoints demand a time. */
const longAgo = '2000-01-01T00:00:00.000Z';
/** Ids per request, so that the address stays short. */
const idsPerRequest = 50;

export interface RunRequest {
  readonly context: Pick<RunContext, 'experiment' | 'runUid'>;
  readonly datasetId: string;
  readonly datasetName: string;
  readonly repetitions: number;
  readonly signal: AbortSignal;
}

/**
 * The experiments of a run, one per repetition: an experiment there shows one trace per dataset item. Nothing is
 * created; an experiment is the spans that name it.
 *
 * @throws AssayError EXPERIMENT_EXISTS_ELSEWHERE where one of them holds spans of another run.
 */
export async function prepareRun(rest: Rest, request: RunRequest): Promise<PlatformRun> {
  const { datasetId, datasetName, signal } = request;
  const project = await currentProject(rest, signal);
  const runs = runNames(request).map((name) => ({
    name,
    id: langfuseExperimentId(project.id, datasetId, name),
  }));
  for (let start = 0; start < runs.length; start += idsPerRequest) {
    await refuseForeign(rest, { ...request, runs: runs.slice(start, start + idsPerRequest) });
  }
  return {
    platform: 'langfuse',
    projectId: project.id,
    datasetId,
    datasetName,
    runs,
    generation: 'v4',
  };
}

/** What the runs of an experiment are called there, by repetition. */
export function runNames({
  context,
  repetitions,
}: Pick<RunRequest, 'context' | 'repetitions'>): readonly string[] {
  return Array.from({ length: repetitions }, (_, index) =>
    index === 0 ? context.experiment : `${context.experiment} (repetition ${index + 1})`,
  );
}

async function refuseForeign(
  rest: Rest,
  request: RunRequest & { readonly runs: PlatformRun['runs'] },
): Promise<void> {
  const { context, runs, signal } = request;
  const { data } = await rest.read(
    {
      path: '/api/public/experiments',
      query: {
        id: runs.map(({ id }) => id).join(','),
        fromStartTime: longAgo,
        fields: 'core,metadata',
        limit: 100,
      },
      what: `the experiment ${JSON.stringify(context.experiment)}`,
      signal,
    },
    experimentsAnswer,
  );
  for (const experiment of data) {
    const owner =
      text(experiment.metadata?.[metadataKey.runUid]) ??
      (await ownerByItem(rest, experiment.id, signal));
    if (owner !== context.runUid) throw existsElsewhere(rest, experiment.name, request);
  }
}

// An experiment's metadata is that of any of its rows, and of one without it is empty; its items say it each.
async function ownerByItem(
  rest: Rest,
  experimentId: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { data } = await rest.read(
    {
      path: '/api/public/experiment-items',
      query: { experimentId, fromStartTime: longAgo, fields: 'core,metadata', limit: 1 },
      what: 'the items of an experiment',
      signal,
    },
    experimentItemsAnswer,
  );
  return text(data[0]?.metadata?.[metadataKey.runUid]);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function existsElsewhere(rest: Rest, name: string, request: RunRequest): AssayError {
  return new AssayError(
    'EXPERIMENT_EXISTS_ELSEWHERE',
    `Langfuse at ${rest.baseUrl} already has a run ${JSON.stringify(name)} of the dataset ${JSON.stringify(request.datasetName)} that is not of this experiment.`,
    { mend: 'Give the experiment another name.' },
  );
}
