import { proxyActivities } from '@temporalio/workflow';

import type { GateActivities, ScheduledCheck } from '../contracts/gate-protocol.js';
import type { ScheduledInput } from '../contracts/schedule.js';
import { taskQueues } from '../core/experiment/naming.js';

/** Asks a worker, which alone may load the project's config, whether what a job names is there. */
export async function scheduledCheck(
  input: Pick<ScheduledInput, 'project' | 'work'>,
): Promise<ScheduledCheck> {
  const { checkScheduled } = proxyActivities<Pick<GateActivities, 'checkScheduled'>>({
    taskQueue: taskQueues(input.project).orchestration,
    startToCloseTimeout: '1 minute',
    heartbeatTimeout: '30 s',
    retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '5 s' },
  });
  return checkScheduled(input);
}
