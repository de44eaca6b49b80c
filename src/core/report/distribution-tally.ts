import { amountEdges, histogramOf } from '../statistics/histogram.js';
import { NumericSample } from '../statistics/sample.js';
import type { Distribution } from './report-model.js';

/** Where the values of one figure lie, in bounded memory. */
export class DistributionTally {
  readonly #sample = new NumericSample();

  /** What is unknown or no finite number is not counted. */
  add(value: number | undefined): void {
    if (value !== undefined && Number.isFinite(value)) this.#sample.add(value);
  }

  /** Null where there is no value. */
  report(): Distribution | null {
    const { mean, max } = this.#sample.moments;
    const sorted = this.#sample.sorted();
    const [p50, p90, p95, p99] = this.#sample.quantiles([0.5, 0.9, 0.95, 0.99]) ?? [];
    if (
      mean === undefined ||
      max === undefined ||
      p50 === undefined ||
      p90 === undefined ||
      p95 === undefined ||
      p99 === undefined
    ) {
      return null;
    }
    const { n, exact } = this.#sample;
    const histogram = histogramOf(sorted, amountEdges(sorted));
    return { n, exact, mean, p50, p90, p95, p99, max, histogram };
  }
}
