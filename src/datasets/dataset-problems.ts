import { AssayError } from '../core/errors/assay-error.js';
import type { RepeatedIds } from './dataset-fingerprint.js';
import type { LocalDataset } from './port.js';
import type { ProblemList } from './problem-list.js';

/** Adds repeated ids to what is wrong with a dataset. */
export function tellRepeated(
  dataset: LocalDataset,
  { repeated, problems }: { readonly repeated: RepeatedIds; readonly problems: ProblemList },
): void {
  const mend = 'Give each item an id of its own.';
  for (const { id, place, first } of repeated.examples) {
    const at = dataset.format === 'json' ? `${dataset.whereIs(place)}.id` : dataset.whereIs(place);
    const message = `repeats the id "${id}" of ${dataset.nameOf(first)}`;
    problems.add({ at, message, mend }, place);
  }
  for (let rest = repeated.examples.length; rest < repeated.count; rest += 1) {
    problems.add({ at: dataset.file, message: 'repeats an id', mend });
  }
}

export function emptyDataset(dataset: LocalDataset): AssayError {
  return new AssayError('DATASET_EMPTY', `The dataset "${dataset.name}" has no items.`, {
    mend: `Add items to ${dataset.file}.`,
  });
}
