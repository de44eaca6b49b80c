import {
  ClusteredMean,
  proportionInterval,
  type ClusteredSummary,
} from '../statistics/clustered.js';
import type { RateReport } from './report-model.js';

/** Counts passes of n, with the interval of the rate; the cells of one item are one cluster. */
export class RateTally {
  readonly #mean = new ClusteredMean();
  #passed = 0;

  /** Cells of one item must come one after another. */
  add(passed: boolean, itemId: string): void {
    this.#mean.add(passed ? 1 : 0, itemId);
    if (passed) this.#passed += 1;
  }

  /** Null where nothing was counted. */
  report(): RateReport | null {
    return rateReport(this.#mean.summary(), this.#passed);
  }

  /** Several tallies together; the cells of one item must all be in one of them. */
  static reportOf(tallies: readonly RateTally[]): RateReport | null {
    const passed = tallies.reduce((sum, tally) => sum + tally.#passed, 0);
    return rateReport(ClusteredMean.summaryOf(tallies.map((tally) => tally.#mean)), passed);
  }
}

function rateReport(summary: ClusteredSummary, passed: number): RateReport | null {
  const interval = proportionInterval(summary);
  if (interval === undefined) return null;
  return { passed, n: summary.n, rate: passed / summary.n, interval };
}
