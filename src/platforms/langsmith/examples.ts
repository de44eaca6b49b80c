import { AssayError } from '../../core/errors/assay-error.js';
import type { ItemToWrite } from '../dataset-port.js';
import type { HttpAnswer } from '../http/transport.js';
import { forEachBounded } from '../http/bounded.js';
import { patiently } from '../patience.js';
import { examplesAnswer, type ExampleAnswer } from './answers.js';
import { isVerdict } from './errors.js';
import { baseSplit, contentKey, contentOf, contentOfAnswer, splitsOf } from './example-content.js';
import type { ExampleContent } from './example-content.js';
import { exampleIdOf } from './example-identity.js';
import { chunks } from '../http/chunks.js';
import { offsetPages, pageSize } from './pages.js';
import type { Rest, RestCall } from './rest.js';

/** The most that one request asks for, and that one writes. */
export const examplesPerRequest = pageSize;
/** Of the contents of one request; the server takes more, and smaller ones are lost less often. */
const bytesPerRequest = 4_000_000;

/** A dataset there, with both of its names. */
export interface DatasetRef {
  readonly id: string;
  readonly name: string;
}

/** One example as it is to be. */
interface Wanted {
  readonly id: string;
  /** The user's own id. */
  readonly itemId: string;
  readonly content: ExampleContent;
  /** Undefined where they stay what they are. */
  readonly splits: readonly string[] | undefined;
}

export interface Written {
  readonly written: number;
  /** All that were sent, looks at what stands included. */
  readonly requests: number;
}

/** Pages at a time: enough to hide latency, few enough for the limits of a workspace. */
const width = 4;

/**
 * Writes items that differ from what stands there; `all` writes those that do not, too. Which of them are there is asked first, since
 * the server tells making from changing; and again after each try whose end is unknown, since each write makes a version.
 */
export async function writeExamples(
  rest: Rest,
  request: {
    readonly dataset: DatasetRef;
    readonly items: readonly ItemToWrite[];
    readonly all: boolean;
    readonly signal: AbortSignal;
    readonly onProgress?: ((written: number) => void) | undefined;
  },
): Promise<Written> {
  const { dataset, items, all, signal, onProgress } = request;
  let written = 0;
  let requests = 0;
  const counted: Rest = {
    ...rest,
    read: (call, schema) => ((requests += 1), rest.read(call, schema)),
    answer: (call) => ((requests += 1), rest.answer(call)),
  };
  await forEachBounded(chunks(items, examplesPerRequest), width, async (page) => {
    const wanted = page.map(({ item, splits }) => ({
      id: exampleIdOf(dataset.id, item),
      itemId: item.id,
      content: contentOf(item),
      splits,
    }));
    const first = await standing(counted, { dataset, wanted, signal });
    for (const batch of bySize(wantedOf(wanted, first, all))) {
      await patiently(signal, async (attempt) => {
        const again = attempt > 1;
        const there = again ? await standing(counted, { dataset, wanted: batch, signal }) : first;
        const open = again ? wantedOf(batch, there, false) : batch;
        await writeBatch(counted, { dataset, batch: open, there, signal });
      });
      written += batch.length;
      onProgress?.(written);
    }
  });
  return { written, requests };
}

type Standing = ReadonlyMap<string, ExampleAnswer>;

async function standing(
  rest: Rest,
  of: {
    readonly dataset: DatasetRef;
    readonly wanted: readonly Pick<Wanted, 'id'>[];
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

function wantedOf(wanted: readonly Wanted[], there: Standing, all: boolean): readonly Wanted[] {
  if (all) return wanted;
  return wanted.filter(({ id, content, splits }) => {
    const example = there.get(id);
    if (example === undefined) return true;
    if (contentKey(contentOfAnswer(example)) !== contentKey(content)) return true;
    return splits !== undefined && !sameSplits(splits, splitsOf(example));
  });
}

const sameSplits = (a: readonly string[], b: readonly string[]): boolean =>
  [...a].sort().join('\n') === [...b].sort().join('\n');

function bySize(wanted: readonly Wanted[]): readonly (readonly Wanted[])[] {
  const batches: Wanted[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const each of wanted) {
    const size = Buffer.byteLength(JSON.stringify(each.content));
    if (bytes + size > bytesPerRequest) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(each);
    bytes += size;
  }
  return batches;
}

async function writeBatch(
  rest: Rest,
  on: {
    readonly dataset: DatasetRef;
    readonly batch: readonly Wanted[];
    readonly there: Standing;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { dataset, batch, there, signal } = on;
  const what = `items of the dataset ${JSON.stringify(dataset.name)}`;
  const call = (method: 'POST' | 'PATCH', of: readonly Wanted[]): RestCall => ({
    method,
    path: '/examples/bulk',
    body: of.map(({ id, content, splits }) => ({
      id,
      dataset_id: dataset.id,
      ...content,
      split: splitOnWire(splits, there.get(id)),
      ...(method === 'PATCH' ? { overwrite: true } : {}),
    })),
    what,
    signal,
  });
  const send = (method: 'POST' | 'PATCH', of: readonly Wanted[]): Promise<HttpAnswer> =>
    rest.answer(call(method, of));
  const change = async (of: readonly Wanted[]): Promise<void> => {
    if (of.length > 0) rest.check(await send('PATCH', of), call('PATCH', of));
  };
  const made = batch.filter(({ id }) => !there.has(id));
  await change(batch.filter(({ id }) => there.has(id)));
  if (made.length === 0) return;
  const answer = await send('POST', made);
  if (answer.status !== 409 || !isVerdict(answer)) {
    rest.check(answer, call('POST', made));
    return;
  }
  // Another worker made some of them in the meantime; the server takes all of a request or nothing.
  const now = await standing(rest, { dataset, wanted: made, signal });
  await change(made.filter(({ id }) => now.has(id)));
  const left = made.filter(({ id }) => !now.has(id));
  if (left.length === 0) return;
  if (left.length === made.length) throw takenOut(rest, dataset, left);
  const second = await send('POST', left);
  if (second.status === 409 && isVerdict(second)) throw takenOut(rest, dataset, left);
  rest.check(second, call('POST', left));
}

/** Their ids exist, and the newest version does not show them. */
function takenOut(rest: Rest, dataset: DatasetRef, items: readonly Wanted[]): AssayError {
  const names = items.slice(0, 3).map(({ itemId }) => JSON.stringify(itemId));
  return new AssayError(
    'PLATFORM_REFUSED',
    `LangSmith at ${rest.baseUrl} does not take ${names.join(', ')} again: items were taken out of the dataset ${JSON.stringify(dataset.name)}, and their ids are not free.`,
    { mend: 'Give them other ids, or push to a dataset of another name.' },
  );
}

/** Always said: an update of the metadata could take an example out of its splits. */
function splitOnWire(
  splits: readonly string[] | undefined,
  example: ExampleAnswer | undefined,
): readonly string[] {
  const wanted = splits ?? (example === undefined ? [] : splitsOf(example));
  return wanted.length === 0 ? [baseSplit] : wanted;
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
