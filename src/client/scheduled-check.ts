import { randomUUID } from 'node:crypto';

import { WorkflowFailedError, type Client } from '@temporalio/client';

import type { ScheduledCheck } from '../contracts/gate-protocol.js';
import type { ScheduleSpec } from '../contracts/schedule.js';
import { AssayError } from '../core/errors/assay-error.js';
import {
  scheduledCheckWorkflowId,
  scheduledCheckWorkflowType,
  taskQueues,
} from '../core/experiment/naming.js';
import { temporalUnreachable } from './temporal-failures.js';
import { requireWorker } from './worker-presence.js';

/**
 * Makes sure that what a job names is there, by asking a worker of the project.
 *
 * @throws AssayError SCHEDULE_INVALID with all names that are not, WORKER_MISSING, TEMPORAL_UNREACHABLE, PLATFORM_*
 */
export async function checkScheduledNames(
  client: Client,
  { project, work }: Pick<ScheduleSpec, 'project' | 'work'>,
): Promise<void> {
  const taskQueue = taskQueues(project).orchestration;
  let reply: ScheduledCheck;
  try {
    await requireWorker(client, taskQueue);
    reply = (await client.workflow.execute(scheduledCheckWorkflowType, {
      workflowId: scheduledCheckWorkflowId(project, randomUUID()),
      taskQueue,
      args: [{ project, work }],
      // Whoever asks waits for it; an answer that comes later is for nobody.
      workflowExecutionTimeout: '2 minutes',
      staticSummary: `names of a schedule of ${work.head.target}`,
    })) as ScheduledCheck;
  } catch (error) {
    if (error instanceof WorkflowFailedError) throw unanswered(taskQueue, error);
    if (AssayError.is(error) && error.code === 'WORKER_MISSING') throw withoutCheck(error);
    throw temporalUnreachable(error);
  }
  if ('error' in reply) throw AssayError.from(reply.error);
  const { problems } = reply;
  if (problems.length === 0) return;
  throw new AssayError('SCHEDULE_INVALID', 'The schedule names what is not there.', { problems });
}

const skip = 'To create it without a look at its names: `--no-check`.';

/** A worker of an older version does not know the question, and one that is too busy does not come to it. */
const unanswered = (taskQueue: string, cause: unknown): AssayError =>
  new AssayError(
    'WORKER_MISSING',
    `No worker of "${taskQueue}" said whether its names are there.`,
    {
      mend: `Look whether the workers are of this version. ${skip}`,
      cause,
    },
  );

const withoutCheck = (error: AssayError): AssayError =>
  new AssayError(error.code, error.message, {
    mend: `${error.mend ?? ''} ${skip}`.trim(),
    cause: error,
  });
