import { sleep, workflowInfo, type CancellationScope } from '@temporalio/workflow';

import type { AdmittedPlan, DrainReply } from '../contracts/experiment-protocol.js';
import type { PublicationCounts } from '../contracts/records.js';
import type { ErrorDocument } from '../core/errors/assay-error.js';
import type { Unverified } from '../core/experiment/unverified.js';
import type { ExperimentProxies } from './experiment-activities.js';
import type { ExperimentBoard } from './experiment-board.js';
import { failureDocument } from './failure-document.js';

/** What every step talks to: the people watching, and the activities. */
export interface Sides {
  readonly board: ExperimentBoard;
  readonly call: ExperimentProxies;
}

/** Sends what stands in a platform's outbox until all is sent, or until this history has grown long. */
async function drain(
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

/** How sending to one platform ended: all sent, paused since this history has grown long, or refused for good. */
export type Drained =
  | { readonly platform: string; readonly state: 'done' | 'paused' }
  | { readonly platform: string; readonly state: 'refused'; readonly error: ErrorDocument };

/**
 * Sends to all platforms, each at its own pace: what becomes of one decides nothing about another. With `repairWithin`, the
 * scope that a cancel ends, what a platform does not show is made pending before its publisher looks.
 */
export function drainAll(
  plan: AdmittedPlan,
  { repairWithin, ...sides }: Sides & { readonly repairWithin: CancellationScope | undefined },
): Promise<readonly Drained[]> {
  return Promise.all(
    plan.platforms.map(async (platform): Promise<Drained> => {
      try {
        // Awaited only where there is something: a turn more would move the first command behind those of the cells.
        if (repairWithin !== undefined) {
          await repairWithin.run(() => repairOn(plan, { platform, ...sides }));
        }
        return { platform, state: await drain(plan, { platform, ...sides }) };
      } catch (error) {
        return { platform, state: 'refused', error: failureDocument(error) };
      }
    }),
  );
}

/** Makes pending again what no platform of these shows: all of it before anything is sent, as passes of before did. */
export async function repairAll(plan: AdmittedPlan, sides: Sides): Promise<void> {
  await Promise.all(plan.platforms.map((platform) => repairOn(plan, { platform, ...sides })));
}

async function repairOn(
  { experimentId }: AdmittedPlan,
  { platform, call }: Sides & { readonly platform: string },
): Promise<void> {
  await call.publishing.repairPublication({ experimentId, platform });
}

/**
 * Has the platforms delete what a pass has replaced, after all of the pass was sent. Patient for as long as reading back may
 * take: what is left then is counted in the report, and the next pass asks again.
 */
export async function deleteReplaced(plan: AdmittedPlan, sides: Sides): Promise<void> {
  const settled = await Promise.allSettled(
    plan.platforms.map((platform) => deleteOn(plan, { platform, ...sides })),
  );
  for (const each of settled) if (each.status === 'rejected') throw each.reason;
}

async function deleteOn(
  plan: AdmittedPlan,
  { platform, board, call }: Sides & { platform: string },
): Promise<void> {
  const deadline = Date.now() + plan.verifyMs;
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

/** Reads back until all is there or the time is over. @returns of each platform what stands in the way of "verified". */
export async function verify(plan: AdmittedPlan, sides: Sides): Promise<readonly Unverified[]> {
  if (plan.verify === 'off' || plan.platforms.length === 0) return [];
  sides.board.status('verifying');
  const seen = new Map<string, PublicationCounts>();
  const published = (counts: PublicationCounts): void => {
    seen.set(counts.platform, counts);
    sides.board.published([...seen.values()]);
  };
  const looks = await Promise.all(
    plan.platforms.map(async (platform): Promise<readonly Unverified[]> => {
      try {
        const complete = await lookUntilComplete(plan, { platform, published, call: sides.call });
        return complete ? [] : [{ platform, why: 'incomplete' }];
      } catch (error) {
        // All is published; that it cannot be read back makes the run unverified and not failed.
        return [{ platform, why: failureDocument(error) }];
      }
    }),
  );
  return looks.flat();
}

async function lookUntilComplete(
  plan: AdmittedPlan,
  on: {
    readonly platform: string;
    readonly published: (counts: PublicationCounts) => void;
    readonly call: ExperimentProxies;
  },
): Promise<boolean> {
  const { platform, published, call } = on;
  const deadline = Date.now() + plan.verifyMs;
  // A look costs the history eight events; a deadline of a day must not fill it.
  const longestWait = Math.max(15_000, plan.verifyMs / 200);
  let wait = 500;
  for (;;) {
    const look = await call.publishing.verifyPublication({
      experimentId: plan.experimentId,
      platform,
    });
    published(look.counts);
    if (look.complete) return true;
    // Refused records will not appear, however long one waits.
    if (look.hopeless === true || Date.now() >= deadline) return false;
    await sleep(wait, { summary: 'until the platform shows what it took' });
    wait = Math.min(wait * 2, longestWait);
  }
}
