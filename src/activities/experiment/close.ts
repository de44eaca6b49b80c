import type { ExperimentActivities } from '../../contracts/experiment-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { countCells, skipPending } from '../../store/cells.js';
import { markCellsDone, setStatus } from '../../store/experiments.js';
import type { ExperimentPorts } from './ports.js';

/**
 * Closes the cells of a run: what is still pending is recorded as skipped (after a cancel), and the publisher learns that
 * nothing more will come.
 */
export function createClose(ports: ExperimentPorts): ExperimentActivities['closeCells'] {
  return async ({ experimentId, cancelled }) => {
    if (cancelled) {
      const reason = new AssayError('EXPERIMENT_CANCELLED', 'The experiment was cancelled.');
      await skipPending(ports.store, experimentId, reason.toJSON());
    }
    const done = await markCellsDone(ports.store, experimentId);
    const counts = await countCells(ports.store, experimentId);
    if (!done && counts.planned > 0) {
      // The batches say that they are through and the rows say otherwise: never end a run on that.
      throw new AssayError('INTERNAL', `${counts.pending} cells are still pending.`, {
        retryAfterMs: 1_000,
      });
    }
    await setStatus(ports.store, experimentId, { status: 'publishing' });
    return counts;
  };
}
