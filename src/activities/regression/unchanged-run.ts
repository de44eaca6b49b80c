import { AssayError } from '../../core/errors/assay-error.js';
import type { Queryable } from '../../store/query.js';
import { runStanding } from '../../store/run-standing.js';
import type { EndedRun } from './sides.js';

/**
 * Makes sure that a run is still the one that was looked at: one that is judged again, retried or extended meanwhile has scores
 * of two kinds, and none that the manifest at hand is of.
 *
 * @param at.pass the last pass over it, where that is known.
 * @param at.locked whether it has to stay so until the transaction ends.
 * @returns the last pass over it.
 * @throws AssayError EXPERIMENT_RUNNING, to be tried again.
 */
export async function unchangedRun(
  on: Queryable,
  run: EndedRun,
  at: { readonly pass?: number; readonly locked?: boolean } = {},
): Promise<number> {
  const now = await runStanding(on, run.id, { locked: at.locked ?? false });
  if (
    now?.status === run.status &&
    now.runUid === run.runUid &&
    now.manifestHash === run.manifestHash &&
    now.pass === (at.pass ?? now.pass)
  ) {
    return now.pass;
  }
  throw new AssayError('EXPERIMENT_RUNNING', `"${run.name}" changed while it was read.`, {
    retryAfterMs: 1_000,
  });
}
