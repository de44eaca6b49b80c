import {
  ActivityCancellationType,
  CancellationScope,
  isCancellation,
  patched,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';

import type {
  DatasetActivities,
  PushSide,
  PushSlice,
  ShownSide,
  SliceReply,
} from '../contracts/dataset-push.js';
import { AssayError } from '../core/errors/assay-error.js';
import { taskQueues } from '../core/experiment/naming.js';
import { failureDocument } from './failure-document.js';

/** The first slices are short, so that a small push is seen; those of one that takes hours are longer, for a short history. */
const firstSliceMs = 20_000;
const longestSliceMs = 600_000;
/** A platform that stays silent is asked ever more rarely, up to this: an outage of a day is 1,440 looks and no more. */
const longestPauseMs = 60_000;

/** Lost workers and our own store are Temporal's to retry; a platform that is away comes back as data. */
export const untilItWorks = {
  initialInterval: '500 ms',
  backoffCoefficient: 2,
  maximumInterval: '20 s',
} as const;

/** How the sides of one execution end together: none may hold the others up for as long as it waits. */
export interface HandOver {
  /** Whether this history has grown long: then each side stops where it stands, and no wait goes on. */
  isDue(): boolean;
  /** Waits. False where the hand-over cut it short. */
  wait(ms: number, summary: string): Promise<boolean>;
}

/** Makes the hand-over of one execution. */
export function createHandOver(): HandOver {
  const waits = new CancellationScope();
  let begun = false;
  return {
    isDue() {
      // Histories of before it went on in one execution for as long as it took.
      if (!begun && workflowInfo().continueAsNewSuggested && patched('push-continues')) {
        begun = true;
        waits.cancel();
      }
      return begun;
    },
    async wait(ms, summary) {
      try {
        await waits.run(() => sleep(ms, { summary }));
        return true;
      } catch (error) {
        // A cancel of the whole push is no hand-over.
        if (!begun || CancellationScope.current().consideredCancelled) throw error;
        return false;
      }
    },
  };
}

/** The push to a platform that nothing was done of. */
export const firstSide = (platform: string): PushSide => ({ platform, sliceMs: firstSliceMs });

/** Whether nothing is left to do of it. */
export const isOver = ({ shown }: PushSide): boolean =>
  shown?.phase === 'done' || shown?.phase === 'failed';

type Push = Pick<PushSlice, 'pushId' | 'request' | 'checked'>;

interface PushingOn {
  readonly handOver: HandOver;
  readonly tell: (side: ShownSide) => void;
}

/**
 * Pushes to one platform until it is over or this history has grown long. One that is cancelled before is recorded as given up.
 *
 * @returns where it stands.
 */
export async function pushTo(push: Push, from: PushSide, on: PushingOn): Promise<PushSide> {
  try {
    return await goOnWith(push, from, on);
  } catch (error) {
    if (isRecordedCancel(error)) await giveUpCancelled(push, from, on);
    throw error;
  }
}

/** Records a side of a push that was cancelled as given up, so that its row does not say for ever that it is at work. */
export async function giveUpCancelled(
  push: Push,
  { platform, sliceMs }: PushSide,
  { tell }: Pick<PushingOn, 'tell'>,
): Promise<void> {
  const { dataset, project } = push.request;
  const { givePushUp } = activitiesFor(project, platform);
  const document = new AssayError(
    'DATASET_PUSH_CANCELLED',
    `The push of "${dataset}" was cancelled.`,
    { mend: 'What it wrote stands. Push again: only what is missing is written.' },
  ).toJSON();
  tell(
    await CancellationScope.nonCancellable(() =>
      givePushUp({ ...push, platform, sliceMs }, document),
    ),
  );
}

/** Whether it is a cancel of the push which is to be recorded: histories of before ended with it as they stood. */
export const isRecordedCancel = (error: unknown): boolean =>
  isCancellation(error) && patched('push-cancelled');

async function goOnWith(push: Push, from: PushSide, on: PushingOn): Promise<PushSide> {
  const { platform } = from;
  const { handOver, tell } = on;
  const { pushSlice, givePushUp } = activitiesFor(push.request.project, platform);
  let side = from;
  const silence = createSilence(from.silence);
  const stand = (): PushSide => ({ ...side, ...silence.kept() });
  while (!isOver(side)) {
    if (side.waitUntil !== undefined) {
      const { waitUntil, ...rest } = side;
      const left = waitUntil - Date.now();
      if (left > 0 && !(await handOver.wait(left, `${platform} is away`))) return stand();
      side = rest;
    }
    if (handOver.isDue()) return stand();
    const slice = { ...push, platform, sliceMs: side.sliceMs };
    let reply: SliceReply;
    try {
      reply = await pushSlice(slice);
    } catch (error) {
      reply = await givePushUp(slice, failureDocument(error));
    }
    const { away, ...shown } = reply;
    tell(shown);
    side = { platform, shown, sliceMs: Math.min(side.sliceMs * 2, longestSliceMs) };
    if (isOver(side)) break;
    if (away === undefined) {
      silence.broken();
      continue;
    }
    const { silentMs, pauseMs } = silence.heard(shown, away.waitMs);
    const left = push.request.patienceMs - silentMs;
    if (left <= 0) {
      const given = await givePushUp(slice, away.error);
      tell(given);
      return { ...side, shown: given };
    }
    const waiting = { ...shown, waiting: away.error.message };
    tell(waiting);
    side = {
      ...side,
      shown: waiting,
      waitUntil: Date.now() + Math.min(pauseMs, Math.max(left, 1)),
    };
  }
  return side;
}

const activitiesFor = (
  project: string,
  platform: string,
): Pick<DatasetActivities, 'pushSlice' | 'givePushUp'> =>
  proxyActivities<Pick<DatasetActivities, 'pushSlice' | 'givePushUp'>>({
    taskQueue: taskQueues(project).publishing,
    startToCloseTimeout: '2 hours',
    heartbeatTimeout: '10 s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: untilItWorks,
    summary: platform,
  });

/** A platform that stumbles and goes on is not away: only silence counts. */
function createSilence(before: PushSide['silence']) {
  let silence =
    before === undefined
      ? undefined
      : { done: before.done, since: Date.now() - before.ms, waits: before.waits };
  return {
    broken() {
      silence = undefined;
    },
    heard(shown: ShownSide, waitMs: number) {
      const done = shown.listed + shown.position + shown.archived;
      if (silence?.done !== done) silence = { done, since: Date.now(), waits: 0 };
      const grown = waitMs * 2 ** silence.waits;
      silence.waits += 1;
      // Histories of before waited the same each time.
      const grows = grown > waitMs && waitMs < longestPauseMs && patched('growing-pauses');
      return {
        silentMs: Date.now() - silence.since,
        pauseMs: grows ? Math.min(grown, longestPauseMs) : waitMs,
      };
    },
    /** What the next execution must know: the time between the two is nobody's silence. */
    kept(): Pick<PushSide, 'silence'> {
      if (silence === undefined) return {};
      const { done, since, waits } = silence;
      return { silence: { done, ms: Date.now() - since, waits } };
    },
  };
}
