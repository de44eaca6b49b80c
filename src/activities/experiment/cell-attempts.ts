import { randomUUID } from 'node:crypto';

import type { CellResult } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { BudgetExhausted } from '../../models/budget-gate.js';
import type { Governor } from '../../models/governor.js';
import { createSlots } from '../../models/slots.js';
import { claimCells, unclaimCells, type CellClaim, type PendingCell } from '../../store/cells.js';
import { createBatcher } from '../../store/journal/batcher.js';
import { whileAway } from '../../store/journal/persist.js';
import type { Store } from '../../store/store.js';
import type { CellCommitter } from './cell-committer.js';
import type { RunCell } from './run-cell.js';
import { isRunAborted } from './run-watch.js';
import type { RunningExperiment } from './running-experiment.js';
import { lostCell } from './worker-lost.js';

/** A cell that was claimed so often without an outcome is recorded as lost. */
const maxClaims = 3;
/** Outcomes on their way to their rows, four transactions' worth. */
const mostCommitting = 100;

/** What came of one attempt at a cell. */
export type Outcome =
  | { readonly kind: 'ended'; readonly status: CellResult['status'] }
  /** Another worker's outcome stood first, or still holds the cell's call. */
  | { readonly kind: 'elsewhere'; readonly retryAfterMs?: number }
  | { readonly kind: 'deferred'; readonly waitMs: number; readonly reason: string }
  /** The budget holds no further call of it; those that it made stand in the journal. */
  | { readonly kind: 'out_of_budget'; readonly neededPico?: bigint }
  | { readonly kind: 'not_started' };

/** What the cells of one batch have in common. */
export interface BatchWork {
  readonly run: RunningExperiment;
  /** Nothing new starts after this. */
  readonly stop: AbortSignal;
  /** What runs is given up, paid calls included: only where the process is about to end. */
  readonly abandon: AbortSignal;
}

/** Runs cells: slot, claim, target and evaluators, commit. */
export interface CellAttempts {
  /** @throws whatever is no outcome of the cell: Postgres is away, the process ends. */
  readonly attempt: (cell: PendingCell, work: BatchWork) => Promise<Outcome>;
}

/** Makes the attempts of this process, which are one at a time for each cell. */
export function createCellAttempts(means: {
  readonly store: Store;
  readonly governor: Governor;
  readonly runCell: RunCell;
  readonly committer: CellCommitter;
}): CellAttempts {
  const { store, governor, runCell, committer } = means;
  const claims = createBatcher<CellClaim, number | undefined>({
    maxBatch: 100,
    delayMs: 1,
    flush: async (batch) => {
      const counts = await claimCells(store, batch);
      return batch.map(({ cellId }) => counts.get(cellId));
    },
  });
  // A cell that took two workers down with it runs alone among its like, so that a third crash convicts it and no other.
  const suspects = createSlots(1);
  // Where Postgres is slow the outcomes that wait for it must not pile up: beyond these, cells keep their slots.
  const committing = createSlots(mostCommitting);
  const underWay = new Map<string, Promise<Outcome>>();

  const attemptInSlot = async (
    cell: PendingCell,
    work: BatchWork,
    freeSlot: () => void,
  ): Promise<Outcome> => {
    const { run, abandon } = work;
    if (work.stop.aborted) return { kind: 'not_started' };
    const claim = { cellId: cell.cellId, token: randomUUID() };
    try {
      const claimed = await claims.submit(claim);
      if (claimed === undefined) return { kind: 'elsewhere' };
      const result =
        claimed > maxClaims
          ? lostCell(cell)
          : await runCell({ ...cell, claims: claimed }, run, abandon);
      // All that was paid for is committed: from here on a slot would only stand empty while the cell's row is written.
      const committed = await committing.acquire(abandon);
      freeSlot();
      const won = await committer.commit({ cell, result, run, signal: abandon }).finally(committed);
      return won ? { kind: 'ended', status: result.status } : { kind: 'elsewhere' };
    } catch (error) {
      // The claim stays: closing the run's cells tells from it that this one was being run.
      if (isRunAborted(error)) return { kind: 'not_started' };
      // Not an outcome, and not the cell's fault: this claim does not count against it, also where Postgres is what failed.
      await whileAway(() => unclaimCells(store, [claim]), abandon).catch(() => undefined);
      if (AssayError.is(error) && error.code === 'BUDGET_EXHAUSTED')
        return {
          kind: 'out_of_budget',
          ...(error instanceof BudgetExhausted ? { neededPico: error.neededPico } : {}),
        };
      if (!AssayError.is(error) || error.retryAfterMs === undefined) throw error;
      return error.code === 'CALL_CLAIM_REFUSED'
        ? { kind: 'elsewhere', retryAfterMs: error.retryAfterMs }
        : { kind: 'deferred', waitMs: error.retryAfterMs, reason: error.message };
    }
  };

  const attemptOnce = async (cell: PendingCell, work: BatchWork): Promise<Outcome> => {
    const { experimentId, concurrency, spec } = work.run;
    const { project, priority } = spec;
    const slots = governor.slotsOf({ experimentId, project, priority, concurrency });
    const suspect = cell.claims >= maxClaims - 1;
    const gates = suspect ? [suspects, slots] : [slots];
    const releases: (() => void)[] = [];
    try {
      for (const gate of gates) releases.push(await gate.acquire(work.stop));
      return await attemptInSlot(cell, work, () => {
        releases.pop()?.();
      });
    } catch (error) {
      if (work.stop.aborted && releases.length < gates.length) return { kind: 'not_started' };
      throw error;
    } finally {
      for (const release of releases) release();
    }
  };

  return {
    attempt: async (cell, work) => {
      // Temporal hands a batch whose heartbeat was lost to the same worker too: the cells that still run there are waited
      // for, or their targets would run twice at once.
      for (let first = underWay.get(cell.cellId); first; first = underWay.get(cell.cellId)) {
        const outcome = await first;
        if (outcome.kind !== 'not_started') return outcome;
      }
      const running = attemptOnce(cell, work).finally(() => underWay.delete(cell.cellId));
      underWay.set(cell.cellId, running);
      return running;
    },
  };
}
