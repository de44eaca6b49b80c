import {
  allHandlersFinished,
  CancellationScope,
  condition,
  ContinueAsNew,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import type {
  ExperimentInput,
  ExperimentOutcome,
  SubmitReply,
  SubmitRequest,
} from '../contracts/experiment-protocol.js';
import type { PassRequest, ReopenReply } from '../contracts/pass.js';
import { isFinalStatus } from '../core/experiment/naming.js';
import { experimentActivities, type ExperimentProxies } from './experiment-activities.js';
import { createExperimentBoard } from './experiment-board.js';
import { handleCommands } from './experiment-commands.js';
import { createRunControl } from './experiment-control.js';
import { progress, reopen, submit } from './experiment-messages.js';
import { drivePass, failPass, type Pass } from './experiment-pass.js';

/**
 * One experiment, from its submission to its report. The row in Postgres is the truth; this tells in which order
 * things happen and what is waited for. An execution drives one pass: the run itself, or what was asked of it later.
 */
export async function experiment(input: ExperimentInput): Promise<ExperimentOutcome> {
  const { state } = input;
  const board = createExperimentBoard(input);
  const call = experimentActivities(input.project);
  const control = createRunControl(new CancellationScope({ cancellable: true }));
  let admitted: Pass | undefined = state === undefined ? undefined : passOfState(state.plan);
  let submissions = 0;

  setHandler(progress, () => board.progress());
  setHandler(submit, async (request: SubmitRequest): Promise<SubmitReply> => {
    submissions += 1;
    const reply = await admit(request, call);
    // Attached to a run that has not ended while this execution drives none: its driver was lost, so drive it.
    if (reply.outcome === 'started') admitted ??= wholeRun(reply.experimentId, call);
    if (reply.outcome === 'attached' && !isFinalStatus(reply.status))
      admitted ??= wholeRun(reply.experimentId, call);
    return reply;
  });
  setHandler(reopen, async (request: PassRequest): Promise<ReopenReply> => {
    submissions += 1;
    const { runId } = workflowInfo();
    const reply = await call.control.reopenExperiment({
      project: input.project,
      name: input.name,
      request,
      token: `${runId}/${submissions}`,
      workflowRunId: runId,
      // An execution drives one pass: what would be opened beside it had no driver.
      ...(admitted === undefined ? {} : { onlyAttach: true }),
    });
    if (reply.outcome === 'started' || reply.outcome === 'attached')
      admitted ??= wholeRun(reply.experimentId, call);
    return reply;
  });
  const commands = handleCommands({
    board,
    call,
    control,
    experimentId: () => admitted?.experimentId,
  });
  if (state?.pause !== undefined) control.pauseFor(state.pause);
  if (state?.stopped !== undefined) control.stop(state.stopped);
  if (state?.cellsClosed === true) board.cellsClosed = true;
  if (state?.cancelled === true) {
    board.cancelled = true;
    control.cancellation.cancel();
  }

  try {
    await condition(() => admitted !== undefined || (submissions > 0 && allHandlersFinished()));
    if (admitted === undefined) {
      return { experimentId: undefined, status: 'nothing_to_do', counts: undefined };
    }
    return await drivePass(admitted, { board, call, control, commands, state });
  } catch (error) {
    const pass = admitted;
    // The SDK goes on in a new execution by throwing: that is no failure of the run.
    if (pass === undefined || error instanceof ContinueAsNew) throw error;
    return await CancellationScope.nonCancellable(() => failPass(pass, { board, call, error }));
  } finally {
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
}

async function admit(request: SubmitRequest, call: ExperimentProxies): Promise<SubmitReply> {
  const { workflowId, runId } = workflowInfo();
  return call.control.admitExperiment({ spec: request.spec, workflowId, workflowRunId: runId });
}

/** All that is to be done of the run: its cells, or those of the pass over it that goes on. */
const wholeRun = (experimentId: string, call: ExperimentProxies): Pass => ({
  experimentId,
  plan: () => call.control.planExperiment({ experimentId }),
});

/** The pass that the execution before this one drove. */
const passOfState = (plan: Awaited<ReturnType<Pass['plan']>>): Pass => ({
  experimentId: plan.experimentId,
  plan: () => Promise.resolve(plan),
});
