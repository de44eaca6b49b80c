import { AssayError } from '../../core/errors/assay-error.js';
import { isFinalStatus } from '../../core/experiment/naming.js';
import type { Manifest } from '../../contracts/manifest.js';
import { findExperiment, type ExperimentRecord } from '../../store/experiments.js';
import type { Store } from '../../store/store.js';

/** A run that has ended with something to compare. */
export type EndedRun = ExperimentRecord & { readonly manifest: Manifest };

/** @throws AssayError EXPERIMENT_NOT_FOUND */
export async function existingRun(
  store: Store,
  run: { readonly project: string; readonly name: string },
): Promise<ExperimentRecord> {
  const record = await findExperiment(store, run);
  if (record !== undefined) return record;
  throw new AssayError(
    'EXPERIMENT_NOT_FOUND',
    `There is no experiment "${run.name}" in the project "${run.project}".`,
    { mend: 'See `assay experiment list`.' },
  );
}

/**
 * Makes sure that a run has ended and can be compared: a run that was cancelled or failed has skipped what it had not run, and
 * a verdict on what happened to be done first would be none on the run. Nor is one on a run that a gate ended early: it
 * ended when it looked worse or as good, and only that gate's bounds take account of it.
 *
 * @param gateId the gate that asks.
 * @throws AssayError EXPERIMENT_RUNNING, GATE_RUN_FAILED
 */
export function endedWell(record: ExperimentRecord, gateId?: string): EndedRun {
  const { name, status, manifest, error, earlyStop } = record;
  if (!isFinalStatus(status)) {
    throw new AssayError('EXPERIMENT_RUNNING', `"${name}" has not ended: it is ${status}.`, {
      mend: 'Wait for its end: `assay experiment watch`.',
    });
  }
  if (earlyStop !== undefined && earlyStop.gate !== gateId) {
    throw new AssayError('GATE_RUN_FAILED', `"${name}" was ended early by a gate.`, {
      problems: [{ at: earlyStop.gate, message: earlyStop.early.reason }],
      mend: 'Run its other cells first: `assay experiment retry --skipped`.',
    });
  }
  if (manifest !== undefined && status !== 'failed' && status !== 'cancelled') {
    return { ...record, manifest };
  }
  throw new AssayError('GATE_RUN_FAILED', `"${name}" ended as ${status}.`, {
    ...(error === undefined
      ? {}
      : { problems: [{ at: error.code, message: error.message }, ...error.problems] }),
    mend: 'Mend what stopped it, then retry it (`assay experiment retry --skipped`) and gate it again.',
  });
}
