import {
  ActivityCancellationType,
  CancellationScope,
  ContinueAsNew,
  continueAsNew,
  defineQuery,
  isCancellation,
  patched,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';

import type {
  MoveReply,
  MoveSlice,
  MoveStep,
  PlatformMigrationActivities,
  PlatformMigrationSpec,
} from '../contracts/platform-migration.js';
import { AssayError, type ErrorDocument } from '../core/errors/assay-error.js';
import { moveProgressQuery, taskQueues } from '../core/experiment/naming.js';
import { moveStory, type MoveStanding } from '../core/migration/move-story.js';
import { failureDocument } from './failure-document.js';

/** What a query shows. */
export interface ShownMove {
  readonly spec: PlatformMigrationSpec;
  readonly standing: MoveStanding;
}

/** What an execution begins with; `state` is what continue-as-new carries over. */
export interface PlatformMigrationInput {
  readonly spec: PlatformMigrationSpec;
  readonly state?: {
    readonly migrationId: string;
    readonly visibleMs: number;
    readonly step: MoveStep;
    readonly pace?: Pace;
  };
}

/** What waiting and going on rest on, beyond one execution: a platform that is away is so for all of them together. */
interface Pace {
  sliceMs: number;
  /** Since when no slice got anywhere, in milliseconds since 1970. */
  awaySince?: number;
  /** The same of what is sent. */
  unsentSince?: number;
}

const progress = defineQuery<ShownMove>(moveProgressQuery);

/** The first slices are short, so that a small move is seen; those of one that takes hours are longer, for a short history. */
const firstSliceMs = 20_000;
const longestSliceMs = 600_000;
/** How long a platform may take to show what it took, beyond what the project's config says of it. */
const patienceToSeeMs = 60_000;
/** A platform that stays away is asked less and less often, or hours of it would be thousands of events. */
const longestWaitMs = 60_000;
/** A publisher gives up on a server after 20 s: one that ran for longer has sent something. */
const sentSomethingMs = 60_000;

// Lost workers and our own store are Temporal's to retry; a platform that is away comes back as data.
const untilItWorks = {
  initialInterval: '500 ms',
  backoffCoefficient: 2,
  maximumInterval: '20 s',
  // Somebody waits who can set the keys.
  nonRetryableErrorTypes: ['PLATFORM_NOT_CONFIGURED'],
};

/**
 * Moves what one platform holds to another: inventory, datasets, prompts, traces with their scores, and the reading back of all of
 * it. Each thing has a row before it is written, so that it goes on wherever it stopped.
 */
export async function platformMigration(input: PlatformMigrationInput): Promise<MoveReply> {
  const { spec } = input;
  const call = proxyActivities<PlatformMigrationActivities>({
    taskQueue: taskQueues(spec.project).publishing,
    startToCloseTimeout: '2 hours',
    heartbeatTimeout: '10 s',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: untilItWorks,
  });
  const short = proxyActivities<
    Pick<PlatformMigrationActivities, 'beginMove' | 'noteMove' | 'endMove'>
  >({
    taskQueue: taskQueues(spec.project).publishing,
    startToCloseTimeout: '5 minutes',
    retry: untilItWorks,
  });
  let standing: MoveStanding = { step: input.state?.step ?? 'inventory', progress: 0, at: '' };
  setHandler(progress, () => ({ spec, standing }));
  const tell = (next: Partial<MoveStanding>): void => {
    standing = { ...standing, ...next };
    setCurrentDetails(moveStory(spec.name, standing));
  };
  tell({});
  // Executions that began before it go on as they began.
  const settles = patched('traces-settle');
  let begun: { readonly migrationId: string; readonly visibleMs: number };
  try {
    begun = input.state ?? (await short.beginMove(spec));
  } catch (error) {
    return { error: isCancellation(error) ? cancelled(spec) : failureDocument(error) };
  }
  const { migrationId, visibleMs } = begun;
  const wait = async (waitMs: number, reason: string): Promise<void> => {
    tell({ waiting: reason });
    await short.noteMove({ migrationId, waiting: reason });
    await sleep(waitMs, { summary: reason });
    // Others have gone on meanwhile.
    const { waiting: _over, ...rest } = standing;
    standing = rest;
    tell({});
    await short.noteMove({ migrationId, waiting: null });
  };
  const pace: Pace = { sliceMs: firstSliceMs, ...input.state?.pace };
  const moving: Moving = { spec, migrationId, visibleMs, call, tell, wait, pace, settles };
  try {
    let step = standing.step;
    while (step !== 'done') {
      const next =
        step === 'traces'
          ? await moveTraces(moving)
          : step === 'verifying'
            ? await verify(moving)
            : await slices(moving, step);
      step = next === 'again' ? step : next;
      tell({ step });
      if (workflowInfo().continueAsNewSuggested) {
        await continueAsNew<typeof platformMigration>({
          spec,
          state: { migrationId, visibleMs, step, pace },
        });
      }
    }
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    const ending = isCancellation(error)
      ? { migrationId, cancelled: true }
      : { migrationId, error: failureDocument(error) };
    // Also where somebody cancelled it: the row must not say for ever that it runs.
    return { report: await CancellationScope.nonCancellable(() => short.endMove(ending)) };
  }
  return { report: await short.endMove({ migrationId }) };
}

interface Moving {
  readonly spec: PlatformMigrationSpec;
  readonly migrationId: string;
  readonly visibleMs: number;
  readonly call: Pick<PlatformMigrationActivities, 'moveSlice' | 'publishMove'>;
  readonly tell: (next: Partial<MoveStanding>) => void;
  readonly wait: (waitMs: number, reason: string) => Promise<void>;
  readonly pace: Pace;
  /** Whether putting out and sending end together, whichever of them ends first. */
  readonly settles: boolean;
}

const cancelled = ({ name }: PlatformMigrationSpec): ErrorDocument =>
  new AssayError('MIGRATION_CANCELLED', `The move "${name}" was cancelled.`).toJSON();

/** One slice after the other until the step is over, or this history has grown long. */
async function slices(moving: Moving, step: MoveStep): Promise<MoveStep | 'again'> {
  const { migrationId, call, tell, pace } = moving;
  for (;;) {
    const { sliceMs } = pace;
    const reply: MoveSlice = await call.moveSlice({ migrationId, step, sliceMs });
    tell({ at: reply.at, progress: reply.progress });
    if (reply.step !== step) {
      delete pace.awaySince;
      pace.sliceMs = firstSliceMs;
      return reply.step;
    }
    if (reply.away === undefined) {
      delete pace.awaySince;
      pace.sliceMs = Math.min(sliceMs * 2, longestSliceMs);
      if (workflowInfo().continueAsNewSuggested) return 'again';
      continue;
    }
    const { waitMs, error } = reply.away;
    // A platform that stumbles and goes on is not away: only silence counts.
    if (reply.progress > 0) delete pace.awaySince;
    pace.awaySince ??= Date.now();
    if (workflowInfo().continueAsNewSuggested) return 'again';
    await waitLonger(moving, { since: pace.awaySince, waitMs, error });
  }
}

/** Waits for a platform that is away, longer each time. @throws what it is away with, when patience is over. */
async function waitLonger(
  { spec, wait }: Moving,
  on: { readonly since: number; readonly waitMs: number; readonly error: ErrorDocument },
): Promise<void> {
  const awayMs = Date.now() - on.since;
  if (awayMs > spec.patienceMs) throw AssayError.from(on.error);
  const left = Math.max(spec.patienceMs - awayMs, 1);
  const longer = Math.max(on.waitMs, Math.min(awayMs / 2, longestWaitMs));
  await wait(Math.min(longer, Math.max(left, on.waitMs)), on.error.message);
}

/** Puts traces out and sends them at the same time, so that what stands in the outbox stays small. */
async function moveTraces(moving: Moving): Promise<MoveStep | 'again'> {
  let put: MoveStep | 'again' | undefined;
  const scope = new CancellationScope();
  if (!moving.settles) {
    const putting = slices(moving, 'traces').then((next) => {
      put = next;
      return next;
    });
    const [next] = await Promise.all([putting, send(moving, () => put)]);
    return next;
  }
  // The publisher waits for more until all is put out, so it is told where nothing more comes in this execution.
  const ending = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      scope.cancel();
      throw error;
    }
  };
  const [putting, sending] = await scope.run(() =>
    Promise.allSettled([
      ending(slices(moving, 'traces')).then((next) => {
        put = next;
        if (next === 'again') scope.cancel();
        return next;
      }),
      ending(send(moving, () => put)),
    ]),
  );
  const failures = [putting, sending].flatMap((each): readonly unknown[] =>
    each.status === 'rejected' ? [each.reason] : [],
  );
  // What failed by itself goes before what was only told to stop; that the sending was is how this execution hands over.
  const own = failures.filter((reason) => !isCancellation(reason));
  if (own.length > 0) {
    const reason: unknown = own[0];
    throw reason;
  }
  if (putting.status === 'rejected') {
    const ended: unknown = putting.reason;
    throw ended;
  }
  return sending.status === 'fulfilled' && sending.value === 'done' ? putting.value : 'again';
}

