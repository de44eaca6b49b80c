import { sleep, workflowInfo } from '@temporalio/workflow';

import type { AdmittedPlan, DrainReply } from '../contracts/experiment-protocol.js';
import type { PublicationCounts } from '../contracts/records.js';
import type { ErrorDocument } from '../core/errors/assay-error.js';
import type { ExperimentProxies } from './experiment-activities.js';
import type { ExperimentBoard } from './experiment-board.js';
import { failureDocument } from './failure-document.js';

/** What every step talks to: the people watching, and the activities. */
export interface Sides {
  readonly board: ExperimentBoard;
  readonly call: ExperimentProxies;
}

/** Sends what stands in a platform's outbox until all is sent, or until this history has grown long. */
export async function drain(
  plan: AdmittedPlan,
  { platform, board, call }: Sides & { platform: string },
): Promise<'done' | 'paused'> {
  for (;;) {
    const reply: DrainReply = await call.publishing.publish.executeWithOptions(
      { summary: `publish to ${platform}` },
      [{ experimentId: plan.experimentId, platform }],
    );
    if (reply.state === 'done') return 'done';
    const over = board.waitingFor(`${platform}: ${reply.reason}`);
    try {
      await sleep(reply.waitMs, { summary: `${platform}: ${reply.reason}` });
    } finally {
      over();
    }
    // While cells run, they decide when to go on in a new execution.
    if (board.cellsClosed && workflowInfo().continueAsNewSuggested) return 'paused';
  }
}

/** Makes pending again what the platforms do not show. */
export async function repair(plan: AdmittedPlan, { call }: Sides): Promise<void> {
  await Promise.all(
    plan.platforms.map((platform) =>
      call.publishing.repairPublication({ experimentId: plan.experimentId, platform }),
    ),
  );
}

/**
 * Has the platforms delete what a pass has replaced, after all of the pass was sent. Patient for as long as reading back may
 * take: what is left then is counted in the report, and the next pass asks again.
 */
export async function deleteReplaced(plan: AdmittedPlan, { board, call }: Sides): Promise<void> {
  const deadline = Date.now() + plan.verifyMs;
  for (const platform of plan.platforms) {
    for (;;) {
      const reply = await call.publishing.deleteSuperseded({
        experimentId: plan.experimentId,
        platform,
      });
      if (reply.state === 'done' || Date.now() + reply.waitMs > deadline) break;
      const over = board.waitingFor(`${platform}: ${reply.reason}`);
      try {
        await sleep(reply.waitMs, { summary: `${platform}: ${reply.reason}` });
      } finally {
        over();
      }
    }
  }
}

/** What stands in the way of "verified": records that are not there, or a platform that cannot be read. */
type Unverified = 'incomplete' | ErrorDocument;

/** Reads back until all is there or the time is over; undefined where all is there. */
export async function verify(plan: AdmittedPlan, sides: Sides): Promise<Unverified | undefined> {
  if (plan.verify === 'off') return undefined;
  sides.board.status('verifying');
  try {
    return (await lookUntilComplete(plan, sides)) ? undefined : 'incomplete';
  } catch (error) {
    // All is published; that it cannot be read back makes the run unverified and not failed.
    return failureDocument(error);
  }
}

async function lookUntilComplete(plan: AdmittedPlan, { board, call }: Sides): Promise<boolean> {
  const deadline = Date.now() + plan.verifyMs;
  // A look costs the history eight events; a deadline of a day must not fill it.
  const longestWait = Math.max(15_000, plan.verifyMs / 200);
  let wait = 500;
  for (;;) {
    const looks = await Promise.all(
      plan.platforms.map((platform) =>
        call.publishing.verifyPublication({ experimentId: plan.experimentId, platform }),
      ),
    );
    const publications: PublicationCounts[] = looks.map((look) => look.counts);
    board.published(publications);
    if (looks.every((look) => look.complete)) return true;
    // Refused records will not appear, however long one waits.
    if (looks.every((look) => look.complete || look.hopeless === true)) return false;
    if (Date.now() >= deadline) return false;
    await sleep(wait, { summary: 'until the platform shows what it took' });
    wait = Math.min(wait * 2, longestWait);
  }
}
