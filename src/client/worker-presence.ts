import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { setTimeout as wait } from 'node:timers/promises';

import { AssayError } from '../core/errors/assay-error.js';

// The enum's package has no named exports for ESM, so its value is written out.
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
const workflowQueue = 1 as temporal.api.enums.v1.TaskQueueType;

/** A poller that has not asked for work for so long is gone: a long poll lasts a minute. */
const staleMs = 70_000;

/** How many workers poll a queue now. */
export async function countPollers(client: Client, taskQueue: string): Promise<number> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: workflowQueue,
  });
  const now = Date.now();
  return pollers.filter((poller) => {
    const seconds = Number(poller.lastAccessTime?.seconds ?? 0);
    return now - seconds * 1000 < staleMs;
  }).length;
}

/**
 * Makes sure that somebody works: without a worker a submission would hang in silence.
 *
 * @throws AssayError WORKER_MISSING after `patienceMs` (a worker may be starting).
 */
export async function requireWorker(
  client: Client,
  taskQueue: string,
  patienceMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while ((await countPollers(client, taskQueue)) === 0) {
    if (performance.now() >= deadline) {
      throw new AssayError('WORKER_MISSING', `No worker polls the task queue "${taskQueue}".`, {
        mend: 'Start one in the folder of the project: `assay worker` (or `assay dev`).',
      });
    }
    await wait(500);
  }
}
