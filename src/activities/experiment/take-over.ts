import type { PendingCell } from '../../store/cells.js';
import type { Store } from '../../store/store.js';
import type { BatchWork, Outcome } from './cell-attempts.js';
import type { CellCommitter } from './cell-committer.js';
import { wholeCell } from './reuse-cell.js';
import { reuseOf, type ReusingCell, type WholeReuse } from './reuse.js';

/** What of a batch was taken over as a whole, and what is left to run. */
export interface TakenOver {
  readonly taken: readonly PromiseFulfilledResult<Outcome>[];
  readonly rest: readonly ReusingCell[];
}

/** Commits what needs neither a slot nor a call. */
export type TakeOver = (cells: readonly PendingCell[], work: BatchWork) => Promise<TakenOver>;

/**
 * Takes over the cells of a batch that earlier runs have as a whole, where the run asks for reuse. A cell that a user has asked
 * to be run again is never one of them.
 */
export function createTakeOver(store: Store, committer: CellCommitter): TakeOver {
  return async (cells, { run, stop, abandon }) => {
    const first = cells.filter(
      ({ revision, supersedes }) => revision === 1 && supersedes === undefined,
    );
    if (!run.spec.reuse || first.length === 0) return { taken: [], rest: cells };
    const rest: ReusingCell[] = cells.filter((cell) => !first.includes(cell));
    const taken: Outcome[] = [];
    let writing: Promise<Outcome>[] = [];
    const written = async (): Promise<void> => {
      taken.push(...(await Promise.all(writing)));
      writing = [];
    };
    const take = async ({ cell, whole }: WholeReuse): Promise<Outcome> => {
      const result = wholeCell(cell, { reuse: whole, run });
      const won = await committer.commit({ cell, result, run, signal: abandon });
      return won ? { kind: 'ended', status: result.status } : { kind: 'elsewhere' };
    };
    for await (const found of reuseOf(store, { cells: first, run })) {
      if ('rest' in found) rest.push(found.rest);
      // What is not written yet is asked for again by whoever takes up the batch.
      else if (stop.aborted) rest.push(found.cell);
      else {
        const write = take(found);
        // Its failure is thrown when it is awaited, some cells later: until then it counts as handled.
        write.catch(() => undefined);
        writing.push(write);
        if (writing.length >= cellsAtOnce) await written();
      }
    }
    await written();
    return { rest, taken: taken.map((value) => ({ status: 'fulfilled', value })) };
  };
}

/** Outputs in memory that wait for their commit: two transactions' worth. */
const cellsAtOnce = 50;
