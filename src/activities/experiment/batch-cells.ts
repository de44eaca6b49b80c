import { loadCells, type PendingCell, type WaitingCell } from '../../store/cells.js';
import type { Store } from '../../store/store.js';
import type { CellAttempts, BatchWork, Outcome } from './cell-attempts.js';
import type { CellMemory } from './cell-memory.js';
import type { TakeOver } from './take-over.js';

/** Bodies up to this come with the list of a batch's cells and wait for nothing: a usual batch is one query. */
export const smallBatchBytes = 256 * 1024;
/** Larger bodies are read in portions of about this size, when there is room. */
const portionBytes = 2 * 1024 * 1024;

type Settled = PromiseSettledResult<Outcome>;

/** What runs the cells of a batch. */
export interface BatchMeans {
  readonly store: Store;
  readonly memory: CellMemory;
  readonly takeOver: TakeOver;
  readonly attempt: CellAttempts['attempt'];
}

/** The cells of one batch and what they have in common. */
export interface Batch {
  readonly cells: readonly WaitingCell[];
  readonly work: BatchWork;
  /** Told once something failed that is no outcome of a cell: nothing new may start. */
  readonly onFailure: (error: unknown) => void;
  readonly onDone: (done: number) => void;
}

/**
 * Runs the cells of a batch and reads the bodies of large ones only when the worker has room for them: a hundred items of a
 * megabyte in each of twenty batches would be two gigabytes.
 */
export async function runBatch(batch: Batch, means: BatchMeans): Promise<readonly Settled[]> {
  const { cells, work } = batch;
  const { memory, store } = means;
  const { experimentId } = work.run;
  const settled: Promise<readonly Settled[]>[] = [];
  let done = 0;
  const ended = (cellId: string): void => {
    memory.release(cellId);
    done += 1;
    batch.onDone(done);
  };
  const start = (portion: readonly PendingCell[]): void => {
    settled.push(runPortion(portion, { batch, means, ended }));
  };

  const small = cells.flatMap((cell) =>
    cell.item === undefined ? [] : [{ ...cell, item: cell.item }],
  );
  memory.take(small, experimentId);
  if (small.length > 0) start(small);
  const large = cells.filter(({ item }) => item === undefined);
  const notStarted: Settled[] = [];
  for (const portion of portionsOf(large)) {
    try {
      await memory.acquire(portion, { experimentId, signal: work.stop });
    } catch {
      notStarted.push(...portion.map(() => fulfilled({ kind: 'not_started' })));
      continue;
    }
    try {
      const loaded = await loadCells(store, portion);
      const there = new Set(loaded.map(({ cellId }) => cellId));
      // Ended by somebody else since the batch was listed.
      for (const { cellId } of portion) if (!there.has(cellId)) ended(cellId);
      start(loaded);
    } catch (error) {
      for (const { cellId } of portion) memory.release(cellId);
      batch.onFailure(error);
      settled.push(Promise.resolve([{ status: 'rejected', reason: error }]));
    }
  }
  return [...(await Promise.all(settled)).flat(), ...notStarted];
}

const fulfilled = (value: Outcome): Settled => ({ status: 'fulfilled', value });

async function runPortion(
  cells: readonly PendingCell[],
  on: { batch: Batch; means: BatchMeans; ended: (cellId: string) => void },
): Promise<readonly Settled[]> {
  const { batch, means, ended } = on;
  const { work, onFailure } = batch;
  const open = new Set(cells.map(({ cellId }) => cellId));
  const end = (cellId: string): void => {
    if (open.delete(cellId)) ended(cellId);
  };
  try {
    const { rest, taken } = await means.takeOver(cells, work);
    const left = new Set(rest.map(({ cellId }) => cellId));
    for (const { cellId } of cells) if (!left.has(cellId)) end(cellId);
    const outcomes = await Promise.allSettled(
      rest.map(async (cell) => {
        try {
          return await means.attempt(cell, work);
        } catch (error) {
          // Nothing new starts; calls in flight are paid for and go on to their commit.
          onFailure(error);
          throw error;
        } finally {
          end(cell.cellId);
        }
      }),
    );
    return [...taken, ...outcomes];
  } catch (error) {
    onFailure(error);
    return [{ status: 'rejected', reason: error }];
  } finally {
    for (const cellId of [...open]) end(cellId);
  }
}

function* portionsOf(cells: readonly WaitingCell[]): Iterable<readonly WaitingCell[]> {
  let portion: WaitingCell[] = [];
  let bytes = 0;
  for (const cell of cells) {
    if (portion.length > 0 && bytes + cell.bytes > portionBytes) {
      yield portion;
      portion = [];
      bytes = 0;
    }
    portion.push(cell);
    bytes += cell.bytes;
  }
  if (portion.length > 0) yield portion;
}
