import { proxyActivities } from '@temporalio/workflow';

import type { EstimateReply, ExperimentActivities } from '../contracts/experiment-protocol.js';
import type { ExperimentSpec } from '../contracts/experiment-spec.js';
import { taskQueues } from '../core/experiment/naming.js';

/** Asks a worker, which alone may load the project's config, what a run would come to. */
export async function estimate({
  spec,
}: {
  readonly spec: ExperimentSpec;
}): Promise<EstimateReply> {
  const { estimateExperiment } = proxyActivities<Pick<ExperimentActivities, 'estimateExperiment'>>({
    taskQueue: taskQueues(spec.project).orchestration,
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '30 s',
    retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '5 s' },
  });
  return estimateExperiment({ spec });
}
