import {
  continueAsNew,
  defineQuery,
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
  ShownSide,
} from '../contracts/dataset-push.js';
import { pushStory } from '../core/dataset/push-story.js';
import { pushProgressQuery, taskQueues } from '../core/experiment/naming.js';
import { createHandOver, firstSide, isOver, pushTo, untilItWorks } from './dataset-push-side.js';
import { failureDocument } from './failure-document.js';

/** What a query shows. */
export interface ShownPush {
  readonly request: DatasetPushRequest;
  readonly pushId: string;
}

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
    if ('error' in reply) return reply;
    ({ checked } = reply);
  }
  const sides = state?.sides ?? checked.platforms.map(firstSide);
  for (const { platform, shown: before } of sides) {
    if (before !== undefined) shown.set(platform, before);
  }
  if (shown.size > 0) show();
  const push = { pushId, request, checked };
  const handOver = createHandOver();
  const stand = await Promise.all(
    sides.map((side) =>
      pushTo(push, side, {
        handOver,
        tell: (each) => {
          shown.set(each.platform, each);
          show();
        },
      }),
    ),
  );
  if (!stand.every(isOver)) {
    return continueAsNew<typeof datasetPush>(request, { checked, sides: stand });
  }
  return { pushed: checked, platforms: stand.flatMap(outcomeOf) };
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
    return { error: failureDocument(error) };
  }
}

function outcomeOf({ shown }: PushSide): readonly PlatformPush[] {
  if (shown === undefined) return [];
  const { waiting: _waiting, ...push } = shown;
  return [push];
}
