import type { ExperimentActivities } from '../../contracts/experiment-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { failuresAllowed, fewestForShare, limitText } from '../../core/experiment/failure-limit.js';
import { nOf } from '../../core/report/figures.js';
import { getExperiment, type ExperimentRecord } from '../../store/experiments.js';
import { countFailedCells, frequentFailures, haveEnded } from '../../store/run-commands.js';
import type { Store } from '../../store/store.js';
import type { ExperimentPorts } from './ports.js';

/** Whether more cells of a run have failed than it allows, counted over the rows of all its batches and workers. */
export async function tooManyFailed(
  store: Store,
  run: Pick<ExperimentRecord, 'id' | 'spec' | 'planned'>,
): Promise<boolean> {
  const { maxFailures: limit } = run.spec;
  if (limit === undefined) return false;
  const failed = await countFailedCells(store, run.id);
  if (failed <= failuresAllowed(limit, run.planned)) return false;
  return 'count' in limit || haveEnded(store, run.id, Math.min(fewestForShare, run.planned));
}

/** Says why a run with too many failed cells ends: how many of how many, and what they failed of. */
export function createExplainFailures(
  ports: Pick<ExperimentPorts, 'store'>,
): ExperimentActivities['explainFailures'] {
  return async ({ experimentId }) => {
    const { spec, planned } = await getExperiment(ports.store, experimentId);
    const failed = await countFailedCells(ports.store, experimentId);
    const reasons = await frequentFailures(ports.store, experimentId);
    const allowed =
      spec.maxFailures === undefined ? '' : `; at most ${limitText(spec.maxFailures)} may`;
    return new AssayError('MAX_FAILURES', `${nOf(failed, planned)} cells failed${allowed}.`, {
      problems: reasons.map(({ code, message, cells }) => ({
        at: code,
        message: `${nOf(cells, failed)} failed cells: ${message}`,
      })),
      mend: 'Mend the most frequent reason; what has ended is kept and published.',
    }).toJSON();
  };
}
