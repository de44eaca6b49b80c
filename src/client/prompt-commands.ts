import type { Client } from '@temporalio/client';
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  TypedSearchAttributes,
} from '@temporalio/common';

import { AssayError } from '../core/errors/assay-error.js';
import { promptWorkflowId, taskQueues } from '../core/experiment/naming.js';
import { temporalUnreachable } from './temporal-failures.js';
import { requireWorker } from './worker-presence.js';

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
/** Each is waited for until it has ended; somebody else's command takes seconds. */
const mostTurns = 30;

/**
 * Has a worker carry out a command on a prompt, durably. Of each prompt one thing is done at a time, in the whole fleet: a command
 * waits for the one before it.
 *
 * @throws AssayError WORKER_MISSING, TEMPORAL_UNREACHABLE, TEMPORAL_REFUSED
 */
export async function runPromptCommand<Reply>(
  client: Client,
  workflowType: string,
  request: { readonly project: string; readonly name: string },
): Promise<Reply> {
  const { project, name } = request;
  const taskQueue = taskQueues(project).orchestration;
  const workflowId = promptWorkflowId(project, name);
  try {
    await requireWorker(client, taskQueue);
    for (let turn = 1; turn <= mostTurns; turn += 1) {
      try {
        const handle = await client.workflow.start(workflowType, {
          workflowId,
          taskQueue,
          args: [request],
          workflowIdConflictPolicy: 'FAIL',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          staticSummary:
            workflowType === 'syncPrompt' ? 'push a prompt' : 'move a label of a prompt',
          typedSearchAttributes: new TypedSearchAttributes([
            { key: keyword('AssayProject'), value: project },
            { key: keyword('AssayKind'), value: 'prompt' },
          ]),
        });
        return (await handle.result()) as Reply;
      } catch (error) {
        if ((error as { name?: unknown }).name !== 'WorkflowExecutionAlreadyStartedError') {
          throw error;
        }
        // How it ended is its caller's to know.
        await client.workflow
          .getHandle(workflowId)
          .result()
          .catch(() => undefined);
      }
    }
  } catch (error) {
    throw temporalUnreachable(error);
  }
  throw new AssayError('PROMPT_BUSY', `Other commands on the prompt "${name}" came in between.`, {
    mend: 'Give the command again in a moment.',
  });
}
