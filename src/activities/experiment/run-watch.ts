import { AssayError } from '../../core/errors/assay-error.js';
import { isAbortRequested } from '../../store/run-commands.js';
import type { Store } from '../../store/store.js';
import { tooManyFailed } from './failure-limit.js';
import type { RunningExperiment } from './running-experiment.js';

/** What a batch must learn of its run while its cells run. */
export interface RunWatch {
  /** Aborted where nothing new is to start: too many cells failed, here or elsewhere. */
  readonly stop: AbortSignal;
  /** Aborted where what is in flight is to be given up. */
  readonly abandon: AbortSignal;
  end(): void;
}

/** How often the rows are looked at; a cancel with `--now` and too many failures are seen as late as that. */
const lookEveryMs = 1_000;

/** The reason of a cell that was given up since its run was cancelled with `--now`. */
const abortReason = (): AssayError =>
  new AssayError('CELL_ABORTED', 'The experiment was cancelled at once.');

/** Whether an error is that reason. */
export const isRunAborted = (error: unknown): boolean =>
  AssayError.is(error) && error.code === 'CELL_ABORTED';

interface Watcher {
  readonly stop: AbortController;
  readonly abandon: AbortController;
}

/** The batches of this process by their run. */
const watchers = new Map<string, Set<Watcher>>();

/**
 * Gives up what is in flight of a run, in every batch of this process: Temporal tells them one after the other, and the slots
 * that the first one gives back would let the others begin cells, and pay for them. So all stop before any gives up.
 */
function abortRun(experimentId: string): void {
  const all = [...(watchers.get(experimentId) ?? [])];
  for (const { stop } of all) stop.abort(abortReason());
  for (const { abandon } of all) abandon.abort(abortReason());
}

/**
 * Watches the row of a run for one batch. Temporal's cancellation carries no reason, so a batch that is cancelled looks for
 * it here: cells in flight finish unless the row asks to abort them.
 */
export function watchRun(
  store: Store,
  { run, cancelled }: { run: RunningExperiment; cancelled: AbortSignal },
): RunWatch {
  const own: Watcher = { stop: new AbortController(), abandon: new AbortController() };
  const { stop, abandon } = own;
  const beside = watchers.get(run.experimentId) ?? new Set();
  watchers.set(run.experimentId, beside.add(own));
  // A judgement ends no cell: those that failed before it must not stop it, again and again, a second after it began.
  const limited = run.spec.maxFailures !== undefined && run.pass?.kind !== 'rejudge';
  let looking = false;
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    try {
      if (cancelled.aborted && (await isAbortRequested(store, run.experimentId))) {
        abortRun(run.experimentId);
      }
      if (
        limited &&
        !stop.signal.aborted &&
        (await tooManyFailed(store, { ...run, id: run.experimentId }))
      ) {
        stop.abort(new Error('too many cells failed'));
      }
    } catch {
      // Postgres is away: the next look finds what this one did not.
    } finally {
      looking = false;
    }
  };
  const timer = setInterval(() => void look(), lookEveryMs);
  const onCancel = (): void => void look();
  cancelled.addEventListener('abort', onCancel, { once: true });
  return {
    stop: stop.signal,
    abandon: abandon.signal,
    end() {
      beside.delete(own);
      if (beside.size === 0) watchers.delete(run.experimentId);
      clearInterval(timer);
      cancelled.removeEventListener('abort', onCancel);
    },
  };
}
