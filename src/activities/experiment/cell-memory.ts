import type { CellResult } from '../../contracts/records.js';
import { jsonSize } from '../../core/json/size.js';
import { createByteBudget } from './byte-budget.js';
import type { RunCell } from './run-cell.js';

/** What the bodies of a worker's cells may take together (durability 1). */
const budgetBytes = 32 * 1024 * 1024;
/**
 * How often a body stands in memory while its cell runs, in mean: as read, in the prompt, in the request, in the records.
 * With this a worker that runs cells of 1 MB stays below half a gigabyte.
 */
const copies = 2;
/** Outputs below this are part of what a worker needs anyway. */
const largeOutput = 64 * 1024;
const mostRuns = 50;

/** Holds the bodies of a worker's cells below a limit: items are known before they are read, outputs by those before them. */
export interface CellMemory {
  /** Waits until the cells fit. @throws the signal's reason */
  acquire(
    cells: readonly SizedCell[],
    at: { experimentId: string; signal: AbortSignal },
  ): Promise<void>;
  /** Takes for cells that are read already. */
  take(cells: readonly SizedCell[], experimentId: string): void;
  release(cellId: string): void;
  /** A runner whose outputs count as soon as they are there. */
  watching(runCell: RunCell): RunCell;
  readonly held: number;
}

export interface SizedCell {
  readonly cellId: string;
  readonly bytes: number;
}

export function createCellMemory(limit: number = budgetBytes): CellMemory {
  const budget = createByteBudget(limit);
  const outputs = new Map<string, number>();
  const held = new Map<string, { readonly reserved: number; readonly expected: number }>();

  const reserve = (cells: readonly SizedCell[], experimentId: string): number => {
    const expected = outputs.get(experimentId) ?? 0;
    let sum = 0;
    for (const { cellId, bytes } of cells) {
      const reserved = copies * (bytes + expected);
      // The same cell a second time in this process: it waits for the first, and holds nothing of its own for long.
      sum += reserved - (held.get(cellId)?.reserved ?? 0);
      held.set(cellId, { reserved, expected });
    }
    return Math.max(0, sum);
  };

  return {
    get held() {
      return budget.held;
    },
    async acquire(cells, { experimentId, signal }) {
      const expected = outputs.get(experimentId) ?? 0;
      const asked = cells.reduce((sum, { bytes }) => sum + copies * (bytes + expected), 0);
      await budget.acquire(asked, signal);
      const reserved = reserve(cells, experimentId);
      if (reserved < asked) budget.release(asked - reserved);
      else budget.take(reserved - asked);
    },
    take(cells, experimentId) {
      budget.take(reserve(cells, experimentId));
    },
    release(cellId) {
      const entry = held.get(cellId);
      held.delete(cellId);
      if (entry !== undefined) budget.release(entry.reserved);
    },
    watching: (runCell) => async (cell, run, signal) => {
      const result = await runCell(cell, run, signal);
      const size = outputSize(result);
      outputs.set(run.experimentId, expectation(outputs.get(run.experimentId) ?? 0, size));
      for (const oldest of outputs.keys()) {
        if (outputs.size <= mostRuns) break;
        outputs.delete(oldest);
      }
      const entry = held.get(cell.cellId);
      const more = entry === undefined ? 0 : copies * (size - entry.expected);
      if (entry !== undefined && more > 0) {
        budget.take(more);
        held.set(cell.cellId, { reserved: entry.reserved + more, expected: size });
      }
      return result;
    },
  };
}

const outputSize = ({ output }: CellResult): number =>
  output === undefined ? 0 : jsonSize(output);

/** Rises at once to a large output and falls slowly. */
function expectation(before: number, size: number): number {
  const next = Math.max(size, before * 0.95);
  return next < largeOutput ? 0 : next;
}
