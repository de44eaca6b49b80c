import {
  ActivityCancellationType,
  CancellationScope,
  ContinueAsNew,
  continueAsNew,
  defineQuery,
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
import { AssayError } from '../core/errors/assay-error.js';
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
  };
}

const progress = defineQuery<ShownMove>(moveProgressQuery);

/** The first slices are short, so that a small move is seen; those of one that takes hours are longer, for a short history. */
const firstSliceMs = 20_000;
const longestSliceMs = 600_000;
/** How long a platform may take to show what it took, beyond what the project's config says of it. */
const patienceToSeeMs = 60_000;

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
  let begun: { readonly migrationId: string; readonly visibleMs: number };
  try {
    begun = input.state ?? (await short.beginMove(spec));
  } catch (error) {
    return { error: failureDocument(error) };
  }
  const { migrationId, visibleMs } = begun;
  const wait = async (waitMs: number, reason: string): Promise<void> => {
    const { waiting: _before, ...rest } = standing;
    tell({ waiting: reason });
    await short.noteMove({ migrationId, waiting: reason });
    await sleep(waitMs, { summary: reason });
    standing = rest;
    tell({});
    await short.noteMove({ migrationId, waiting: null });
  };
  const moving: Moving = { spec, migrationId, visibleMs, call, tell, wait };
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
          state: { migrationId, visibleMs, step },
        });
      }
    }
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    const ending = { migrationId, error: failureDocument(error) };
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
}

/** One slice after the other until the step is over, or this history has grown long. */
async function slices(
  { spec, migrationId, call, tell, wait }: Moving,
  step: MoveStep,
): Promise<MoveStep | 'again'> {
  let sliceMs = firstSliceMs;
  let awaySince: number | undefined;
  for (;;) {
    const reply: MoveSlice = await call.moveSlice({ migrationId, step, sliceMs });
    tell({ at: reply.at, progress: reply.progress });
    if (reply.step !== step) return reply.step;
    if (workflowInfo().continueAsNewSuggested) return 'again';
    sliceMs = Math.min(sliceMs * 2, longestSliceMs);
    if (reply.away === undefined) {
      awaySince = undefined;
      continue;
    }
    // A platform that stumbles and goes on is not away: only silence counts.
    if (awaySince === undefined || reply.progress > 0) awaySince = Date.now();
    if (Date.now() - awaySince > spec.patienceMs) throw AssayError.from(reply.away.error);
    await wait(reply.away.waitMs, reply.away.error.message);
  }
}

/** Puts traces out and sends them at the same time, so that what stands in the outbox stays small. */
async function moveTraces(moving: Moving): Promise<MoveStep | 'again'> {
  let put: MoveStep | 'again' | undefined;
  const putting = slices(moving, 'traces').then((next) => {
    put = next;
    return next;
  });
  const sending = (async (): Promise<void> => {
    const { call, migrationId, wait } = moving;
    for (;;) {
      const reply = await call.publishMove({ migrationId });
      if (reply.state === 'done') return;
      if (put === 'again' || (put === undefined && workflowInfo().continueAsNewSuggested)) return;
      await wait(reply.waitMs, reply.reason);
    }
  })();
  const [next] = await Promise.all([putting, sending]);
  return next;
}

/** Looks until all is shown, or so long that it will not be. */
async function verify(moving: Moving): Promise<MoveStep | 'again'> {
  const { migrationId, visibleMs, call, tell, wait } = moving;
  const until = Date.now() + visibleMs + patienceToSeeMs;
  let pause = 500;
  let awaySince: number | undefined;
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
    if (workflowInfo().continueAsNewSuggested) return 'again';
    if (reply.away !== undefined) {
      awaySince ??= Date.now();
      if (Date.now() - awaySince > moving.spec.patienceMs) {
        throw AssayError.from(reply.away.error);
      }
      await wait(reply.away.waitMs, reply.away.error.message);
    } else if (reply.unseen !== undefined) {
      awaySince = undefined;
      await wait(pause, `${reply.unseen} of what was sent is not shown yet`);
      pause = Math.min(pause * 2, 15_000);
    }
  }
}
