/** How a run is cut into batch activities. */
export interface BatchPlan {
  /** Cells in one activity. */
  readonly size: number;
  /** Activities in flight at once. */
  readonly window: number;
}

/**
 * Batches of 25 to 100 cells (one activity costs 3 events and about 3 ms of the server's CPU; a cell alone would cost that
 * each time), and so many in flight that the slots never run dry while one batch ends: at least twice the concurrency,
 * at most 20.
 */
export function planBatches(planned: number, concurrency: number): BatchPlan {
  const size = Math.min(100, Math.max(25, Math.ceil(concurrency / 4)));
  const enough = Math.ceil((2 * concurrency) / size) + 1;
  const window = Math.max(1, Math.min(20, enough, Math.ceil(planned / size)));
  return { size, window };
}
