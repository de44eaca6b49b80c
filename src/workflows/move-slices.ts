import { workflowInfo } from '@temporalio/workflow';

import type {
  MoveSlice,
  MoveStep,
  PlatformMigrationActivities,
} from '../contracts/platform-migration.js';
import type { MoveStanding } from '../core/migration/move-story.js';
import { waitLonger, type Pace, type Wait } from './move-waiting.js';

/** The first slices are short, so that a small move is seen; those of one that takes hours are longer, for a short history. */
export const firstSliceMs = 20_000;
const longestSliceMs = 600_000;
/** How long a platform may take to show what it took, beyond what the project's config says of it. */
const patienceToSeeMs = 60_000;

/** A move in one execution. */
export interface Moving {
  readonly patienceMs: number;
  readonly migrationId: string;
  readonly visibleMs: number;
  readonly call: Pick<PlatformMigrationActivities, 'moveSlice' | 'publishMove'>;
  readonly tell: (next: Partial<MoveStanding>) => void;
  readonly wait: Wait;
  readonly pace: Pace;
  /** Whether putting out and sending end together, whichever of them ends first. */
  readonly settles: boolean;
}

/** One slice after the other until the step is over, or this history has grown long. */
export async function takeStep(moving: Moving, step: MoveStep): Promise<MoveStep | 'again'> {
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

/** Looks until all is shown, or so long that it will not be. */
export async function verifyMove(moving: Moving): Promise<MoveStep | 'again'> {
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
