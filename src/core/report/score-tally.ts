import type { ScoreRecord } from '../../contracts/records.js';
import { ClusteredMean, meanInterval } from '../statistics/clustered.js';
import { histogramOf, scoreEdges } from '../statistics/histogram.js';
import { NumericSample } from '../statistics/sample.js';
import { cutText } from './excerpt.js';
import { FrequencyTable } from './frequency-table.js';
import { RateTally } from './rate-tally.js';
import type { NumericReport, ScoreReport } from './report-model.js';

const mostLabels = 100;
const longestLabel = 200;
// A double cannot hold the square of a larger number, and every figure would become infinite or NaN.
const largestValue = 1e150;

/** Gathers the scores of one name. */
export class ScoreTally {
  readonly name: string;
  readonly #rate = new RateTally();
  readonly #mean = new ClusteredMean();
  readonly #sample = new NumericSample();
  readonly #labels = new FrequencyTable(mostLabels);
  #n = 0;
  #unusable = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Cells of one item must come one after another. */
  add(score: ScoreRecord, itemId: string): void {
    this.#n += 1;
    if (score.passed !== undefined) this.#rate.add(score.passed, itemId);
    const { value } = score;
    if (value.type !== 'NUMERIC') this.#labels.add(cutText(String(value.value), longestLabel));
    else if (Math.abs(value.value) <= largestValue) {
      this.#mean.add(value.value, itemId);
      this.#sample.add(value.value);
    } else this.#unusable += 1;
  }

  report(): ScoreReport {
    return {
      name: this.name,
      n: this.#n,
      passRate: this.#rate.report(),
      numeric: this.#numeric(),
      categories:
        this.#labels.n === 0
          ? null
          : { n: this.#labels.n, labels: this.#labels.top(), otherN: this.#labels.other },
      unusable: this.#unusable,
    };
  }

  #numeric(): NumericReport | null {
    const { moments } = this.#sample;
    const { mean, min, max } = moments;
    const [median] = this.#sample.quantiles([0.5]) ?? [];
    if (mean === undefined || min === undefined || max === undefined || median === undefined) {
      return null;
    }
    const sorted = this.#sample.sorted();
    return {
      n: moments.n,
      mean,
      interval: meanInterval(this.#mean.summary()) ?? null,
      sd: moments.sampleSd ?? null,
      min,
      median,
      max,
      values: fewValues(sorted),
      histogram: histogramOf(sorted, scoreEdges(sorted)),
    };
  }
}

const mostDistinct = 12;

function fewValues(sorted: Float64Array): NumericReport['values'] {
  const values: { readonly value: number; n: number }[] = [];
  for (const value of sorted) {
    const last = values.at(-1);
    if (last?.value === value) last.n += 1;
    else if (values.length >= mostDistinct) return null;
    else values.push({ value, n: 1 });
  }
  return values;
}
