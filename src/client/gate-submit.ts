import {
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  type Client,
} from '@temporalio/client';

import type {
  GateAdmission,
  GateOutcome,
  GateRequest,
  RegressionInput,
} from '../contracts/gate-protocol.js';
import {
  admitUpdate,
  gateWorkflowId,
  regressionWorkflowType,
  taskQueues,
} from '../core/experiment/naming.js';
import { attributesOf } from './search-attributes.js';
import { isEndingExecution, unreachable } from './submit.js';
import { requireWorker } from './worker-presence.js';

type RegressionWorkflow = (input: RegressionInput) => Promise<GateOutcome>;

/** How often a request that met an execution in its last moment is sent again. */
const tries = 5;

/**
 * Sends a request: starts the gate of this name or asks the one that runs how it was taken.
 *
 * @throws AssayError WORKER_MISSING, TEMPORAL_UNREACHABLE
 */
export async function submitGate(client: Client, request: GateRequest): Promise<GateAdmission> {
  await requireWorker(client, taskQueues(request.project).orchestration).catch((error: unknown) => {
    throw unreachable(error);
  });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send(client, request);
    } catch (error) {
      if (attempt >= tries || !isEndingExecution(error)) throw unreachable(error);
      await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
    }
  }
}

function send(client: Client, request: GateRequest): Promise<GateAdmission> {
  const { project, name } = request;
  const start = new WithStartWorkflowOperation<RegressionWorkflow>(regressionWorkflowType, {
    workflowId: gateWorkflowId(project, name),
    taskQueue: taskQueues(project).orchestration,
    args: [{ request }],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    staticSummary: 'gate',
    staticDetails: 'What stands where is told under "current details" while it runs.',
    typedSearchAttributes: attributesOf(project, 'gate'),
  });
  return client.workflow.executeUpdateWithStart<RegressionWorkflow, GateAdmission, []>(
    admitUpdate,
    { args: [], startWorkflowOperation: start },
  );
}
