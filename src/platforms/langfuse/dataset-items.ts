import type { z } from 'zod';

import type { DatasetItem } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { createDigestFlags, digestOf, pairDigest } from '../../core/ids/digest-flags.js';
import { patiently } from '../patience.js';
import type { EnsureItemsRequest } from '../port.js';
import { itemAnswer, itemsAnswer, type ItemAnswer } from './answers.js';
import { forEachBounded } from '../http/bounded.js';
import {
  clearedValue,
  contentKey,
  contentOf,
  contentOfAnswer,
  itemFromAnswer,
  wireValue,
  type ItemContent,
} from './item-content.js';
import { idOnPlatform } from './item-identity.js';
import type { Rest, RestCall } from './rest.js';

/** The most that a page of items holds. */
export const pageItems = 100;
/** Writes at a time: enough to hide latency, few enough for a small server. */
export const width = 4;
/** How long what was listed is taken to hold, counted from its last use: the pages of one plan come in a row. */
const listingIdleMs = 10_000;

/** What the server holds of a dataset, in a few bytes an item: what each holds, and whether it expects something. */
interface Listing {
  isKnown(id: string): boolean;
  holds(id: string, key: string): boolean;
  expects(id: string): boolean;
  put(id: string, entry: { readonly key: string; readonly expects: boolean }): void;
}

function createListing(): Listing {
  // Of each item the number of its content, doubled, and one more where it expects something.
  const items = createDigestFlags();
  // Of each content the number under which its item had it: only the last one counts.
  const contents = createDigestFlags();
  const numberOf = (id: string): number => items.get(digestOf(id)) >> 1;
  return {
    isKnown: (id) => numberOf(id) > 0,
    holds: (id, key) => numberOf(id) > 0 && contents.get(pairDigest(id, key)) === numberOf(id),
    expects: (id) => (items.get(digestOf(id)) & 1) === 1,
    put(id, { key, expects }) {
      const number = (numberOf(id) % 127) + 1;
      items.set(digestOf(id), number * 2 + (expects ? 1 : 0));
      contents.set(pairDigest(id, key), number);
    },
  };
}

/** A listing that may be used again. */
interface KeptListing {
  readonly listing: Promise<Listing>;
  /** Of whoever began to read it. */
  readonly signal: AbortSignal;
  read: boolean;
  usedAt: number;
}

/** Writes and reads dataset items. */
export interface DatasetItems {
  readonly ensure: (
    request: EnsureItemsRequest,
  ) => Promise<{ readonly written: number; readonly unchanged: number }>;
  /** Begins a listing; see the port. */
  readonly foresee: (request: { readonly dataset: string; readonly signal: AbortSignal }) => void;
  readonly read: (request: {
    readonly dataset: string;
    readonly version: string;
    readonly signal: AbortSignal;
  }) => AsyncGenerator<readonly DatasetItem[], void, undefined>;
}

export function createDatasetItems(rest: Rest): DatasetItems {
  // A plan asks page by page; listing the whole dataset for each page would be quadratic.
  const kept = new Map<string, KeptListing>();

  const listingOf = (dataset: string, signal: AbortSignal): Promise<Listing> => {
    const now = performance.now();
    for (const [name, entry] of kept) if (now - entry.usedAt > listingIdleMs) kept.delete(name);
    const known = kept.get(dataset);
    // One that is still being read ends with the signal of whoever began it.
    if (known !== undefined && (known.read || known.signal === signal)) {
      if (known.read) known.usedAt = now;
      return known.listing;
    }
    const entry: KeptListing = {
      listing: listAll(rest, dataset, signal),
      signal,
      read: false,
      usedAt: Number.POSITIVE_INFINITY,
    };
    kept.set(dataset, entry);
    entry.listing.then(
      () => {
        entry.read = true;
        entry.usedAt = performance.now();
      },
      () => {
        if (kept.get(dataset) === entry) kept.delete(dataset);
      },
    );
    return entry.listing;
  };

  return {
    ensure: async (request) => {
      const { dataset, items, signal, onProgress } = request;
      if (items.length === 0) return { written: 0, unchanged: 0 };
      const listing = await listingOf(dataset, signal);
      const changed = items
        .map((item) => ({ item, id: idOnPlatform(dataset, item), content: contentOf(item) }))
        .filter(({ id, content }) => !listing.holds(id, contentKey(content)));
      let written = 0;
      try {
        await forEachBounded(changed, width, async ({ item, id, content }) => {
          const expects = listing.expects(id);
          const write: ItemWrite = { dataset, item, id, content, expects, signal };
          await patiently(signal, async (attempt) => {
            // Each write makes a version, so one whose answer was lost is looked for first.
            if (attempt > 1 && (await standsAlready(rest, write))) return;
            await writeItem(rest, write);
          });
          listing.put(id, { key: contentKey(content), expects: content.expectedOutput !== null });
          written += 1;
          onProgress(written);
        });
      } catch (error) {
        kept.delete(dataset);
        throw error;
      }
      const entry = kept.get(dataset);
      if (entry !== undefined) entry.usedAt = performance.now();
      return { written, unchanged: items.length - changed.length };
    },
    foresee: ({ dataset, signal }) => {
      listingOf(dataset, signal).catch(() => undefined);
    },
    read: ({ dataset, version, signal }) => readPinned(rest, { dataset, version, signal }),
  };
}

