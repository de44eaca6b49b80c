import {
  allHandlersFinished,
  CancellationScope,
  condition,
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  patched,
} from '@temporalio/workflow';

import type {
  AdmittedPlan,
  ExperimentInput,
  ExperimentOutcome,
  ExperimentState,
} from '../contracts/experiment-protocol.js';
import type { ExperimentStatus } from '../contracts/records.js';
import type { ErrorDocument } from '../core/errors/assay-error.js';
import { unverifiedError, type Unverified } from '../core/experiment/unverified.js';
import type { ExperimentProxies } from './experiment-activities.js';
import { runCells } from './experiment-cells.js';
import type { ExperimentCommands } from './experiment-commands.js';
import type { RunControl } from './experiment-control.js';
import {
  deleteReplaced,
  drainAll,
  repairAll,
  verify,
  type Sides,
} from './experiment-publishing.js';
import { failureDocument } from './failure-document.js';

/**
 * One way through the cells of a run: the run itself, or what was asked of it once it had ended. Its plan says which positions
 * there are to run; everything after that is the same: cells, publishing, reading back, report.
 */
export interface Pass {
  readonly experimentId: string;
  /** Makes the cells of this pass, or reads what was made; repeats are harmless. */
  readonly plan: () => Promise<AdmittedPlan>;
}

/** What a pass is driven with. */
export interface Drive extends Sides {
  readonly control: RunControl;
  readonly commands: ExperimentCommands;
  /** What the execution before this one left. */
  readonly state: ExperimentState | undefined;
}

/** Drives a pass to its end. @returns how the run ended. */
export async function drivePass(pass: Pass, drive: Drive): Promise<ExperimentOutcome> {
  const { board, call, control, commands, state } = drive;
  const { cancellation } = control;
  const { experimentId } = pass;
  board.status('planning');
  const plan = state?.plan ?? (await cancellation.run(() => pass.plan()));
  board.planned(plan);
  if (state === undefined && plan.pause !== undefined && control.pause === undefined)
    control.pauseFor(plan.pause);

  // What is missing must be pending before the publisher looks, or it would find nothing to do.
  const repairs = state === undefined && plan.pass?.repair === true;
  const repairWithin = repairs && patched('repair-by-platform') ? cancellation : undefined;
  if (repairs && repairWithin === undefined)
    await cancellation.run(() => repairAll(plan, { board, call }));

  // Publishing goes on beside the cells, so that people see results live and a platform that is away holds
  // nothing up but itself. It goes on after a cancel as well, also one from the Temporal UI: what was paid for is shown.
  const publishing = new CancellationScope({
    cancellable: true,
    parent: new CancellationScope({ cancellable: false }),
  });
  // A platform that refuses for good takes nothing from the cells: the run goes on and ends as unverified.
  const published = publishing.run(() => drainAll(plan, { board, call, repairWithin }));
  const stopPublishing = async (): Promise<void> => {
    publishing.cancel();
    await published;
  };
  let failure: ErrorDocument | undefined = state?.failure;
  const handOver = async (nextPosition: number): Promise<never> => {
    await CancellationScope.nonCancellable(async () => {
      await stopPublishing();
      await commands.recorded();
      await condition(allHandlersFinished);
    });
    // Read here: a command may have come while the publisher was stopping.
    return continueAsNew<(input: ExperimentInput) => Promise<ExperimentOutcome>>({
      ...board.input,
      state: {
        version: 2,
        plan: { ...board.handOver(plan), concurrency: control.concurrency ?? plan.concurrency },
        nextPosition,
        ...(cancellation.consideredCancelled ? { cancelled: true } : {}),
        ...(control.pause === undefined ? {} : { pause: control.pause }),
        ...(board.cellsClosed ? { cellsClosed: true } : {}),
        ...(control.stopped?.code === 'EARLY_STOP' ? { stopped: control.stopped } : {}),
        ...(failure === undefined ? {} : { failure }),
      },
    });
  };

  // A run that fails publishes what it has all the same: those cells are paid for.
  try {
    const from = state?.nextPosition ?? 0;
    const next = await runCells(plan, { board, call, control, commands, from });
    const over = board.cancelled || control.stopped !== undefined;
    if (next < plan.planned && !over) return await handOver(next);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    failure = failureDocument(error);
  }

  return await CancellationScope.nonCancellable(async () => {
    const ended = endOf({ failure, cancelled: board.cancelled, stopped: control.stopped });
    board.cellsClosed = true;
    // The reason of the skipped cells, and what the gate goes by, stand in the row.
    if (ended === 'settled') await commands.recorded();
    board.counts(
      await call.control.closeCells({ experimentId, ...(ended === undefined ? {} : { ended }) }),
    );
    if (ended === 'max_failures') failure = await call.control.explainFailures({ experimentId });
    board.status('publishing');
    const drained = await published;
    if (drained.some(({ state }) => state === 'paused')) return handOver(plan.planned);
    const reached = {
      ...plan,
      platforms: drained.flatMap(({ platform, state }) => (state === 'done' ? [platform] : [])),
    };
    if (plan.pass !== undefined) await deleteReplaced(reached, { board, call });
    const unverified = [
      ...drained.flatMap((each): Unverified[] =>
        each.state === 'refused' ? [{ platform: each.platform, why: each.error }] : [],
      ),
      ...(await verify(reached, { board, call })),
    ];
    const error = failure ?? unverifiedError(unverified, plan.platforms);
    const outcome = await call.control.finishExperiment({
      experimentId,
      status: statusOf(ended, unverified.length === 0),
      ...(error === undefined ? {} : { error }),
    });
    board.finished(outcome);
    return outcome;
  });
}

