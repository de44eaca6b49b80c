import {
  WithStartWorkflowOperation,
  WorkflowFailedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  type Client,
} from '@temporalio/client';

import type {
  ExperimentInput,
  SubmitReply,
  SubmitRequest,
} from '../contracts/experiment-protocol.js';
import type { ExperimentSpec } from '../contracts/experiment-spec.js';
import {
  experimentWorkflowId,
  experimentWorkflowType,
  submitUpdate,
  taskQueues,
} from '../core/experiment/naming.js';
import { taskPriority } from '../core/experiment/priority.js';
import { attributesOf } from './search-attributes.js';
import { temporalUnreachable } from './temporal-failures.js';
import { requireWorker } from './worker-presence.js';

type ExperimentWorkflow = (input: ExperimentInput) => Promise<unknown>;

/** How often a submission that met an execution in its last moment is sent again. */
const tries = 5;

/**
 * Sends a submission: starts the workflow of this name or talks to the one that runs.
 *
 * @throws AssayError WORKER_MISSING, TEMPORAL_UNREACHABLE
 */
export async function submitExperiment(client: Client, spec: ExperimentSpec): Promise<SubmitReply> {
  await requireWorker(client, taskQueues(spec.project).orchestration).catch(rethrowCoded);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send(client, spec);
    } catch (error) {
      // An execution that ends at this very moment takes no more updates; the next one starts with this submission.
      if (attempt >= tries || !isEndingExecution(error)) throw unreachable(error);
      await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
    }
  }
}

async function send(client: Client, spec: ExperimentSpec): Promise<SubmitReply> {
  const { project, name } = spec;
  const start = new WithStartWorkflowOperation<ExperimentWorkflow>(experimentWorkflowType, {
    workflowId: experimentWorkflowId(project, name),
    taskQueue: taskQueues(project).orchestration,
    args: [{ project, name }],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    // Its activities inherit it.
    priority: taskPriority(project, spec.priority),
    staticSummary: summaryOf(spec),
    staticDetails: detailsOf(spec),
    typedSearchAttributes: attributesOf(project, 'experiment'),
  });
  return client.workflow.executeUpdateWithStart<ExperimentWorkflow, SubmitReply, [SubmitRequest]>(
    submitUpdate,
    { args: [{ spec }], startWorkflowOperation: start },
  );
}

function summaryOf({ target, dataset, quick }: ExperimentSpec): string {
  const sample = quick === undefined ? '' : `, quick: a sample of ${quick.items} items`;
  return `${target} over ${dataset.name}${sample}`;
}

function detailsOf(spec: ExperimentSpec): string {
  return [
    `Target \`${spec.target}\` over dataset \`${spec.dataset.name}\`,`,
    `${spec.repetitions} repetition${spec.repetitions === 1 ? '' : 's'} of each item, ${spec.concurrency} cell${spec.concurrency === 1 ? '' : 's'} at once.`,
    '',
    'What stands where is told under "current details" while it runs.',
  ].join('\n');
}

/** Whether an execution ended before it took what it was sent: the next one may take it. */
export function isEndingExecution(error: unknown): boolean {
  if (error instanceof WorkflowFailedError) return true;
  const text = error instanceof Error ? `${error.name} ${error.message}` : '';
  return /already completed|workflow execution already|AcceptedUpdateCompletedWorkflow|not found/i.test(
    text,
  );
}

function rethrowCoded(error: unknown): never {
  throw unreachable(error);
}

/** What a failed call to Temporal is called. */
export function unreachable(error: unknown): unknown {
  return temporalUnreachable(error, 'Submit again: the same submission is the same run.');
}
