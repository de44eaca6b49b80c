import type { DatasetItem } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import type { ItemToWrite } from '../dataset-port.js';
import type { HttpAnswer } from '../http/transport.js';
import { forEachBounded } from '../http/bounded.js';
import { patiently } from '../patience.js';
import { examplesAnswer, type ExampleAnswer } from './answers.js';
import { isVerdict } from './errors.js';
import { baseSplit, contentKey, contentOf, contentOfAnswer, splitsOf } from './example-content.js';
import type { ExampleContent } from './example-content.js';
import { exampleIdOf, ownExampleId } from './example-identity.js';
import { chunks } from '../http/chunks.js';
import { offsetPages, pageSize } from './pages.js';
import type { Rest, RestCall } from './rest.js';
import { returnedExamples, type Returned } from './returned-examples.js';

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
  readonly item: DatasetItem;
  /** How often the item was taken out and came back. */
  readonly times: number;
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
  let returned: ReturnType<typeof returnedExamples> | undefined;
  await forEachBounded(chunks(items, examplesPerRequest), width, async (page) => {
    let wanted: readonly Wanted[] = page.map(({ item, splits }) => ({
      id: exampleIdOf(dataset.id, item),
      item,
      times: 0,
      content: contentOf(item),
      splits,
    }));
    let first = await standing(counted, { dataset, wanted, signal });
    if (first.size < wanted.length) {
      returned ??= returnedExamples(counted, dataset, signal);
      const back = await returned;
      const moved = wanted.map((each) => placedAt(each, back.get(each.item.id), first));
      const others = moved.filter((each, at) => each !== wanted[at]);
      first = new Map([
        ...first,
        ...(await standing(counted, { dataset, wanted: others, signal })),
      ]);
      wanted = moved;
    }
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

/** With the place of an item that came back, where its first one is empty. */
function placedAt(wanted: Wanted, back: Returned | undefined, there: Standing): Wanted {
  if (back === undefined || there.has(wanted.id)) return wanted;
  const { id, times } = back;
  return { ...wanted, id, times, content: contentOf(wanted.item, times) };
}

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
  /** @returns those whose ids are not free, and which the newest version does not show: they were taken out. */
  const make = async (of: readonly Wanted[]): Promise<readonly Wanted[]> => {
    if (of.length === 0) return [];
    const answer = await send('POST', of);
    if (answer.status !== 409 || !isVerdict(answer)) {
      rest.check(answer, call('POST', of));
      return [];
    }
    // The server takes all of a request or nothing, and does not say which it knows. Another worker may have made some meanwhile.
    const now = await standing(rest, { dataset, wanted: of, signal });
    await change(of.filter(({ id }) => now.has(id)));
    const left = of.filter(({ id }) => !now.has(id));
    if (left.length < of.length) return make(left);
    if (left.length === 1) return left;
    const taken: Wanted[] = [];
    for (const half of chunks(left, Math.ceil(left.length / 2))) taken.push(...(await make(half)));
    return taken;
  };
  await change(batch.filter(({ id }) => there.has(id)));
  let open = await make(batch.filter(({ id }) => !there.has(id)));
  while (open.length > 0) {
    if (open.some(({ times }) => times >= mostReturns)) throw takenOut(rest, dataset, open);
    open = await make(open.map((each) => returning(each, dataset)));
  }
}

/** How often an item can be taken out and put back. */
const mostReturns = 100;

/** An item whose example was taken out: it comes back as another one, and the history keeps the first. */
function returning(wanted: Wanted, dataset: DatasetRef): Wanted {
  const times = wanted.times + 1;
  const id = ownExampleId(dataset.id, wanted.item.id, times);
  return { ...wanted, id, times, content: contentOf(wanted.item, times) };
}

/** Their ids exist, and the newest version does not show them. */
function takenOut(rest: Rest, dataset: DatasetRef, items: readonly Wanted[]): AssayError {
  const names = items.slice(0, 3).map(({ item }) => JSON.stringify(item.id));
  return new AssayError(
    'PLATFORM_REFUSED',
    `LangSmith at ${rest.baseUrl} does not take ${names.join(', ')} again: items were taken out of the dataset ${JSON.stringify(dataset.name)} ${mostReturns} times, and their ids are not free.`,
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
