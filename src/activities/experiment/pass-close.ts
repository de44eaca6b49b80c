import type { PassOutcome, PassRecord } from '../../contracts/pass.js';
import type { ExperimentStatus } from '../../contracts/records.js';
import type { ErrorDocument } from '../../core/errors/assay-error.js';
import type { ExperimentRecord } from '../../store/experiments.js';
import { cellsByIds } from '../../store/cell-results.js';
import {
  abandonRetries,
  pendingJudgements,
  skipJudgements,
  type PassKey,
} from '../../store/passes/close-pass.js';
import { countDeletions } from '../../store/passes/deletions.js';
import { commitJudgements } from '../../store/passes/judgements.js';
import { countPassCells } from '../../store/passes/pass-cells.js';
import { retireJudged, retireSuperseded } from '../../store/passes/retire.js';
import type { Queryable } from '../../store/query.js';
import type { Beat } from '../heartbeat.js';
import { changedJudges, toGivenUp } from './judgement-committer.js';
import type { ExperimentPorts } from './ports.js';
import { loadGivenUp, type RunningExperiment } from './running-experiment.js';

/** How many judgements are given up at once. */
const pageSize = 50;

/**
 * Ends the rows of a pass that have not run, before the run's own are: a cell whose retry was given up is again as it was;
 * one that was not judged has no scores of the evaluators that changed, and says why.
 */
export async function giveUpPass(
  ports: ExperimentPorts,
  of: {
    readonly record: ExperimentRecord;
    readonly pass: PassRecord;
    readonly error: ErrorDocument;
    readonly beat: Pick<Beat, 'tell'>;
  },
): Promise<void> {
  const { record, pass, error, beat } = of;
  const key = { experimentId: record.id, pass: pass.pass };
  const onProgress = (cells: number): void => beat.tell({ step: 'give up', cells });
  if (pass.kind === 'retry') {
    await abandonRetries(ports.store, { ...key, onProgress }, error);
    return;
  }
  if (pass.kind !== 'rejudge') return;
  const run = await loadGivenUp(record.id, ports, pass);
  if (changedJudges(run).length === 0) {
    await skipJudgements(ports.store, { ...key, onProgress });
    return;
  }
  await giveUpJudgements(ports, { key, run, error, onProgress });
}

async function giveUpJudgements(
  { store }: ExperimentPorts,
  of: {
    readonly key: PassKey;
    readonly run: RunningExperiment;
    readonly error: ErrorDocument;
    readonly onProgress: (cells: number) => void;
  },
): Promise<void> {
  const { key, run, error, onProgress } = of;
  let after = -1;
  for (let cells = 0; ;) {
    const rows = await pendingJudgements(store, key, { after, limit: pageSize });
    const last = rows.at(-1);
    if (last === undefined) return;
    const works = new Map(rows.map(({ workId, cellId }) => [cellId, workId]));
    const commits = (await cellsByIds(store, [...works.keys()])).map((before) => {
      const cell = { cellId: works.get(before.cellId) ?? '', supersedes: before.cellId };
      return toGivenUp({ cell, result: { attempts: 0 }, run }, before, error);
    });
    await commitJudgements(store, commits);
    after = last.position;
    cells += rows.length;
    onProgress(cells);
  }
}

/** What a pass has replaced leaves the outbox, once all of its rows have ended; in the transaction that says so. */
export async function retireReplaced(
  on: Queryable,
  experimentId: string,
  of: { readonly pass: PassRecord | undefined; readonly beat: Pick<Beat, 'tell'> },
): Promise<void> {
  const { pass, beat } = of;
  const onProgress = (rows: number): void => beat.tell({ step: 'retire', rows });
  const key = { experimentId, pass: pass?.pass ?? 1, onProgress };
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
