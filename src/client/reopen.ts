import {
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  type Client,
} from '@temporalio/client';

import { schemaProblems } from '../contracts/schema-problems.js';
import type { ExperimentInput } from '../contracts/experiment-protocol.js';
import {
  passRequestSchema,
  type PassKind,
  type PassRequest,
  type PassRequestInput,
  type ReopenReply,
} from '../contracts/pass.js';
import { AssayError } from '../core/errors/assay-error.js';
import {
  experimentWorkflowId,
  experimentWorkflowType,
  reopenUpdate,
  taskQueues,
} from '../core/experiment/naming.js';
import { attributesOf } from './search-attributes.js';
import { isEndingExecution, unreachable } from './submit.js';
import { requireWorker } from './worker-presence.js';

type ExperimentWorkflow = (input: ExperimentInput) => Promise<unknown>;

/** Which run. */
interface Key {
  readonly project: string;
  readonly name: string;
}

/** What was started of a run that had ended. */
export interface StartedPass {
  readonly id: string;
  readonly name: string;
  /** `attached`: this very command was being carried out already. */
  readonly outcome: 'started' | 'attached';
  readonly kind: PassKind;
  /** From 2; the run itself is the first. */
  readonly pass: number;
  /** Cells that it runs or judges. */
  readonly cells: number;
}

/** How often a command that met an execution in its last moment is sent again. */
const tries = 10;

/** @throws AssayError SPEC_INVALID with all problems at once. */
export function parsePassRequest(input: PassRequestInput): PassRequest {
  const parsed = passRequestSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new AssayError('SPEC_INVALID', 'What is asked of the run has problems.', {
    problems: schemaProblems(parsed.error, 'request'),
  });
}

/**
 * Sends a command on a run that has ended to its workflow, which is started again for it.
 *
 * @throws AssayError whatever stands in its way; WORKER_MISSING, TEMPORAL_UNREACHABLE
 */
export async function reopenExperiment(
  client: Client,
  key: Key,
  request: PassRequest,
): Promise<StartedPass> {
  const reply = await sendReopen(client, key, request);
  if (reply.outcome === 'rejected') throw AssayError.from(reply.error);
  if (reply.outcome === 'ending') {
    throw new AssayError('EXPERIMENT_RUNNING', `"${key.name}" is about to end.`, {
      mend: 'Give the command again in a moment.',
    });
  }
  const { experimentId, ...started } = reply;
  return { id: experimentId, name: key.name, ...started };
}

/**
 * The same with what came of it as data. `ending` only where that lasted for many tries.
 *
 * @throws AssayError WORKER_MISSING, TEMPORAL_UNREACHABLE
 */
export async function sendReopen(
  client: Client,
  key: Key,
  request: PassRequest,
): Promise<ReopenReply> {
  await requireWorker(client, taskQueues(key.project).orchestration).catch((error: unknown) => {
    throw unreachable(error);
  });
  for (let attempt = 1; ; attempt += 1) {
    const reply = await send(client, key, request).catch((error: unknown): ReopenReply => {
      if (!isEndingExecution(error)) throw unreachable(error);
      return { outcome: 'ending' };
    });
    if (reply.outcome !== 'ending' || attempt >= tries) return reply;
    await new Promise((resolve) => setTimeout(resolve, 200 * attempt));
  }
}

function send(client: Client, { project, name }: Key, request: PassRequest): Promise<ReopenReply> {
  const start = new WithStartWorkflowOperation<ExperimentWorkflow>(experimentWorkflowType, {
    workflowId: experimentWorkflowId(project, name),
    taskQueue: taskQueues(project).orchestration,
    args: [{ project, name }],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    staticSummary: `${request.kind} after the end`,
    staticDetails: 'What stands where is told under "current details" while it runs.',
    typedSearchAttributes: attributesOf(project, 'experiment'),
  });
  return client.workflow.executeUpdateWithStart<ExperimentWorkflow, ReopenReply, [PassRequest]>(
    reopenUpdate,
    { args: [request], startWorkflowOperation: start },
  );
}
