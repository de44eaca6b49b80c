import { sleep } from '@temporalio/workflow';

import type { RegressionProxies } from './regression-activities.js';

/** What is to be sent of a verdict, and where. */
interface Verdict {
  readonly gateId: string;
  readonly experimentId: string;
  readonly platforms: readonly string[];
}

/** How long a platform may take to show the verdict; that it does not is counted with the run's scores. */
const patienceMs = 60_000;

/** Sends what stands in the outbox of the verdict's run, and looks whether the platforms show it. */
export async function sendVerdict(verdict: Verdict, call: RegressionProxies): Promise<void> {
  const sent = await Promise.allSettled(
    verdict.platforms.map(async (platform) => {
      await drain(verdict, platform, call);
      await untilShown(verdict, platform, call);
    }),
  );
  // Only now: the others have theirs, whatever becomes of one.
  for (const each of sent) if (each.status === 'rejected') throw each.reason;
}

async function drain(
  { experimentId }: Verdict,
  platform: string,
  { outside }: RegressionProxies,
): Promise<void> {
  for (const step of ['publish', 'deleteSuperseded'] as const) {
    for (;;) {
      const reply = await outside[step]({ experimentId, platform });
      // What an earlier verdict had left is asked to go once; the platform deletes when it does.
      if (reply.state === 'done' || step === 'deleteSuperseded') break;
      await sleep(reply.waitMs, { summary: `${platform}: ${reply.reason}` });
    }
  }
}

async function untilShown(
  { gateId }: Verdict,
  platform: string,
  { outside }: RegressionProxies,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (let wait = 1_000; ; wait = Math.min(wait * 2, 15_000)) {
    const { complete } = await outside.verifyVerdict({ gateId, platform });
    if (complete || Date.now() >= deadline) return;
    await sleep(wait, { summary: `until ${platform} shows the verdict` });
  }
}
