import { performance } from 'node:perf_hooks';

import type { RunCosts } from '../../client/experiments.js';
import { formatPico, picoFromDollars } from '../../core/money/pico.js';
import { count, counted } from '../../core/report/figures.js';

/** Knows what a run has cost so far, about as it was a moment ago. */
export interface CostWatch {
  /** As last read; undefined while nothing is known. Reads again beside this where it is time to. */
  readonly text: string | undefined;
  /** Reads now, for the end of a run. */
  fresh(): Promise<string | undefined>;
}

/** Adding up reads every cell of the run, so it is done now and then, and takes a twentieth of the time at most. */
const leastPauseMs = 5_000;
const pauseFactor = 20;

/** @param read - rejects while the store is away: then what was known stands. */
export function createCostWatch(read: () => Promise<RunCosts>): CostWatch {
  let text: string | undefined;
  let reading: Promise<string | undefined> | undefined;
  let nextAt = -Infinity;
  const look = async (): Promise<string | undefined> => {
    const began = performance.now();
    try {
      text = costText(await read());
    } catch {
      // The run's state is told by others; a cost that cannot be read is no news of it.
    }
    const ended = performance.now();
    nextAt = ended + Math.max(leastPauseMs, pauseFactor * (ended - began));
    reading = undefined;
    return text;
  };
  return {
    get text() {
      if (performance.now() >= nextAt) reading ??= look();
      return text;
    },
    async fresh() {
      await reading;
      return look();
    },
  };
}

/** `$0.15 so far`, and of how many cells it is known where that is not all; undefined where it is of none. */
export function costText(costs: RunCosts): string | undefined {
  const parts = [costs.target, costs.judge, costs.embedding].filter(({ known }) => known > 0);
  if (parts.length === 0) return undefined;
  const usd = parts.reduce((sum, each) => sum + each.usd, 0);
  // A judge's or an embedding's cost is of the cells that had one: only the target's is of all.
  const { known, cells } = costs.target;
  const of = known === cells ? '' : ` (of ${count(known)} of ${counted(cells, 'cell')})`;
  return `${formatPico(picoFromDollars(usd))} so far${of}`;
}
