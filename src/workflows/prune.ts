import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';

import type {
  PruneReply,
  PruneRequest,
  RetentionActivities,
} from '../contracts/retention-protocol.js';
import { taskQueues } from '../core/experiment/naming.js';

/** Takes the bodies of a project's old runs, some runs at a time, until none is left. */
export async function prune(request: PruneRequest): Promise<PruneReply> {
  const { pruneRuns } = proxyActivities<RetentionActivities>({
    taskQueue: taskQueues(request.project).orchestration,
    startToCloseTimeout: '24 hours',
    heartbeatTimeout: '30 s',
    retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '20 s' },
  });
  const sum = { runs: 0, cells: 0, bytes: 0 };
  for (;;) {
    const done = await pruneRuns({ ...request, limit: 100 });
    sum.runs += done.runs;
    sum.cells += done.cells;
    sum.bytes += done.bytes;
    setCurrentDetails(
      `Runs that ended before ${request.finishedBefore}: ${sum.runs} pruned, ${sum.cells} cells.`,
    );
    // None of a full page could be taken: they were all taken up again meanwhile.
    if (!done.more || done.runs === 0) return sum;
  }
}