/** Why cells may be left without a run. */
function endOf(of: {
  failure: ErrorDocument | undefined;
  cancelled: boolean;
  stopped: ErrorDocument | undefined;
}): Ended | undefined {
  const settled = of.stopped?.code === 'EARLY_STOP';
  const stopped = of.stopped !== undefined && !settled;
  // The failure of an execution before this one may be that of a run that was stopped.
  if (of.failure?.code === 'MAX_FAILURES' || (of.failure === undefined && stopped))
    return 'max_failures';
  if (of.failure !== undefined) return 'failed';
  if (of.cancelled) return 'cancelled';
  return settled ? 'settled' : undefined;
}

type Ended = NonNullable<Parameters<ExperimentProxies['control']['closeCells']>[0]['ended']>;

/** A run whose verdict was settled has ended well: nothing is missing of what it was asked. */
function statusOf(ended: Ended | undefined, verified: boolean): ExperimentStatus {
  if (ended === 'cancelled') return 'cancelled';
  if (ended === 'failed' || ended === 'max_failures') return 'failed';
  return verified ? 'completed' : 'completed_unverified';
}

/** Ends a run whose pass could not be driven. */
export async function failPass(
  { experimentId }: Pass,
  { board, call, error }: Sides & { error: unknown },
): Promise<ExperimentOutcome> {
  const cancelled = isCancellation(error);
  // Every planned cell ends in one state, also in a run that fails; where even that fails the run is ended all the same, and
  // says so: some of its cells still wait, and what a pass has replaced still stands.
  const unclosed = await call.control
    .closeCells({ experimentId, ended: cancelled ? 'cancelled' : 'failed' })
    .then(() => undefined, failureDocument);
  const reason = failureToTell(cancelled ? undefined : failureDocument(error), unclosed);
  const outcome = await call.control.finishExperiment({
    experimentId,
    status: cancelled ? 'cancelled' : 'failed',
    ...(reason === undefined ? {} : { error: reason }),
  });
  board.finished(outcome);
  return outcome;
}

/** Why a run failed, and with it why its cells could not be closed. */
export function failureToTell(
  failure: ErrorDocument | undefined,
  unclosed: ErrorDocument | undefined,
): ErrorDocument | undefined {
  if (failure === undefined || unclosed === undefined) return failure ?? unclosed;
  // Closing was what failed in the first place.
  if (failure.code === unclosed.code && failure.message === unclosed.message) return failure;
  const more = { at: 'closing its cells', message: `${unclosed.code}: ${unclosed.message}` };
  return { ...failure, problems: [...failure.problems, more] };
}
