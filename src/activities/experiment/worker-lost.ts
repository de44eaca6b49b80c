import type { CellResult } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import type { PendingCell } from '../../store/cells.js';

/** The record of a cell whose workers died three times while they ran it: one poisonous cell never stops a run. */
export function lostCell(cell: PendingCell): CellResult {
  const now = new Date().toISOString();
  return {
    cellId: cell.cellId,
    itemId: cell.item.id,
    repetition: cell.repetition,
    revision: cell.revision,
    status: 'target_error',
    error: new AssayError('WORKER_LOST', 'Three workers ended while they ran this cell.', {
      mend: 'Look for code that blocks the event loop for 30 s, exhausts memory or ends the process.',
    }).toJSON(),
    evaluatorFailures: [],
    scores: [],
    calls: [],
    startedAt: now,
    endedAt: now,
    latencyMs: 0,
    targetCostPico: undefined,
    judgeCostPico: undefined,
    usage: { inputTokens: 0, outputTokens: 0 },
    sanitised: false,
    attempts: cell.claims,
  };
}
