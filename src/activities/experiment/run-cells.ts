import { ApplicationFailure } from '@temporalio/common';
import { setMaxListeners } from 'node:events';

import type { BatchReply, ExperimentActivities } from '../../contracts/experiment-protocol.js';
import type { CellResult } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { pendingCells } from '../../store/cells.js';
import { withHeartbeat } from '../heartbeat.js';
import { createCellAttempts, type Outcome } from './cell-attempts.js';
import { createCellCommitter } from './cell-committer.js';
import { tooManyFailed } from './failure-limit.js';
import type { ExperimentPorts } from './ports.js';
import { createRunCell } from './run-cell.js';
import { watchRun } from './run-watch.js';
import { createRunningExperiments } from './running-experiment.js';

/**
 * Runs the pending cells of a range of positions. The rows say what is pending, so a repeated batch takes up where the
 * last one was lost. A cell's failure is data; only infrastructure fails the batch.
 */
export function createRunCells(ports: ExperimentPorts): ExperimentActivities['runCells'] {
  const runs = createRunningExperiments(ports);
  const { attempt } = createCellAttempts({
    ...ports,
    runCell: createRunCell(ports),
    committer: createCellCommitter(ports.store),
  });

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
      const watch = watchRun(ports.store, { run, cancelled: beat.cancelled });
      const stop = AbortSignal.any([beat.cancelled, ports.draining, failed.signal, watch.stop]);
      const abandon = AbortSignal.any([ports.aborting, watch.abandon]);
      // Every waiting cell listens; that is no leak, each takes its listener back.
      setMaxListeners(0, stop, abandon);
      let done = 0;
      const outcomes = await Promise.allSettled(
        cells.map(async (cell) => {
          try {
            return await attempt(cell, { run, stop, abandon });
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
      watch.end();
      const reply = summarise(outcomes, { ports });
      const tooMany = await tooManyFailed(ports.store, { ...run, id: experimentId });
      return tooMany ? { ...reply, tooManyFailures: true } : reply;
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
