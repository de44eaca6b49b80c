import { WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';

import { AssayError, type ErrorDocument } from '../core/errors/assay-error.js';
import { isErrorCode } from '../core/errors/catalogue.js';
import { experimentWorkflowId, taskQueues } from '../core/experiment/naming.js';
import { isEndingExecution } from './submit.js';
import { temporalUnreachable } from './temporal-failures.js';
import { requireWorker } from './worker-presence.js';

/** One command to the driver of a run. */
export interface DriverCommand {
  readonly project: string;
  readonly name: string;
  /** The name of the update. */
  readonly update: string;
  readonly request: object;
}

/** How often a command that met an execution in its last moment is sent again: the run may go on in a new one. */
const tries = 5;

/**
 * Asks the driver of a run to do something, and waits until it stands in the run's row.
 *
 * @throws AssayError with the code of the refusal, WORKER_MISSING (nobody would carry it out), EXPERIMENT_FINISHED where nobody
 *   drives the run, TEMPORAL_UNREACHABLE.
 */
export async function sendCommand(client: Client, command: DriverCommand): Promise<void> {
  const { project, name, update, request } = command;
  // Outside of the try: a namespace that is not found says nothing of the run.
  await requireWorker(client, taskQueues(project).orchestration).catch((error: unknown) => {
    throw temporalUnreachable(error);
  });
  const handle = client.workflow.getHandle(experimentWorkflowId(project, name));
  for (let attempt = 1; ; attempt += 1) {
    try {
      await handle.executeUpdate(update, { args: [request] });
      return;
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) throw refusalOf(error, name);
      if (!isEndingExecution(error)) throw temporalUnreachable(error);
      if (attempt >= tries) throw notDriven(name, error);
      await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
    }
  }
}

/** The refusal as the workflow coded it. */
function refusalOf(error: WorkflowUpdateFailedError, name: string): AssayError {
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) return notDriven(name, error);
  const [document] = (cause.details ?? []) as (ErrorDocument | undefined)[];
  if (document !== undefined) return withName(AssayError.from(document), { name, cause: error });
  // Workers of an earlier build refuse with a code alone.
  const code = isErrorCode(cause.type ?? '') ? (cause.type as AssayError['code']) : 'INTERNAL';
  return new AssayError(code, `"${name}": ${cause.message}`, { cause: error });
}

const withName = (
  { code, message, problems, mend }: AssayError,
  { name, cause }: { name: string; cause: unknown },
): AssayError =>
  new AssayError(code, `"${name}": ${message}`, {
    problems,
    cause,
    ...(mend === undefined ? {} : { mend }),
  });

const notDriven = (name: string, cause: unknown): AssayError =>
  new AssayError('EXPERIMENT_FINISHED', `"${name}" is not being run at this moment.`, {
    mend: 'Look at its status. Where it has not ended, submit it again: that takes it up.',
    cause,
  });
