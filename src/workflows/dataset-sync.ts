import {
  CancellationScope,
  CancelledFailure,
  continueAsNew,
  defineQuery,
  patched,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import type {
  CheckReply,
  DatasetActivities,
  DatasetPushRequest,
  PlatformPush,
  PushReply,
  PushSide,
  PushState,
  ShownPush,
  ShownSide,
} from '../contracts/dataset-push.js';
import { pushStory } from '../core/dataset/push-story.js';
import { pushProgressQuery, taskQueues } from '../core/experiment/naming.js';
import {
  createHandOver,
  firstSide,
  giveUpCancelled,
  isOver,
  isRecordedCancel,
  pushTo,
  untilItWorks,
} from './dataset-push-side.js';
import { failureDocument } from './failure-document.js';
import { showStatus } from './status.js';

const progress = defineQuery<ShownPush>(pushProgressQuery);

/**
 * Brings a dataset of the project's folder to its platforms. The files are checked as a whole before anything is written; then
 * each platform goes by itself: what one does, waits for or refuses is nothing to the others.
 *
 * @param state what the execution before this one handed over.
 */
export async function datasetPush(
  request: DatasetPushRequest,
  state?: PushState,
): Promise<PushReply> {
  const pushId = `${workflowInfo().workflowId}/${workflowInfo().firstExecutionRunId}`;
  setHandler(progress, () => ({ request, pushId }));
  const shown = new Map<string, ShownSide>();
  const show = (): void => {
    setCurrentDetails(
      pushStory(request.dataset, { step: 'pushing', platforms: [...shown.values()] }),
    );
  };
  let checked = state?.checked;
  if (checked === undefined) {
    setCurrentDetails(pushStory(request.dataset, { step: 'checking' }));
    const reply = await check(request);
    if ('error' in reply) {
      setCurrentDetails(pushStory(request.dataset, { step: 'refused', why: reply.error.message }));
      return ended(reply);
    }
    ({ checked } = reply);
  }
  const sides = state?.sides ?? checked.platforms.map(firstSide);
  for (const { platform, shown: before } of sides) {
    if (before !== undefined) shown.set(platform, before);
  }
  if (shown.size > 0) show();
  const push = { pushId, request, checked };
  const on = {
    handOver: createHandOver(),
    tell: (each: ShownSide): void => {
      shown.set(each.platform, each);
      show();
    },
  };
  const giveUp = (side: PushSide): Promise<void> => giveUpCancelled(push, side, on);
  const stand = await together(
    sides.map((side) => pushTo(push, side, on)),
    giveUp,
  );
  if (!stand.every(isOver)) {
    // One that came amid the last slices here: the next execution would know nothing of it.
    const cancelled = CancellationScope.current().consideredCancelled && patched('push-cancelled');
    if (cancelled) {
      await Promise.all(stand.filter((side) => !isOver(side)).map(giveUp));
      throw new CancelledFailure('The push was cancelled.');
    }
    return continueAsNew<typeof datasetPush>(request, { checked, sides: stand });
  }
  return ended({ pushed: checked, platforms: stand.flatMap(outcomeOf) });
}

/**
 * All sides. Of a push that is cancelled none is left before each is recorded, also those that stood for the next execution: what a
 * workflow waits for ends with it.
 */
async function together(
  sides: readonly Promise<PushSide>[],
  giveUp: (side: PushSide) => Promise<void>,
): Promise<readonly PushSide[]> {
  try {
    return await Promise.all(sides);
  } catch (error) {
    if (isRecordedCancel(error)) {
      await Promise.allSettled(
        sides.map(async (each) => {
          const side = await each;
          if (!isOver(side)) await giveUp(side);
        }),
      );
    }
    throw error;
  }
}

/** A push that was refused, or failed on one of its platforms, must not look in the list of workflows like one that did its work. */
function ended(reply: PushReply): PushReply {
  const failed = 'error' in reply || reply.platforms.some(({ phase }) => phase === 'failed');
  // Histories of before showed nothing.
  if (patched('push-status')) showStatus(failed ? 'failed' : 'completed');
  return reply;
}

async function check(request: DatasetPushRequest): Promise<CheckReply> {
  const { checkPush } = proxyActivities<Pick<DatasetActivities, 'checkPush'>>({
    taskQueue: taskQueues(request.project).orchestration,
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: '30 s',
    retry: untilItWorks,
  });
  try {
    return await checkPush(request);
  } catch (error) {
    // Nothing was begun that a row could say; the answer would be one of an error of ours.
    if (isRecordedCancel(error)) throw error;
    return { error: failureDocument(error) };
  }
}

function outcomeOf({ shown }: PushSide): readonly PlatformPush[] {
  if (shown === undefined) return [];
  const { waiting: _waiting, ...push } = shown;
  return [push];
}
