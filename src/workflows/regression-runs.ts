import { sleep, workflowInfo } from '@temporalio/workflow';

import type { EarlyStop } from '../core/regression/stopped.js';
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
  return untilLook(async () => (await call.control.lookAtRun({ experimentId })).ended, summary);
}

/** As {@link untilEnded}, of the head of a gate, which is asked to end once its verdict is settled. */
export async function untilSettled(
  head: { readonly gateId: string; readonly project: string; readonly name: string },
  { call, summary }: { readonly call: RegressionProxies; readonly summary: string },
): Promise<boolean> {
  let told: EarlyStop | undefined;
  return untilLook(async () => {
    const { ended, settled } = await call.control.lookAtHead({ gateId: head.gateId });
    if (ended || settled === undefined || told !== undefined) return ended;
    told = settled;
    await call.outside.stopHead.executeWithOptions({ summary: settled.verdict }, [
      { ...head, settled },
    ]);
    return false;
  }, summary);
}

async function untilLook(look: () => Promise<boolean>, summary: string): Promise<boolean> {
  const begun = Date.now();
  for (;;) {
    if (await look()) return true;
    if (workflowInfo().continueAsNewSuggested) return false;
    const wait = (Date.now() - begun) / 20;
    await sleep(Math.round(Math.min(longestWaitMs, Math.max(shortestWaitMs, wait))), { summary });
  }
}
