import {
  ActivityCancellationType,
  CancellationScope,
  CancelledFailure,
  ContinueAsNew,
  continueAsNew,
  defineQuery,
  isCancellation,
  patched,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';

import type {
  MoveReply,
  MoveStep,
  PlatformMigrationActivities,
  PlatformMigrationSpec,
} from '../contracts/platform-migration.js';
import { AssayError, type ErrorDocument } from '../core/errors/assay-error.js';
import { moveProgressQuery, taskQueues } from '../core/experiment/naming.js';
import { moveStory, type MoveStanding } from '../core/migration/move-story.js';
import { failureDocument } from './failure-document.js';
import { firstSliceMs, takeStep, verifyMove } from './move-slices.js';
import { moveTraces } from './move-traces.js';
import { createWait, type Pace } from './move-waiting.js';

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

const progress = defineQuery<ShownMove>(moveProgressQuery);

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
  const pace: Pace = { sliceMs: firstSliceMs, ...input.state?.pace };
  const wait = createWait({
    migrationId,
    short,
    tell: (waiting) => {
      tell({ waiting });
    },
  });
  const { patienceMs } = spec;
  const moving = { patienceMs, migrationId, visibleMs, call, tell, wait, pace, settles };
  try {
    // The execution before may have ended amid a wait, which is none of this one's.
    if (input.state !== undefined && patched('waits-anew')) {
      await short.noteMove({ migrationId, waiting: null });
    }
    let step = standing.step;
    while (step !== 'done') {
      const next =
        step === 'traces'
          ? await moveTraces(moving)
          : step === 'verifying'
            ? await verifyMove(moving)
            : await takeStep(moving, step);
      step = next === 'again' ? step : next;
      tell({ step });
      if (workflowInfo().continueAsNewSuggested) {
        // A cancel that came while the last slice ended well: the next execution would know nothing of it.
        const { consideredCancelled } = CancellationScope.current();
        if (consideredCancelled && patched('cancelled-before-anew')) {
          throw new CancelledFailure('The move was cancelled.');
        }
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

const cancelled = ({ name }: PlatformMigrationSpec): ErrorDocument =>
  new AssayError('MIGRATION_CANCELLED', `The move "${name}" was cancelled.`).toJSON();
