import type { PruneReply, PruneRequest } from '../contracts/retention-protocol.js';
import { AssayError } from '../core/errors/assay-error.js';
import { pruneWorkflowId, pruneWorkflowType, taskQueues } from '../core/experiment/naming.js';
import { prunableRuns, type PrunableRun } from '../store/retention.js';
import { temporalUnreachable } from './temporal-failures.js';
import type { Transport } from './transport.js';
import { requireWorker } from './worker-presence.js';

/** Old runs give up their bodies: inputs, outputs, calls and answers. Figures, scores and reports stay. */
export interface Retention {
  /** The runs that {@link prune} would take, the oldest first, at most 1,000; changes nothing. */
  preview(request: PruneRequest): Promise<readonly PrunableRun[]>;
  /**
   * Prunes, durably: it goes on whatever becomes of the caller, and the same request again waits for the same work.
   *
   * @throws AssayError WORKER_MISSING, TEMPORAL_UNREACHABLE
   */
  prune(request: PruneRequest): Promise<PruneReply>;
}

export function createRetention(transport: Transport): Retention {
  return {
    preview: async (request) => prunableRuns(await transport.store(), checked(request)),
    async prune(request) {
      const { project, finishedBefore } = checked(request);
      const client = await transport.temporal();
      const taskQueue = taskQueues(project).orchestration;
      try {
        await requireWorker(client, taskQueue);
        return (await client.workflow.execute(pruneWorkflowType, {
          workflowId: pruneWorkflowId(project, finishedBefore),
          taskQueue,
          args: [{ project, finishedBefore }],
          workflowIdConflictPolicy: 'USE_EXISTING',
          staticSummary: `bodies of runs that ended before ${finishedBefore}`,
        })) as PruneReply;
      } catch (error) {
        throw temporalUnreachable(error);
      }
    },
  };
}

function checked(request: PruneRequest): PruneRequest {
  const at = Date.parse(request.finishedBefore);
  if (Number.isNaN(at)) {
    throw new AssayError('SPEC_INVALID', 'finishedBefore is no moment.', {
      problems: [{ at: 'finishedBefore', message: 'must be ISO 8601, as 2026-01-31T00:00:00Z' }],
    });
  }
  return { project: request.project, finishedBefore: new Date(at).toISOString() };
}
