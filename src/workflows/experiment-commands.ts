import { setHandler } from '@temporalio/workflow';

import type {
  BudgetRequest,
  CancelRequest,
  ConcurrencyRequest,
  PauseRequest,
  RunCommand,
  RunPause,
  StopRequest,
} from '../contracts/experiment-protocol.js';
import { AssayError, type ErrorDocument } from '../core/errors/assay-error.js';
import { budget, cancel, concurrency, pause, resume, stop } from './experiment-messages.js';
import type { RunControl } from './experiment-control.js';
import type { Sides } from './experiment-publishing.js';
import { failureDocument } from './failure-document.js';
import { failureOf, refusal } from './refusal.js';

/** What the cells of the run tell back to its commands. */
export interface ExperimentCommands {
  /** The run pauses by itself until its budget is raised. */
  outOfBudget(pause: RunPause): void;
  /** Shows a pause that was there before this execution. */
  showPause(pause: RunPause): void;
  /** Resolves when what was decided so far stands in the row. */
  recorded(): Promise<void>;
}

/** The largest number of cells in flight, as the specification has it. */
const mostConcurrency = 2_000;
const mostBudgetUsd = 1_000_000;
const longestReason = 200;
const endsByItself =
  'It ends by itself; what is left to do then: retry, rejudge, extend or verify.';

/**
 * Handles the commands of a run while its cells run. What a command changes here is replayed from the history and handed to
 * the next execution; the row is written as well, since people and batches look there.
 */
export function handleCommands(
  sides: Sides & { readonly control: RunControl; readonly experimentId: () => string | undefined },
): ExperimentCommands {
  const { board, control } = sides;
  const { record, recorded } = createRecorder(sides);
  const refuseUnlessRunning = (): void => {
    refuseWhenClosed(board.cellsClosed);
    if (sides.experimentId() === undefined) {
      throw refusal('EXPERIMENT_FINISHED', 'No run is being driven at this moment.', {
        mend: 'Look at its status. Where it has not ended, submit it again: that takes it up.',
      });
    }
    if (board.cancelled || control.cancellation.consideredCancelled) {
      throw refusal('EXPERIMENT_FINISHED', 'The run is being cancelled.', { mend: endsByItself });
    }
    if (control.stopped !== undefined) {
      throw refusal('EXPERIMENT_FINISHED', `The run is ending: ${control.stopped.message}`, {
        mend: endsByItself,
      });
    }
  };
  const showPause = (now: RunPause): void => board.paused(now);
  const goOn = (): void => {
    control.resume();
    board.paused(undefined);
  };

  setHandler(
    cancel,
    async (request: CancelRequest | undefined) => {
      board.cancelled = true;
      control.cancellation.cancel();
      if (request?.now === true) await record({ kind: 'abort' });
      return undefined;
    },
    {
      validator: (request: CancelRequest | undefined) => {
        // Once every cell has ended there is nothing left to cancel, and a whole run must not be called cancelled.
        refuseWhenClosed(board.cellsClosed, request?.now === true ? 'abort' : 'cancel');
      },
    },
  );
  setHandler(
    pause,
    async (request: PauseRequest | undefined) => {
      const said = request?.reason === undefined ? '' : `: ${request.reason}`;
      const since = new Date(Date.now()).toISOString();
      const now: RunPause = { cause: 'person', reason: `paused by a person${said}`, since };
      control.pauseFor(now);
      showPause(now);
      await record({ kind: 'pause', pause: now });
      return undefined;
    },
    {
      validator: (request: PauseRequest | undefined) => {
        refuseUnlessRunning();
        if (control.pause !== undefined) {
          throw refusal('EXPERIMENT_PAUSED', `The run is paused already: ${control.pause.reason}.`);
        }
        if ((request?.reason?.length ?? 0) > longestReason) {
          throw refusal('USAGE', `The reason is longer than ${longestReason} characters.`);
        }
      },
    },
  );
  setHandler(
    resume,
    async () => {
      goOn();
      await record({ kind: 'resume' });
      return undefined;
    },
    {
      validator: () => {
        refuseUnlessRunning();
        if (control.pause === undefined) {
          throw refusal('EXPERIMENT_NOT_PAUSED', 'The run is not paused.');
        }
        if (control.pause.cause === 'budget') {
          throw refusal(
            'BUDGET_EXHAUSTED',
            `The run waits for a larger budget: ${control.pause.reason}.`,
            {
              mend: 'Raise it with `assay experiment budget`: the run goes on by itself then.',
            },
          );
        }
      },
    },
  );
  setHandler(
    concurrency,
    async (request: ConcurrencyRequest) => {
      control.concurrency = request.concurrency;
      await record({ kind: 'concurrency', concurrency: request.concurrency });
      return undefined;
    },
    {
      validator: ({ concurrency: asked }: ConcurrencyRequest) => {
        refuseUnlessRunning();
        if (Number.isInteger(asked) && asked >= 1 && asked <= mostConcurrency) return;
        throw refusal('CONCURRENCY_INVALID', `The concurrency is 1 to ${mostConcurrency} cells.`);
      },
    },
  );
  setHandler(
    budget,
    async ({ budgetUsd }: BudgetRequest) => {
      await record({ kind: 'budget', budgetUsd });
      control.budgetChanges += 1;
      if (control.pause?.cause === 'budget') {
        goOn();
        await record({ kind: 'resume' });
      }
      return undefined;
    },
    {
      validator: ({ budgetUsd }: BudgetRequest) => {
        refuseUnlessRunning();
        if (budgetUsd > 0 && budgetUsd <= mostBudgetUsd) return;
        throw refusal('BUDGET_INVALID', `A budget is more than $0 and at most $${mostBudgetUsd}.`);
      },
    },
  );

  setHandler(
    stop,
    async ({ stop: reason }: StopRequest) => {
      control.stop(settledEarly(reason.early.reason));
      await record({ kind: 'stop', stop: reason });
      return undefined;
    },
    {
      validator: (_request: StopRequest) => {
        refuseUnlessRunning();
      },
    },
  );

  return {
    showPause,
    recorded,
    outOfBudget(now) {
      if (control.pause !== undefined) return;
      control.pauseFor(now);
      showPause(now);
      // Nobody waits for it: the next command and the next execution do.
      void record({ kind: 'pause', pause: now }).catch(() => undefined);
    },
  };
}

/** Writes commands into the row, one after another: a pause and a resume must not overtake each other. */
function createRecorder(sides: Sides & { readonly experimentId: () => string | undefined }) {
  let last: Promise<void> = Promise.resolve();
  const record = (command: RunCommand): Promise<void> => {
    const written = last.then(async () => {
      const experimentId = sides.experimentId();
      if (experimentId === undefined) return;
      const reply = await sides.call.control.recordCommand
        .executeWithOptions({ summary: command.kind }, [{ experimentId, command }])
        .catch((error: unknown) => {
          throw failureOf(failureDocument(error));
        });
      if (reply.outcome === 'refused') throw failureOf(reply.error);
    });
    last = written.catch(() => undefined);
    return written;
  };
  return { record, recorded: () => last };
}

function refuseWhenClosed(cellsClosed: boolean, asked?: string): void {
  if (!cellsClosed) return;
  const left = asked === undefined ? '' : `: there is nothing left to ${asked}`;
  throw refusal('EXPERIMENT_FINISHED', `Every cell has ended already${left}.`, {
    mend: 'It is publishing what it has, and ends by itself.',
  });
}

const settledEarly = (reason: string): ErrorDocument =>
  new AssayError('EARLY_STOP', reason).toJSON();
