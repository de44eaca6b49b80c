import type { DeepReadonly } from '../../contracts/deep-readonly.js';
import type { DatasetSample } from '../../contracts/manifest.js';
import { count } from '../report/figures.js';

/** What is known of the items of a run. */
export interface SampledDataset {
  /** Items that are run. */
  readonly items: number;
  readonly sample: DeepReadonly<DatasetSample> | null | undefined;
  /** How many items a sample was asked for. */
  readonly asked: number | null | undefined;
}

/**
 * `sample of 100 of 5,000 items, by /expected, seed 1`; where all items are run although fewer could have been, that is said too.
 * Undefined where no sample was asked for. Plain text: the field is the user's, so it is escaped where it is shown.
 */
export function sampleText({ items, sample, asked }: SampledDataset): string | undefined {
  if (sample !== null && sample !== undefined) {
    const by = sample.by === undefined ? 'simple random' : `by ${sample.by}`;
    return `sample of ${count(items)} of ${count(sample.of)} items, ${by}, seed ${sample.seed}`;
  }
  if (asked === null || asked === undefined) return undefined;
  return `a sample of ${count(asked)} items was asked for; all ${count(items)} of the dataset are run`;
}
