import { randomUUID } from 'node:crypto';

import type { Client } from '@temporalio/client';

import type { ExperimentEstimate } from '../contracts/estimate.js';
import type { EstimateReply } from '../contracts/experiment-protocol.js';
import type { ExperimentSpec } from '../contracts/experiment-spec.js';
import { AssayError } from '../core/errors/assay-error.js';
import { estimateWorkflowId, estimateWorkflowType, taskQueues } from '../core/experiment/naming.js';
import { temporalUnreachable } from './temporal-failures.js';
import { requireWorker } from './worker-presence.js';

/**
 * Asks a worker what a run would come to.
 *
 * @throws AssayError WORKER_MISSING, TEMPORAL_UNREACHABLE, and what stands in the way of the run.
 */
export async function estimateExperiment(
  client: Client,
  spec: ExperimentSpec,
): Promise<ExperimentEstimate> {
  const taskQueue = taskQueues(spec.project).orchestration;
  let reply: EstimateReply;
  try {
    await requireWorker(client, taskQueue);
    reply = (await client.workflow.execute(estimateWorkflowType, {
      workflowId: estimateWorkflowId(spec.project, randomUUID()),
      taskQueue,
      args: [{ spec }],
      // Whoever asks waits for it; an answer that comes later is for nobody.
      workflowExecutionTimeout: '1 hour',
      staticSummary: `estimate of ${spec.target} over ${spec.dataset.name}`,
    })) as EstimateReply;
  } catch (error) {
    throw temporalUnreachable(error);
  }
  if ('error' in reply) throw AssayError.from(reply.error);
  return reply.estimate;
}
