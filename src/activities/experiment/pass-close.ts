import type { PassOutcome, PassRecord } from '../../contracts/pass.js';
import type { ExperimentStatus } from '../../contracts/records.js';
import type { ErrorDocument } from '../../core/errors/assay-error.js';
import type { ExperimentRecord } from '../../store/experiments.js';
import {
  abandonRetries,
  pendingJudgements,
  retireJudged,
  retireSuperseded,
} from '../../store/passes/close-pass.js';
import { countDeletions } from '../../store/passes/deletions.js';
import { commitJudgements } from '../../store/passes/judgements.js';
import { countPassCells } from '../../store/passes/pass-cells.js';
import { throughCollisions, type Queryable } from '../../store/query.js';
import { notJudged, toJudgement } from './judgement-committer.js';
import { earlier } from './pass-cell.js';
import type { ExperimentPorts } from './ports.js';
import { loadGivenUp } from './running-experiment.js';

/** How many judgements are given up at once. */
const pageSize = 50;

/**
 * Ends the rows of a pass that have not run, before the run's own are: a cell whose retry was given up is again as it was;
 * one that was not judged has no scores of the evaluators of now, and says why.
 */
export async function giveUpPass(
  ports: ExperimentPorts,
  of: {
    readonly record: ExperimentRecord;
    readonly pass: PassRecord;
    readonly error: ErrorDocument;
  },
): Promise<void> {
  const { record, pass, error } = of;
  const key = { experimentId: record.id, pass: pass.pass };
  if (pass.kind === 'retry') {
    await throughCollisions(() => abandonRetries(ports.store, key, error));
    return;
  }
  if (pass.kind !== 'rejudge') return;
  const run = await loadGivenUp(record.id, ports, pass);
  for (;;) {
    const rows = await pendingJudgements(ports.store, key, pageSize);
    if (rows.length === 0) return;
    const commits = [];
    for (const { workId, cellId } of rows) {
      const cell = { cellId: workId, supersedes: cellId };
      const judged = notJudged(await earlier(cell, ports), run, error);
      commits.push(toJudgement({ cell, result: { ...judged, attempts: 0 }, run }, judged));
    }
    await commitJudgements(ports.store, commits);
  }
}

/** What a pass has replaced leaves the outbox, once all of its rows have ended; in the transaction that says so. */
export async function retireReplaced(
  on: Queryable,
  experimentId: string,
  pass: PassRecord | undefined,
): Promise<void> {
  const key = { experimentId, pass: pass?.pass ?? 1 };
  if (pass?.kind === 'retry') await retireSuperseded(on, key);
  if (pass?.kind === 'rejudge') await retireJudged(on, key);
}

/** How the rows of a pass ended. */
export async function outcomeOfPass(
  on: Queryable,
  experimentId: string,
  pass: PassRecord,
): Promise<PassOutcome> {
  const key = { experimentId, pass: pass.pass };
  return {
    cells: await countPassCells(on, key),
    ...(await countDeletions(on, key)),
  };
}

type End = Extract<ExperimentStatus, 'completed' | 'completed_unverified' | 'cancelled' | 'failed'>;

/** A run's end, and why. */
export interface RunEnd {
  readonly status: End;
  readonly error: ErrorDocument | undefined;
}

/** How a run has ended already, by its row; undefined where it goes on. */
export function recordedEnd({
  status,
  error,
}: Pick<ExperimentRecord, 'status' | 'error'>): RunEnd | undefined {
  switch (status) {
    case 'completed':
    case 'completed_unverified':
    case 'cancelled':
    case 'failed':
      return { status, error };
    default:
      return undefined;
  }
}

/**
 * What a run is after a pass: a look changes nothing of a run that was cancelled or had failed, and one that still has cells
 * that never ran is what it was.
 *
 * @param on.recorded how the run has ended already: the answer of the try that ended it was lost, its pass is closed, and
 *   without that pass the run would end as another one than it was said to.
 */
export function endAfterPass(
  end: RunEnd,
  on: {
    readonly pass: PassRecord | undefined;
    readonly skipped: number;
    readonly recorded?: RunEnd | undefined;
  },
): RunEnd {
  const { pass, skipped, recorded } = on;
  if (recorded !== undefined) return recorded;
  if (pass === undefined) return end;
  const { statusBefore, errorBefore } = pass;
  const before: RunEnd = { status: statusBefore as End, error: errorBefore };
  const unfinished = statusBefore === 'cancelled' || statusBefore === 'failed';
  const well = end.status === 'completed' || end.status === 'completed_unverified';
  if (pass.kind === 'verify') {
    if (!well) return { ...before, error: end.error ?? errorBefore };
    return unfinished ? before : end;
  }
  return well && unfinished && skipped > 0 ? before : end;
}
