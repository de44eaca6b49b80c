import type { GateOutcome } from '../../contracts/gate-protocol.js';
import { AssayError } from '../../core/errors/assay-error.js';
import type { GateRecord } from '../../store/gates.js';

/** How a recorded gate ended. */
export function outcomeOf(gate: GateRecord, headline = ''): GateOutcome {
  const { id, verdict, error, name } = gate;
  if (verdict !== undefined) return { outcome: 'decided', gateId: id, verdict, headline };
  return {
    outcome: 'failed',
    gateId: id,
    error: error ?? new AssayError('INTERNAL', `The gate "${name}" has no verdict.`).toJSON(),
  };
}
