import { ApplicationFailure } from '@temporalio/common';
import { setMaxListeners } from 'node:events';

import type { BatchReply, ExperimentActivities } from '../../contracts/experiment-protocol.js';
import type { CellResult } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { dollarsFromPico } from '../../core/money/pico.js';
import { waitingCells } from '../../store/cells.js';
import { budgetOf } from '../../store/budget.js';
import { withHeartbeat } from '../heartbeat.js';
import { runBatch, smallBatchBytes } from './batch-cells.js';
import { createCellAttempts, type Outcome } from './cell-attempts.js';
import { createCellCommitter } from './cell-committer.js';
import { createCellMemory } from './cell-memory.js';
import { tooManyFailed } from './failure-limit.js';
import type { ExperimentPorts } from './ports.js';
import { createPassCell } from './pass-cell.js';
import { createReuseCell } from './reuse-cell.js';
import { createTakeOver } from './take-over.js';
import { createRunCell } from './run-cell.js';
import { watchRun } from './run-watch.js';
import { createRunningExperiments } from './running-experiment.js';

/**
 * Runs the pending cells of a range of positions. The rows say what is pending, so a repeated batch takes up where the
 * last one was lost. A cell's failure is data; only infrastructure fails the batch.
 */
export function createRunCells(ports: ExperimentPorts): ExperimentActivities['runCells'] {
  const runs = createRunningExperiments(ports);
  const committer = createCellCommitter(ports.store);
  const memory = createCellMemory();
  const { attempt } = createCellAttempts({
    ...ports,
    runCell: memory.watching(createReuseCell(ports, createPassCell(ports, createRunCell(ports)))),
    committer,
  });
  const takeOver = createTakeOver(ports.store, committer);

  return ({ experimentId, from, to, pass }) =>
    withHeartbeat(async (beat) => {
      const loaded = await runs.get(experimentId, pass);
      if ('refused' in loaded) return refusedBatch(loaded.refused, to - from);
      const { run } = loaded;
      const cells = await waitingCells(ports.store, {
        experimentId,
        fromPosition: from,
        toPosition: to,
        bodyBytes: smallBatchBytes,
        ...(pass === undefined ? {} : { pass: pass.number }),
      });
      const failed = new AbortController();
      const watch = watchRun(ports.store, { run, cancelled: beat.cancelled });
      const stop = AbortSignal.any([beat.cancelled, ports.draining, failed.signal, watch.stop]);
      const abandon = AbortSignal.any([ports.aborting, watch.abandon]);
      // Every waiting cell listens; that is no leak, each takes its listener back.
      setMaxListeners(0, stop, abandon);
      const outcomes = await runBatch(
        {
          cells,
          work: { run, stop, abandon },
          onFailure: (error) => {
            failed.abort(error);
          },
          onDone: (done) => {
            beat.tell({ done, of: cells.length });
          },
        },
        { store: ports.store, memory, takeOver, attempt },
      ).finally(() => watch.end());
      const summary = await withBudget(summarise(outcomes, { ports }), {
        outcomes,
        ports,
        experimentId,
      });
      // A judgement ends no cell: none was pending, and how cells end is what it may change.
      if (pass?.kind === 'rejudge') return { ...summary, ended: noneEnded };
      const tooMany = await tooManyFailed(ports.store, { ...run, id: experimentId });
      return tooMany ? { ...summary, tooManyFailures: true } : summary;
    });
}

/** Says so where the budget held no further call of a cell, with where it stands. */
async function withBudget(
  reply: BatchReply,
  of: {
    outcomes: readonly PromiseSettledResult<Outcome>[];
    ports: ExperimentPorts;
    experimentId: string;
  },
): Promise<BatchReply> {
  const { outcomes, ports, experimentId } = of;
  const used = outcomes.flatMap((each) =>
    each.status === 'fulfilled' && each.value.kind === 'out_of_budget' ? [each.value] : [],
  );
  const budget = used.length > 0 ? await budgetOf(ports.store, experimentId) : undefined;
  if (budget === undefined) return reply;
  const { spentUsd, budgetUsd } = budget;
  const needed = used.flatMap(({ neededPico }) => neededPico ?? []);
  const least = needed.reduce((a, b) => (b < a ? b : a), needed[0] ?? 0n);
  return {
    ...reply,
    outOfBudget: {
      spentUsd,
      budgetUsd,
      ...(needed.length === 0 ? {} : { neededUsd: Number(dollarsFromPico(least)) }),
    },
  };
}

const noneEnded = { ok: 0, target_error: 0, evaluator_error: 0 };

/** Shorter than what the workflow tells the end of: nothing is sure to be over then, a worker is only asked again. */
const askAgainMs = 9_000;

// Told to the workflow as a wait, where people see why nothing moves; meanwhile a worker with the right code may take it.
export function refusedBatch(reason: AssayError, cells: number): BatchReply {
  return {
    ended: noneEnded,
    notStarted: 0,
    deferred: { cells, waitMs: askAgainMs, reason: whyRefused(reason) },
  };
}

/** Everything in one line: what is wrong, where, and what ends the wait. */
function whyRefused({ message, problems, mend }: AssayError): string {
  const places = problems.map(({ at }) => at).join(', ');
  return [message, ...(places === '' ? [] : [`Different: ${places}.`]), mend ?? []]
    .flat()
    .join(' ');
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
