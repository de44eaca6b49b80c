import {
  ActivityCancellationType,
  defineQuery,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';

import type {
  CheckedDataset,
  DatasetActivities,
  DatasetPushRequest,
  PlatformPush,
  PushReply,
  PushSlice,
  SliceReply,
} from '../contracts/dataset-push.js';
import { pushStory } from '../core/dataset/push-story.js';
import { pushProgressQuery, taskQueues } from '../core/experiment/naming.js';
import { failureDocument } from './failure-document.js';

/** What a query shows. */
export interface ShownPush {
  readonly request: DatasetPushRequest;
  readonly pushId: string;
}

const progress = defineQuery<ShownPush>(pushProgressQuery);

/** The first slices are short, so that a small push is seen; those of one that takes hours are longer, for a short history. */
const firstSliceMs = 20_000;
const longestSliceMs = 600_000;

// Lost workers and our own store are Temporal's to retry; a platform that is away comes back as data.
const untilItWorks = {
  initialInterval: '500 ms',
  backoffCoefficient: 2,
  maximumInterval: '20 s',
} as const;

/**
 * Brings a dataset of the project's folder to its platforms. The files are checked as a whole before anything is written; then
 * each platform goes by itself: what one does, waits for or refuses is nothing to the others.
 */
export async function datasetPush(request: DatasetPushRequest): Promise<PushReply> {
  const queues = taskQueues(request.project);
  const { checkPush } = proxyActivities<Pick<DatasetActivities, 'checkPush'>>({
    taskQueue: queues.orchestration,
    startToCloseTimeout: '6 hours',
    heartbeatTimeout: '30 s',
    retry: untilItWorks,
  });
  const pushId = `${workflowInfo().workflowId}/${workflowInfo().firstExecutionRunId}`;
  setHandler(progress, () => ({ request, pushId }));
  setCurrentDetails(pushStory(request.dataset, { step: 'checking' }));
  let checked: CheckedDataset;
  try {
    const reply = await checkPush(request);
    if ('error' in reply) return reply;
    ({ checked } = reply);
  } catch (error) {
    return { error: failureDocument(error) };
  }
  const shown = new Map<string, PlatformPush & { readonly waiting?: string }>();
  const tell = (each: PlatformPush & { readonly waiting?: string }): void => {
    shown.set(each.platform, each);
    setCurrentDetails(
      pushStory(request.dataset, { step: 'pushing', platforms: [...shown.values()] }),
    );
  };
  const platforms = await Promise.all(
    checked.platforms.map((platform) =>
      pushTo({ pushId, platform, request, checked, sliceMs: firstSliceMs }, tell),
    ),
  );
  return { pushed: checked, platforms };
}

async function pushTo(
  first: PushSlice,
  tell: (push: PlatformPush & { readonly waiting?: string }) => void,
): Promise<PlatformPush> {
  const { pushSlice, givePushUp } = proxyActivities<
    Pick<DatasetActivities, 'pushSlice' | 'givePushUp'>
  >({
    taskQueue: taskQueues(first.request.project).publishing,
    startToCloseTimeout: '2 hours',
    heartbeatTimeout: '10 s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: untilItWorks,
    summary: first.platform,
  });
  let { sliceMs } = first;
  let awaySince: { readonly at: number; readonly done: number } | undefined;
  for (;;) {
    let reply: SliceReply;
    try {
      reply = await pushSlice({ ...first, sliceMs });
    } catch (error) {
      reply = await givePushUp(first, failureDocument(error));
    }
    const { away, ...push } = reply;
    tell(push);
    if (push.phase === 'done' || push.phase === 'failed') return push;
    sliceMs = Math.min(sliceMs * 2, longestSliceMs);
    if (away === undefined) {
      awaySince = undefined;
      continue;
    }
    // A platform that stumbles and goes on is not away: only silence counts.
    const done = push.listed + push.position + push.archived;
    if (awaySince === undefined || awaySince.done !== done) awaySince = { at: Date.now(), done };
    const left = first.request.patienceMs - (Date.now() - awaySince.at);
    if (left <= 0) {
      const given = await givePushUp(first, away.error);
      tell(given);
      return given;
    }
    tell({ ...push, waiting: away.error.message });
    await sleep(Math.min(away.waitMs, Math.max(left, 1)), { summary: `${first.platform} is away` });
  }
}
