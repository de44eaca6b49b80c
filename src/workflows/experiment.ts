import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';

import type {
  AdmittedPlan,
  ExperimentInput,
  ExperimentOutcome,
  ExperimentState,
  SubmitReply,
  SubmitRequest,
} from '../contracts/experiment-protocol.js';
import type { ErrorDocument } from '../core/errors/assay-error.js';
import { planBatches } from '../core/experiment/batches.js';
import { isFinalStatus } from '../core/experiment/naming.js';
import { experimentActivities, type ExperimentProxies } from './experiment-activities.js';
import { createExperimentBoard, type ExperimentBoard } from './experiment-board.js';
import { cancel, progress, submit } from './experiment-messages.js';
import { drain, verify, type Sides } from './experiment-publishing.js';
import { failureDocument } from './failure-document.js';
import { slidingWindow } from './sliding-window.js';

/**
 * One experiment, from its submission to its report. The row in Postgres is the truth; this tells in which order
 * things happen and what is waited for.
 */
export async function experiment(input: ExperimentInput): Promise<ExperimentOutcome> {
  const board = createExperimentBoard(input);
  const call = experimentActivities(input.project);
  const cancellation = new CancellationScope({ cancellable: true });
  let admitted: string | undefined = input.state?.plan.experimentId;
  let submissions = 0;

  setHandler(progress, () => board.progress());
  setHandler(submit, async (request: SubmitRequest): Promise<SubmitReply> => {
    submissions += 1;
    const reply = await admit(request, call);
    // Attached to a run that has not ended while this execution drives none: its driver was lost, so drive it.
    if (reply.outcome === 'started') admitted ??= reply.experimentId;
    if (reply.outcome === 'attached' && !isFinalStatus(reply.status))
      admitted ??= reply.experimentId;
    return reply;
  });
  setHandler(
    cancel,
    () => {
      board.cancelled = true;
      cancellation.cancel();
    },
    // Once every cell has ended there is nothing left to cancel, and a whole run must not be called cancelled.
    { validator: () => refuseWhenClosed(board) },
  );
  if (input.state?.cancelled === true) {
    board.cancelled = true;
    cancellation.cancel();
  }

  try {
    await condition(() => admitted !== undefined || (submissions > 0 && allHandlersFinished()));
    if (admitted === undefined) {
      return { experimentId: undefined, status: 'nothing_to_do', counts: undefined };
    }
    return await drive(admitted, { board, call, cancellation, state: input.state });
  } catch (error) {
    const experimentId = admitted;
    // The SDK goes on in a new execution by throwing: that is no failure of the run.
    if (experimentId === undefined || error instanceof ContinueAsNew) throw error;
    return await CancellationScope.nonCancellable(() => fail(experimentId, { board, call, error }));
  } finally {
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
}

async function admit(request: SubmitRequest, call: ExperimentProxies): Promise<SubmitReply> {
  const { workflowId, runId } = workflowInfo();
  return call.control.admitExperiment({ spec: request.spec, workflowId, workflowRunId: runId });
}

interface Drive extends Sides {
  readonly cancellation: CancellationScope;
  readonly state: ExperimentState | undefined;
}

async function drive(
  experimentId: string,
  { board, call, cancellation, state }: Drive,
): Promise<ExperimentOutcome> {
  board.status('planning');
  const plan =
    state?.plan ?? (await cancellation.run(() => call.control.planExperiment({ experimentId })));
  board.planned(plan);

  // Publishing goes on beside the cells, so that people see results live and a platform that is away holds
  // nothing up but itself. It goes on after a cancel as well, also one from the Temporal UI: what was paid for is shown.
  const publishing = new CancellationScope({
    cancellable: true,
    parent: new CancellationScope({ cancellable: false }),
  });
  const drains = publishing.run(() =>
    Promise.all(plan.platforms.map((platform) => drain(plan, { platform, board, call }))),
  );
  // A platform that refuses for good takes nothing from the cells: the run goes on and ends as unverified.
  const published: Promise<Published> = drains.then(
    (states) => ({ paused: states.includes('paused') }),
    (error: unknown) => ({ paused: false, refusal: failureDocument(error) }),
  );
  const stopPublishing = async (): Promise<void> => {
    publishing.cancel();
    await published;
  };
  const handOver = async (nextPosition: number): Promise<never> => {
    await CancellationScope.nonCancellable(async () => {
      await stopPublishing();
      await condition(allHandlersFinished);
    });
    // Read here: a cancel may have come while the publisher was stopping.
    const cancelled = cancellation.consideredCancelled ? { cancelled: true } : {};
    return continueAsNew<typeof experiment>({
      ...board.input,
      state: { version: 1, plan: board.handOver(plan), nextPosition, ...cancelled },
    });
  };

  // A run that fails publishes what it has all the same: those cells are paid for.
  let failure: ErrorDocument | undefined;
  try {
    const next = await runCells(plan, { board, call, cancellation, state });
    if (next < plan.planned && !board.cancelled) return await handOver(next);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    failure = failureDocument(error);
  }

  return await CancellationScope.nonCancellable(async () => {
    const ended = failure !== undefined ? 'failed' : board.cancelled ? 'cancelled' : undefined;
    board.cellsClosed = true;
    board.counts(
      await call.control.closeCells({ experimentId, ...(ended === undefined ? {} : { ended }) }),
    );
    board.status('publishing');
    const { paused, refusal } = await published;
    if (paused) return handOver(plan.planned);
    const unverified = refusal ?? (await verify(plan, { board, call }));
    const error = failure ?? (unverified === 'incomplete' ? undefined : unverified);
    const outcome = await call.control.finishExperiment({
      experimentId,
      status: ended ?? (unverified === undefined ? 'completed' : 'completed_unverified'),
      ...(error === undefined ? {} : { error }),
    });
    board.finished(outcome);
    return outcome;
  });
}

function refuseWhenClosed(board: ExperimentBoard): void {
  if (!board.cellsClosed) return;
  throw ApplicationFailure.nonRetryable('Every cell has ended already.', 'EXPERIMENT_FINISHED');
}

/** How publishing ended: all sent, refused for good, or paused since this history has grown long. */
interface Published {
  readonly paused: boolean;
  readonly refusal?: ErrorDocument;
}

/**
 * Runs all batches.
 *
 * @returns the first position that is not done. Where that is before the end and nothing was cancelled, this history has
 *   grown long and a new execution goes on from there.
 */
async function runCells(
  plan: AdmittedPlan,
  { board, call, cancellation, state }: Drive,
): Promise<number> {
  board.status('running');
  const { size, window } = planBatches(plan.planned, plan.concurrency);
  let next = state?.nextPosition ?? 0;
  let unfinished = plan.planned;
  try {
    await cancellation.run(() =>
      slidingWindow({
        window,
        next: () => {
          if (next >= plan.planned || workflowInfo().continueAsNewSuggested) return undefined;
          const from = next;
          const to = Math.min(plan.planned, from + size);
          next = to;
          return async () => {
            const done = await runBatch(plan, { from, to, board, call, cancellation });
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

/** Runs one batch to its end; false where it must wait once more and this history has grown long. */
async function runBatch(
  plan: AdmittedPlan,
  { from, to, board, call, cancellation }: Omit<Drive, 'state'> & { from: number; to: number },
): Promise<boolean> {
  for (;;) {
    const reply = await call.cells.runCells.executeWithOptions(
      { summary: `cells ${from + 1}–${to} of ${plan.planned}` },
      [{ experimentId: plan.experimentId, from, to }],
    );
    board.batchDone(reply);
    // Cells that were not started belong to a cancel; without one somebody paused or reset the activity, so it runs again.
    const again = reply.notStarted > 0 && !cancellation.consideredCancelled;
    const deferred = reply.deferred ?? (again ? interrupted : undefined);
    if (deferred === undefined) return true;
    board.waitingFor(deferred.reason);
    await sleep(deferred.waitMs, { summary: deferred.reason });
    board.waitingFor(undefined);
    // A rate limit of days would fill the history until the server ends the run. What is done of the batch is not done
    // again: the next execution's batch finds the rest.
    if (workflowInfo().continueAsNewSuggested) return false;
  }
}

const interrupted = { waitMs: 1_000, reason: 'a batch was interrupted' };

async function fail(
  experimentId: string,
  { board, call, error }: Sides & { error: unknown },
): Promise<ExperimentOutcome> {
  const cancelled = isCancellation(error);
  // Every planned cell ends in one state, also in a run that fails; where even that fails the run is ended all the same.
  await call.control
    .closeCells({ experimentId, ended: cancelled ? 'cancelled' : 'failed' })
    .catch(() => undefined);
  const outcome = await call.control.finishExperiment({
    experimentId,
    status: cancelled ? 'cancelled' : 'failed',
    ...(cancelled ? {} : { error: failureDocument(error) }),
  });
  board.finished(outcome);
  return outcome;
}