/** Sends what is put out until all is, or until this history has grown long. */
async function send(
  moving: Moving,
  put: () => MoveStep | 'again' | undefined,
): Promise<'done' | 'again'> {
  const { call, migrationId, wait, pace, settles } = moving;
  for (;;) {
    const asked = Date.now();
    const reply = await call.publishMove({ migrationId });
    if (reply.state === 'done') {
      delete pace.unsentSince;
      return 'done';
    }
    if (put() === 'again') return 'again';
    // As long as more is put out, that decides when to go on in a new execution.
    const isOpen = put() === undefined;
    if (settles ? !isOpen : isOpen) {
      if (workflowInfo().continueAsNewSuggested) return 'again';
    }
    if (!settles) {
      await wait(reply.waitMs, reply.reason);
      continue;
    }
    // Rows that left are no silence, however long a rate-limited platform has the rest wait.
    if ((reply.sent ?? 0) > 0 || Date.now() - asked > sentSomethingMs) delete pace.unsentSince;
    pace.unsentSince ??= asked;
    const error = new AssayError('PLATFORM_UNREACHABLE', reply.reason).toJSON();
    await waitLonger(moving, { since: pace.unsentSince, waitMs: reply.waitMs, error });
  }
}

/** Looks until all is shown, or so long that it will not be. */
async function verify(moving: Moving): Promise<MoveStep | 'again'> {
  const { migrationId, visibleMs, call, tell, wait, pace } = moving;
  const showsIn = visibleMs + patienceToSeeMs;
  let until = Date.now() + showsIn;
  let pause = 500;
  for (;;) {
    const lastLook = Date.now() >= until;
    const reply = await call.moveSlice({
      migrationId,
      step: 'verifying',
      sliceMs: longestSliceMs,
      lastLook,
    });
    tell({ at: reply.at, progress: reply.progress });
    if (reply.step !== 'verifying') return reply.step;
    if (reply.away === undefined || reply.progress > 0) delete pace.awaySince;
    if (reply.away !== undefined) pace.awaySince ??= Date.now();
    if (workflowInfo().continueAsNewSuggested) return 'again';
    if (reply.away !== undefined) {
      const { waitMs, error } = reply.away;
      await waitLonger(moving, { since: pace.awaySince ?? Date.now(), waitMs, error });
      // What was sent before it went away is not shown any sooner.
      until = Date.now() + showsIn;
    } else if (reply.unseen !== undefined) {
      await wait(pause, `${reply.unseen} of what was sent is not shown yet`);
      pause = Math.min(pause * 2, 15_000);
    }
  }
}
