import { examplesAnswer } from './answers.js';
import { ownPlaceOf } from './example-content.js';
import { returnedKey } from './example-identity.js';
import type { DatasetRef } from './examples.js';
import { offsetPages } from './pages.js';
import type { Rest } from './rest.js';

/** Where an item stands that was taken out of its dataset and came back. */
export interface Returned {
  /** Of its example now. */
  readonly id: string;
  readonly times: number;
}

/**
 * The items of a dataset that came back, by their own ids: their examples have other ids than those made of theirs alone.
 *
 * All are held at once, since any item of a page may be one of them: as many as the dataset has at most, usually a handful. In a
 * dataset of 100,000 of which each came back it is 61 MB while they are listed (1,000 requests), and with a run that is kept 21 MB of a
 * worker and 5.6 MB of its row (measured, Node 20, ids of 14 characters).
 */
export async function returnedExamples(
  rest: Rest,
  dataset: DatasetRef,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Returned>> {
  const found = new Map<string, Returned>();
  const pages = offsetPages(
    (page) =>
      rest.read(
        {
          path: '/examples',
          query: {
            dataset: dataset.id,
            metadata: JSON.stringify({ [returnedKey]: true }),
            order: 'id',
            ...page,
          },
          what: `the items of the dataset ${JSON.stringify(dataset.name)}`,
          signal,
        },
        examplesAnswer,
      ),
    { idOf: ({ id }) => id },
  );
  for await (const page of pages) {
    for (const answer of page) {
      const own = ownPlaceOf(dataset.id, answer);
      if (own !== undefined && own.times > 0) {
        found.set(own.itemId, { id: answer.id, times: own.times });
      }
    }
  }
  return found;
}
