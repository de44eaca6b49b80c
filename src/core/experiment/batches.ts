/** How a run is cut into batch activities. */
export interface BatchPlan {
  /** Cells in one activity. */
  readonly size: number;
  /** Activities in flight at once. */
  readonly window: number;
}

/** The widest that the window of batches ever is, stragglers included: each heartbeats, and holds its items in memory. */
export const mostBatches = 64;

/**
 * Batches of 25 to 100 cells (one activity costs 3 events and about 3 ms of the server's CPU; a cell alone would cost that
 * each time), and so many in flight that the slots never run dry while one batch ends: at least twice the concurrency,
 * at most 20. Batches that only wait for their last slow cells come on top, see {@link createStragglers}.
 *
 * @param share how many batches the slots are cut into; 4 in histories of before `stragglers`, 2 before `whole batches`.
 */
export function planBatches(planned: number, concurrency: number, share = 1): BatchPlan {
  const size = Math.min(100, Math.max(25, Math.ceil(concurrency / share)));
  const enough = Math.ceil((2 * concurrency) / size) + 1;
  const window = Math.max(1, Math.min(20, enough, Math.ceil(planned / size)));
  return { size, window };
}

/** Which batches in flight hold hardly any slot. */
export interface Stragglers {
  started(position: number): void;
  ended(position: number): void;
  /** How many batches in flight began before one that has ended. */
  readonly count: number;
}

/**
 * Cells get their slots first come first served. So where a batch has ended, all cells of the batches before it have started, and
 * one that is still in flight only waits for slow cells: it must not keep its place in the window, or a few slow cells (1 % of 5 s
 * among 50 ms) leave most slots empty.
 */
export function createStragglers(): Stragglers {
  const inFlight = new Set<number>();
  let newestEnded = -1;
  return {
    started: (position) => void inFlight.add(position),
    ended: (position) => {
      inFlight.delete(position);
      newestEnded = Math.max(newestEnded, position);
    },
    get count() {
      let count = 0;
      for (const position of inFlight) if (position < newestEnded) count += 1;
      return count;
    },
  };
}
