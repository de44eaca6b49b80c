import { CancellationScope, condition, sleep, workflowInfo } from '@temporalio/workflow';

import type { RunPause } from '../contracts/experiment-protocol.js';
import type { ErrorDocument } from '../core/errors/assay-error.js';

/** What commands have made of a run so far: whether its batches may run, how many at once, and why it ends early. */
export interface RunControl {
  readonly pause: RunPause | undefined;
  /** Cells in flight at once, where it was changed while the run went on. */
  concurrency: number | undefined;
  /** Why nothing new starts any more, although nobody cancelled. */
  readonly stopped: ErrorDocument | undefined;
  /** How often the budget was changed: a batch that began before that knows only the old one. */
  budgetChanges: number;
  /** Everything that a cancel ends: planning and the batches. */
  readonly cancellation: CancellationScope;
  /** Nothing new starts; batches in flight finish their cells and return. */
  pauseFor(pause: RunPause): void;
  resume(): void;
  /** As a pause, for good. */
  stop(reason: ErrorDocument): void;
  /** Waits while the run is paused. True where batches may run; false where this history has grown long. */
  mayRun(): Promise<boolean>;
  /**
   * Runs what a pause may interrupt.
   *
   * @returns undefined where a pause interrupted it: it is to be done again afterwards.
   */
  interruptible<Result>(work: () => Promise<Result>): Promise<Result | undefined>;
  /** Sleeps until a moment (milliseconds since 1970), pauses included. False where this history has grown long meanwhile. */
  sleepUntil(moment: number, summary: string): Promise<boolean>;
}

/** Makes the control of one execution. */
export function createRunControl(cancellation: CancellationScope): RunControl {
  let pause: RunPause | undefined;
  let stopped: ErrorDocument | undefined;
  // One scope for the batches between two pauses: cancelling it is how batches in flight learn of the pause.
  let batches = new CancellationScope({ cancellable: true, parent: cancellation });
  const mayRun = async (): Promise<boolean> => {
    if (pause === undefined) return stopped === undefined;
    const long = (): boolean => workflowInfo().continueAsNewSuggested;
    const goesOn = (): boolean => pause === undefined && stopped === undefined;
    await condition(() => pause === undefined || stopped !== undefined || long());
    return goesOn();
  };
  const interruptible = async <Result>(
    work: () => Promise<Result>,
  ): Promise<Result | undefined> => {
    const scope = batches;
    try {
      return await scope.run(work);
    } catch (error) {
      // Whatever the pause made of it: a batch that was cancelled in its queue, or whose worker was lost, which the server
      // does not retry after a cancel. The rows know what is done.
      if (scope.consideredCancelled && !cancellation.consideredCancelled) return undefined;
      throw error;
    }
  };
  return {
    get pause() {
      return pause;
    },
    get stopped() {
      return stopped;
    },
    concurrency: undefined,
    budgetChanges: 0,
    cancellation,
    pauseFor(next) {
      pause = next;
      batches.cancel();
    },
    resume() {
      pause = undefined;
      if (stopped !== undefined) return;
      batches = new CancellationScope({ cancellable: true, parent: cancellation });
    },
    stop(reason) {
      stopped ??= reason;
      batches.cancel();
    },
    mayRun,
    interruptible,
    async sleepUntil(moment, summary) {
      for (;;) {
        const left = moment - Date.now();
        if (left <= 0) return !workflowInfo().continueAsNewSuggested;
        const slept = await interruptible(async () => {
          await sleep(left, { summary });
          return true;
        });
        if (slept === undefined && !(await mayRun())) return false;
      }
    },
  };
}
