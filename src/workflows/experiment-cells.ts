import { condition, isCancellation, patched, workflowInfo } from '@temporalio/workflow';

import type { AdmittedPlan, BatchReply, RunPause } from '../contracts/experiment-protocol.js';
import { AssayError } from '../core/errors/assay-error.js';
import { createStragglers, mostBatches, planBatches } from '../core/experiment/batches.js';
import { taskPriority } from '../core/experiment/priority.js';
import { budgetPauseText, leastBudget } from '../core/money/budget-text.js';
import type { ExperimentCommands } from './experiment-commands.js';
import type { RunControl } from './experiment-control.js';
import type { Sides } from './experiment-publishing.js';
import { slidingWindow } from './sliding-window.js';

/** What the cells of a pass are run with. */
export interface CellsWork extends Sides {
  readonly control: RunControl;
  readonly commands: ExperimentCommands;
  /** The first position that is not done. */
  readonly from: number;
}

/** The widest window of histories of before `stragglers`. */
const formerlyMostBatches = 20;

/**
 * Runs all batches.
 *
 * @returns the first position that is not done. Where that is before the end and nothing was cancelled or stopped, this history
 *   has grown long and a new execution goes on from there.
 */
export async function runCells(plan: AdmittedPlan, work: CellsWork): Promise<number> {
  const { board, control, commands, from: start } = work;
  if (control.pause === undefined) board.status('running');
  else commands.showPause(control.pause);
  const { cancellation } = control;
  let next = start;
  let unfinished = plan.planned;
  const widens = patched('stragglers');
  const stragglers = createStragglers();
  const share = patched('whole batches') ? 1 : widens ? 2 : 4;
  const batches = () => planBatches(plan.planned, control.concurrency ?? plan.concurrency, share);
  try {
    await cancellation.run(() =>
      slidingWindow({
        lanes: widens ? mostBatches : formerlyMostBatches,
        window: () => batches().window + (widens ? stragglers.count : 0),
        wait: condition,
        next: () => {
          const long = workflowInfo().continueAsNewSuggested;
          if (next >= plan.planned || long || control.stopped !== undefined) return undefined;
          const from = next;
          const to = Math.min(plan.planned, from + batches().size);
          next = to;
          return async () => {
            stragglers.started(from);
            const done = await runBatch(plan, { from, to }, work);
            stragglers.ended(from);
            if (!done) unfinished = Math.min(unfinished, from);
          };
        },
      }),
    );
  } catch (error) {
    // After a cancel the server retries no activity, so a batch that lost its worker on the way out fails: it is cancelled.
    const cancelled = board.cancelled || cancellation.consideredCancelled;
    if (!isCancellation(error) && !cancelled) throw error;
  }
  // A cancel from the Temporal UI is no update of ours, and batches that were told to stop end well: nothing is thrown then.
  if (cancellation.consideredCancelled) board.cancelled = true;
  return Math.min(next, unfinished);
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Runs one batch to its end; false where it must wait once more and this history has grown long, or the run was stopped. */
async function runBatch(plan: AdmittedPlan, range: Range, work: CellsWork): Promise<boolean> {
  const { board, control, commands } = work;
  for (;;) {
    if (!(await control.mayRun())) return false;
    const { budgetChanges } = control;
    const reply = await control.interruptible(() => callBatch(plan, range, work));
    if (reply === undefined) continue;
    board.batchDone(reply);
    if (reply.tooManyFailures === true) {
      control.stop(tooMany());
      return false;
    }
    if (reply.outOfBudget !== undefined) {
      // The batch may know an older budget than we do: then it is asked again.
      if (control.budgetChanges === budgetChanges)
        commands.outOfBudget(budgetPause(reply.outOfBudget, board.input.name));
      continue;
    }
    const { cancellation } = control;
    // Cells that were not started belong to a cancel or a pause; without one somebody paused or reset the activity.
    const again = reply.notStarted > 0 && !cancellation.consideredCancelled;
    const interrupted = control.pause !== undefined || control.stopped !== undefined;
    const deferred = reply.deferred ?? (again && !interrupted ? reset : undefined);
    if (deferred === undefined && again) continue;
    if (deferred === undefined) return true;
    // A rate limit of days would fill the history until the server ends the run. What is done of the batch is not done
    // again: the next execution's batch finds the rest.
    if (!(await waitOut(deferred, work))) return false;
  }
}

function callBatch(
  plan: AdmittedPlan,
  { from, to }: Range,
  { board, call }: CellsWork,
): Promise<BatchReply> {
  return call.cells.runCells.executeWithOptions(
    {
      summary: `cells ${from + 1}–${to} of ${plan.planned}`,
      priority: taskPriority(board.input.project, plan.priority),
    },
    [
      {
        experimentId: plan.experimentId,
        from,
        to,
        ...(plan.pass === undefined ? {} : { pass: plan.pass }),
      },
    ],
  );
}

/** Waits as long as somebody asked to, where people see it; false where this history has grown long. */
async function waitOut(
  deferred: { readonly waitMs: number; readonly reason: string },
  { board, control }: CellsWork,
): Promise<boolean> {
  const until = Date.now() + deferred.waitMs;
  const reason = `${deferred.reason}${untilText(until, deferred.waitMs)}`;
  const over = board.waitingFor(reason);
  try {
    return await control.sleepUntil(until, reason);
  } finally {
    over();
  }
}

/** The moment that a wait of more than some seconds ends, with its day where that is another one. */
function untilText(until: number, waitMs: number): string {
  if (waitMs < 10_000) return '';
  const text = new Date(until).toISOString();
  const today = new Date(until - waitMs).toISOString().slice(0, 10);
  const day = text.startsWith(today) ? '' : `${text.slice(0, 10)} `;
  return ` (until ${day}${text.slice(11, 16)} UTC)`;
}

const reset = { waitMs: 1_000, reason: 'a batch was interrupted' };

function budgetPause(of: NonNullable<BatchReply['outOfBudget']>, name: string): RunPause {
  return {
    cause: 'budget',
    reason: budgetPauseText(of, name),
    ...(of.neededUsd === undefined ? {} : { leastBudgetUsd: leastBudget(of) }),
    since: new Date(Date.now()).toISOString(),
  };
}

const tooMany = () =>
  new AssayError('MAX_FAILURES', 'More cells failed than the run allows.').toJSON();
