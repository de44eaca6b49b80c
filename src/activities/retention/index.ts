import type { RetentionActivities } from '../../contracts/retention-protocol.js';
import { prunableRuns, pruneRun } from '../../store/retention.js';
import type { Store } from '../../store/store.js';
import { withFailures } from '../failures.js';
import { withHeartbeat } from '../heartbeat.js';

/** Makes the activities of retention. */
export function createRetentionActivities({
  store,
}: {
  readonly store: Store;
}): RetentionActivities {
  return withFailures<RetentionActivities>({
    pruneRuns: ({ project, finishedBefore, limit }) =>
      withHeartbeat(async (beat) => {
        const runs = await prunableRuns(store, { project, finishedBefore, limit: limit + 1 });
        const done = { runs: 0, cells: 0, bytes: 0 };
        for (const { experimentId } of runs.slice(0, limit)) {
          // Between two pages as well: what is taken is taken, and the rest is found again.
          const pruned = await pruneRun(store, experimentId, (rows) => {
            beat.cancelled.throwIfAborted();
            beat.tell({ runs: done.runs, of: runs.length, rows });
          });
          if (pruned === undefined) continue;
          done.runs += 1;
          done.cells += pruned.cells;
          done.bytes += pruned.bytes;
        }
        return { ...done, more: runs.length > limit };
      }),
  });
}
