import type { DatasetSample } from '../../contracts/manifest.js';
import type { DatasetItem } from '../../contracts/records.js';
import { createSampler, type Sample } from '../../core/experiment/sample.js';
import { createProblemList } from '../../datasets/problem-list.js';
import type { ItemStream } from './item-stream.js';

/** The part of a dataset that a run takes instead of the whole. */
export interface ItemSelection {
  /** What the manifest says of it. */
  readonly sample: DatasetSample;
  /** Says of each item of one pass whether it takes part; another one for each pass. */
  readonly picker: () => (item: DatasetItem) => boolean;
}

/** Strata that are named in the manifest and the report; more would be a list that nobody reads. */
const mostNamed = 50;

/**
 * Chooses the items of a run, with a pass of its own over the dataset where it needs one.
 *
 * @returns undefined where all items take part, also where a sample was asked for that is no smaller than the dataset: its
 *   content is that of the whole, so it is the same run.
 * @throws AssayError SAMPLE_FIELD_INVALID, DATASET_INVALID, JSON_INVALID
 */
export async function selectItems(
  stream: ItemStream,
  signal: AbortSignal,
): Promise<ItemSelection | undefined> {
  signal.throwIfAborted();
  const { quick, seed, dataset } = stream.spec;
  if (quick === undefined) return undefined;
  const sampler = createSampler({
    items: quick.items,
    seed,
    ...(quick.by === undefined ? {} : { by: quick.by }),
  });
  const problems = createProblemList();
  for await (const page of stream.pages({ problems, signal })) {
    signal.throwIfAborted();
    for (const { item } of page) sampler.add(item);
  }
  // Broken items are told here: a sample of what happens to be readable would be one of another dataset.
  problems.throwIfAny(dataset.name);
  const sample = sampler.finish();
  return sample.isPart ? { sample: described(sample, seed), picker: sample.picker } : undefined;
}

function described(sample: Sample, seed: number): DatasetSample {
  const { of, by, strata } = sample;
  return {
    of,
    ...(by === undefined ? {} : { by }),
    seed,
    ...(by === undefined || strata.length > mostNamed
      ? {}
      : { strata: strata.map(({ key, of: size, items }) => ({ key, of: size, items })) }),
  };
}
