import { ApplicationFailure } from '@temporalio/common';
import { setMaxListeners } from 'node:events';

import type { BatchReply, ExperimentActivities } from '../../contracts/experiment-protocol.js';
import type { CellResult } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { createSlots } from '../../models/governor.js';
import { claimCells, pendingCells, unclaimCells, type PendingCell } from '../../store/cells.js';
import { withHeartbeat } from '../heartbeat.js';
import { createBatcher } from '../../store/journal/batcher.js';
import { createCellCommitter } from './cell-committer.js';
import type { ExperimentPorts } from './ports.js';
import { createRunCell } from './run-cell.js';
import { createRunningExperiments, type RunningExperiment } from './running-experiment.js';
import { lostCell } from './worker-lost.js';

/** A cell that was claimed so often without an outcome is recorded as lost. */
const maxClaims = 3;

type Outcome =
  | { readonly kind: 'ended'; readonly status: CellResult['status'] }
  /** Another worker's outcome stood first, or still holds the cell's call. */
  | { readonly kind: 'elsewhere'; readonly retryAfterMs?: number }
  | { readonly kind: 'deferred'; readonly waitMs: number; readonly reason: string }
  | { readonly kind: 'not_started' };

/**
 * Runs the pending cells of a range of positions. The rows say what is pending, so a repeated batch takes up where the
 * last one was lost. A cell's failure is data; only infrastructure fails the batch.
 */
export function createRunCells(ports: ExperimentPorts): ExperimentActivities['runCells'] {
  const runs = createRunningExperiments(ports);
  const runCell = createRunCell(ports);
  const committer = createCellCommitter(ports.store);
  const claims = createBatcher<string, number | undefined>({
    maxBatch: 100,
    delayMs: 2,
    flush: async (cellIds) => {
      const counts = await claimCells(ports.store, cellIds);
      return cellIds.map((cellId) => counts.get(cellId));
    },
  });
  // A cell that took two workers down with it runs alone among its like, so that a third crash convicts it and no other.
  const suspects = createSlots(1);

  const attempt = async (cell: PendingCell, work: BatchWork): Promise<Outcome> => {
    const slots = ports.governor.slotsOf(work.run.experimentId, work.run.concurrency);
    const suspect = cell.claims >= maxClaims - 1;
    const gates = suspect ? [suspects, slots] : [slots];
    const releases: (() => void)[] = [];
    try {
      for (const gate of gates) releases.push(await gate.acquire(work.stop));
      return await attemptInSlot(cell, work);
    } catch (error) {
      if (work.stop.aborted && releases.length < gates.length) return { kind: 'not_started' };
      throw error;
    } finally {
      for (const release of releases) release();
    }
  };

  const attemptInSlot = async (cell: PendingCell, work: BatchWork): Promise<Outcome> => {
    const { run, abandon } = work;
    if (work.stop.aborted) return { kind: 'not_started' };
    const claimed = await claims.submit(cell.cellId);
    if (claimed === undefined) return { kind: 'elsewhere' };
    try {
      const result =
        claimed > maxClaims
          ? lostCell(cell)
          : await runCell({ ...cell, claims: claimed }, run, abandon);
      const won = await committer.commit({ cell, result, run, signal: abandon });
      return won ? { kind: 'ended', status: result.status } : { kind: 'elsewhere' };
    } catch (error) {
      // Not an outcome, and not the cell's fault: this claim does not count against it.
      await unclaimCells(ports.store, [cell.cellId]).catch(() => undefined);
      if (!AssayError.is(error) || error.retryAfterMs === undefined) throw error;
      return error.code === 'CALL_CLAIM_REFUSED'
        ? { kind: 'elsewhere', retryAfterMs: error.retryAfterMs }
        : { kind: 'deferred', waitMs: error.retryAfterMs, reason: error.message };
    }
  };

  return ({ experimentId, from, to }) =>
    withHeartbeat(async (beat) => {
      const loaded = await runs.get(experimentId);
      if ('refused' in loaded) return refusedBatch(loaded.refused, to - from);
      const { run } = loaded;
      const cells = await pendingCells(ports.store, {
        experimentId,
        fromPosition: from,
        toPosition: to,
      });
      const failed = new AbortController();
      const stop = AbortSignal.any([beat.cancelled, ports.draining, failed.signal]);
      // Every waiting cell listens; that is no leak, each takes its listener back.
      setMaxListeners(0, stop);
      let done = 0;
      const outcomes = await Promise.allSettled(
        cells.map(async (cell) => {
          try {
            return await attempt(cell, { run, stop, abandon: ports.aborting });
          } catch (error) {
            // Nothing new starts; calls in flight are paid for and go on to their commit.
            failed.abort(error);
            throw error;
          } finally {
            done += 1;
            beat.tell({ done, of: cells.length });
          }
        }),
      );
      return summarise(outcomes, { ports });
    });
}

// Told to the workflow as a wait, where people see why nothing moves; meanwhile a worker with the right code may take it.
function refusedBatch(reason: AssayError, cells: number): BatchReply {
  return {
    ended: { ok: 0, target_error: 0, evaluator_error: 0 },
    notStarted: 0,
    deferred: { cells, waitMs: 10_000, reason: `${reason.message} ${whatDiffers(reason)}` },
  };
}

const whatDiffers = ({ problems }: AssayError): string =>
  problems.length === 0 ? '' : `Different: ${problems.map(({ at }) => at).join(', ')}.`;

interface BatchWork {
  readonly run: RunningExperiment;
  /** Nothing new starts after this. */
  readonly stop: AbortSignal;
  /** What runs is given up, paid calls included: only where the process is about to end. */
  readonly abandon: AbortSignal;
}

function summarise(
  settled: readonly PromiseSettledResult<Outcome>[],
  { ports }: { ports: ExperimentPorts },
): BatchReply {
  const broken = settled.find((each) => each.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  const outcomes = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const held = outcomes.flatMap((each) =>
    each.kind === 'elsewhere' ? [each.retryAfterMs ?? 0] : [],
  );
  const longest = Math.max(0, ...held);
  if (longest > 0) {
    // The lease of a worker that is gone runs out by itself; the next try comes just after.
    throw new AssayError('CALL_CLAIM_REFUSED', 'Another worker holds calls of this batch.', {
      retryAfterMs: longest,
    });
  }
  if (ports.draining.aborted && outcomes.some((each) => each.kind === 'not_started')) {
    throw ApplicationFailure.create({
      message: 'This worker is stopping; another one takes the batch.',
      type: 'WORKER_STOPPING',
      nextRetryDelay: 100,
    });
  }
  const count = (status: CellResult['status']): number =>
    outcomes.filter((each) => each.kind === 'ended' && each.status === status).length;
  const notStarted = outcomes.filter((each) => each.kind === 'not_started').length;
  const deferred = outcomes.flatMap((each) => (each.kind === 'deferred' ? [each] : []));
  const [first] = deferred;
  return {
    ended: {
      ok: count('ok'),
      target_error: count('target_error'),
      evaluator_error: count('evaluator_error'),
    },
    notStarted,
    ...(first === undefined
      ? {}
      : {
          deferred: {
            cells: deferred.length,
            waitMs: Math.max(...deferred.map((each) => each.waitMs)),
            reason: first.reason,
          },
        }),
  };
}