/** One write of an item. */
export interface ItemWrite {
  readonly dataset: string;
  readonly item: DatasetItem;
  readonly id: string;
  readonly content: ItemContent;
  /** Whether the item there expects something now. */
  readonly expects: boolean;
  readonly signal: AbortSignal;
}

/** All fields each time: the server keeps old values of those left out, and an archived item stays so without a status. */
export async function writeItem(rest: Rest, write: ItemWrite): Promise<ItemAnswer | undefined> {
  const { dataset, id, content } = write;
  const call: RestCall = {
    method: 'POST',
    path: '/api/public/dataset-items',
    body: {
      datasetName: dataset,
      id,
      input: wireValue(content.input),
      expectedOutput: expectedOnWire(write),
      metadata: wireValue(content.metadata),
      status: 'ACTIVE',
    },
    what: `the item ${JSON.stringify(write.item.id)} of the dataset ${JSON.stringify(dataset)}`,
    signal: write.signal,
  };
  const answer = await rest.answer(call);
  if (answer.status === 409 && (await standsAlready(rest, write))) return undefined;
  return rest.parse(answer, call, itemAnswer);
}

function expectedOnWire({ content, expects }: ItemWrite) {
  if (content.expectedOutput !== null) return wireValue(content.expectedOutput);
  return expects ? clearedValue : null;
}

// Two workers that make one item at the same moment: the other's is as good. So is our own, whose answer got lost.
export async function standsAlready(
  rest: Rest,
  { id, content, signal }: ItemWrite,
): Promise<boolean> {
  const found = await rest.find(
    {
      path: `/api/public/dataset-items/${encodeURIComponent(id)}`,
      what: 'a dataset item',
      signal,
    },
    itemAnswer,
  );
  if (found?.status !== 'ACTIVE') return false;
  return contentKey(contentOfAnswer(found)) === contentKey(content);
}

async function listAll(rest: Rest, dataset: string, signal: AbortSignal): Promise<Listing> {
  const listing = createListing();
  for await (const page of itemPages(rest, { dataset, version: undefined, signal })) {
    for (const item of page) {
      // As it is read, and so comes back: items that others made can have a form that ours have not, such as a text for an input.
      const content = contentOf(itemFromAnswer(dataset, item));
      // Newest first: should an item move to the next page while we read, its first sight is the newer.
      if (listing.isKnown(item.id)) continue;
      listing.put(item.id, { key: contentKey(content), expects: content.expectedOutput !== null });
    }
  }
  return listing;
}

async function* readPinned(
  rest: Rest,
  request: { readonly dataset: string; readonly version: string; readonly signal: AbortSignal },
): AsyncGenerator<readonly DatasetItem[], void, undefined> {
  const seen = createDigestFlags();
  for await (const page of itemPages(rest, request)) {
    const fresh = page.filter(({ id }) => seen.get(digestOf(id)) === 0);
    for (const { id } of fresh) seen.set(digestOf(id), 1);
    if (fresh.length > 0) yield fresh.map((item) => itemFromAnswer(request.dataset, item));
  }
}

/** Pages of a dataset's items, newest first; `from` items are passed over. */
export async function* itemPages(
  rest: Rest,
  request: {
    readonly dataset: string;
    readonly version: string | undefined;
    readonly from?: number;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<readonly ItemAnswer[], void, undefined> {
  const { dataset, version, from = 0, signal } = request;
  const read = async (page: number): Promise<z.output<typeof itemsAnswer>> => {
    const call: RestCall = {
      path: '/api/public/dataset-items',
      query: { datasetName: dataset, version, page, limit: pageItems },
      what: `the items of the dataset ${JSON.stringify(dataset)}`,
      signal,
    };
    const answer = await rest.find(call, itemsAnswer);
    if (answer === undefined) throw datasetMissing(rest, dataset);
    return answer;
  };
  // In order, since what is newest comes first; some pages ahead, since most of a page's time is the way to the server.
  const ahead: Promise<z.output<typeof itemsAnswer>>[] = [];
  let asked = Math.floor(from / pageItems);
  let pages = asked + 1;
  while (asked < pages || ahead.length > 0) {
    while (asked < pages && ahead.length < width) {
      asked += 1;
      const answer = read(asked);
      // Its failure is thrown when it is its turn.
      answer.catch(() => undefined);
      ahead.push(answer);
    }
    const answer = await ahead.shift();
    if (answer === undefined) return;
    if (answer.data.length > 0) yield answer.data;
    pages = answer.meta.totalPages;
  }
}

export function datasetMissing(rest: Rest, dataset: string): AssayError {
  return new AssayError(
    'DATASET_NOT_FOUND',
    `Langfuse at ${rest.baseUrl} has no dataset ${JSON.stringify(dataset)}.`,
    { mend: 'Create it there, or keep the dataset in a folder of the project.' },
  );
}
