import { langfuseExperimentId } from '../../../core/ids/platform-ids.js';
import type { PlatformRun } from '../../port.js';
import { forEachBounded } from '../../http/bounded.js';
import { shortText } from '../../trace/field-text.js';
import type { Rest } from '../rest.js';
import { currentProject } from '../server-facts.js';
import { metadataKey } from '../../trace/metadata-key.js';
import { existsElsewhere, runNames, type RunRequest } from '../v4/runs.js';
import { findRun } from './run-ids.js';
import { runExists } from './find-links.js';

/** Runs that are looked up at a time; one per repetition. */
const width = 4;

/**
 * The runs of an experiment, one per repetition: a run there shows one trace per dataset item. Nothing is created; the first
 * trace that is put into a run makes it, and only then has it an id. The ids here are those that a v4 server would derive:
 * spans carry them, so that the run is one experiment also where the server is upgraded before its end.
 *
 * @throws AssayError EXPERIMENT_EXISTS_ELSEWHERE where one of them is there and is not of this run.
 */
export async function prepareRun(rest: Rest, request: RunRequest): Promise<PlatformRun> {
  const { context, datasetId, datasetName, signal } = request;
  const project = await currentProject(rest, signal);
  const runs = runNames(request).map((name) => ({
    name,
    id: langfuseExperimentId(project.id, datasetId, name),
  }));
  await forEachBounded(runs, width, async ({ name }) => {
    const runName = shortText(name);
    // Cheaper than the list of all runs, and nearly always all that is needed.
    if (!(await runExists(rest, { datasetId, runName }, signal))) return;
    const run = await findRun(rest, { datasetName, runName }, signal);
    if (run?.metadata?.[metadataKey.runUid] === context.runUid) return;
    throw existsElsewhere(rest, name, request);
  });
  return {
    platform: 'langfuse',
    projectId: project.id,
    datasetId,
    datasetName,
    runs,
    generation: 'v3',
  };
}
