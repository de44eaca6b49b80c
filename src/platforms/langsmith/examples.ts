import { chunks } from '../http/chunks.js';
import { patiently } from '../patience.js';
import { examplesAnswer, type ExampleAnswer } from './answers.js';
import { offsetPages, pageSize } from './pages.js';
import type { Rest, RestCall } from './rest.js';

/** The most that one request asks for, and that one writes. */
export const examplesPerRequest = pageSize;

/** A dataset there, with both of its names. */
export interface DatasetRef {
  readonly id: string;
  readonly name: string;
}

/** Examples by their ids. */
export type Standing = ReadonlyMap<string, ExampleAnswer>;

/** Which of some examples the newest version shows. */
export async function standing(
  rest: Rest,
  of: {
    readonly dataset: DatasetRef;
    readonly wanted: readonly { readonly id: string }[];
    readonly signal: AbortSignal;
  },
): Promise<Standing> {
  if (of.wanted.length === 0) return new Map();
  const found = await rest.read(
    {
      path: '/examples',
      query: {
        dataset: of.dataset.id,
        id: of.wanted.map(({ id }) => id),
        limit: examplesPerRequest,
      },
      what: `the items of the dataset ${JSON.stringify(of.dataset.name)}`,
      signal: of.signal,
    },
    examplesAnswer,
  );
  return new Map(found.map((example) => [example.id, example]));
}

/** Takes items out of the newest version of the dataset; earlier versions keep them. */
export async function removeExamples(
  rest: Rest,
  request: {
    readonly dataset: DatasetRef;
    readonly ids: readonly string[];
    readonly signal: AbortSignal;
    readonly onProgress?: ((removed: number) => void) | undefined;
  },
): Promise<{ readonly archived: number; readonly requests: number }> {
  const { dataset, ids, signal, onProgress } = request;
  let archived = 0;
  let requests = 0;
  for (const page of chunks(ids, examplesPerRequest)) {
    await patiently(signal, async () => {
      // Only those that are there: an unknown one makes the server refuse all.
      const wanted = page.map((id) => ({ id }));
      requests += 1;
      const there = [...(await standing(rest, { dataset, wanted, signal })).keys()];
      if (there.length === 0) return;
      const call: RestCall = {
        method: 'DELETE',
        path: '/examples',
        query: { example_ids: there },
        what: `items of the dataset ${JSON.stringify(dataset.name)}`,
        signal,
      };
      rest.check(await rest.answer(call), call);
      requests += 1;
    });
    archived += page.length;
    onProgress?.(archived);
  }
  return { archived, requests };
}

/** The examples of a dataset as they stood at a moment (default now), each once. */
export function examplePages(
  rest: Rest,
  request: {
    readonly dataset: DatasetRef;
    readonly version: string | undefined;
    /** So many are passed over. */
    readonly from?: number | undefined;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<readonly ExampleAnswer[], void, undefined> {
  const { dataset, version, from, signal } = request;
  return offsetPages(
    (page) =>
      rest.read(
        {
          path: '/examples',
          // Other orders are of times, and many examples have one: a page could then lack what the next one shows twice.
          query: { dataset: dataset.id, as_of: version, order: 'id', ...page },
          what: `the items of the dataset ${JSON.stringify(dataset.name)}`,
          signal,
        },
        examplesAnswer,
      ),
    { idOf: ({ id }) => id, from },
  );
}
