import { sleep, workflowInfo } from '@temporalio/workflow';

import type { RegressionProxies } from './regression-activities.js';

const shortestWaitMs = 500;
const longestWaitMs = 30_000;

/**
 * Waits for the end of a run. Looks ever more rarely, so that what is waited after the end is a twentieth of what the run took,
 * and a run that is paused for days fills no history.
 *
 * @returns false where this history has grown long meanwhile.
 */
export async function untilEnded(
  experimentId: string,
  { call, summary }: { readonly call: RegressionProxies; readonly summary: string },
): Promise<boolean> {
  const begun = Date.now();
  for (;;) {
    const { ended } = await call.control.lookAtRun({ experimentId });
    if (ended) return true;
    if (workflowInfo().continueAsNewSuggested) return false;
    const wait = (Date.now() - begun) / 20;
    await sleep(Math.round(Math.min(longestWaitMs, Math.max(shortestWaitMs, wait))), { summary });
  }
}
