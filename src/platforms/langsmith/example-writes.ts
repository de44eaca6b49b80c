import type { DatasetItem } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { sameTexts } from '../../core/text/same-texts.js';
import type { ItemToWrite } from '../dataset-port.js';
import { forEachBounded } from '../http/bounded.js';
import { chunks } from '../http/chunks.js';
import type { HttpAnswer } from '../http/transport.js';
import { patiently } from '../patience.js';
import type { ExampleAnswer } from './answers.js';
import { isVerdict } from './errors.js';
import {
  baseSplit,
  contentKey,
  contentOf,
  contentOfAnswer,
  itemKey,
  splitsOf,
} from './example-content.js';
import type { ExampleContent } from './example-content.js';
import { exampleIdOf, ownExampleId } from './example-identity.js';
import { examplesPerRequest, standing, type DatasetRef, type Standing } from './examples.js';
import type { Rest, RestCall } from './rest.js';
import { returnedExamples, type Returned } from './returned-examples.js';
import { theirExamples } from './their-examples.js';

/** Of the contents of one request; the server takes more, and smaller ones are lost less often. */
const bytesPerRequest = 4_000_000;

/** One example as it is to be. */
interface Wanted {
  readonly id: string;
  readonly item: DatasetItem;
  /** How often the item was taken out and came back. */
  readonly times: number;
  readonly content: ExampleContent;
  /** Undefined where they stay what they are. */
  readonly splits: readonly string[] | undefined;
  /** Whether others made its example: then its id is the item's own. */
  readonly theirs?: boolean;
}

interface Written {
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
  const shown = (wanted: readonly { readonly id: string }[]): Promise<Standing> =>
    standing(counted, { dataset, wanted, signal });
  /** Where items stand by now; those that came back are listed once, and anew where that may have changed since. */
  const placed = async (wanted: readonly Wanted[], anew = false): Promise<Placed> => {
    const first = await shown(wanted);
    const open = wanted.filter(({ id }) => !first.has(id));
    if (open.length === 0) return { wanted, there: first };
    if (anew) returned = undefined;
    returned ??= returnedExamples(counted, dataset, signal);
    const back = await returned;
    const ids = open.map(({ item }) => item.id);
    const found = await theirExamples(counted, { dataset, ids, signal });
    const moved = wanted.map((each) => {
      const { id } = each.item;
      if (first.has(each.id)) return each;
      return found.has(id) ? { ...each, id, theirs: true } : placedAt(each, back.get(id));
    });
    const others = moved.filter(({ times }) => times > 0);
    return { wanted: moved, there: new Map([...first, ...found, ...(await shown(others))]) };
  };
  await forEachBounded(chunks(items, examplesPerRequest), width, async (page) => {
    const { wanted, there } = await placed(page.map((each) => wantedAt(dataset, each)));
    for (const batch of bySize(wantedOf(wanted, there, all))) {
      await patiently(signal, async (attempt) => {
        // What came back in a try whose answer was lost stands under an id that this batch did not know yet.
        const now = attempt > 1 ? await placed(batch, true) : { wanted: batch, there };
        const open = attempt > 1 ? wantedOf(now.wanted, now.there, false) : batch;
        await writeBatch(counted, { dataset, batch: open, there: now.there, signal });
      });
      written += batch.length;
      onProgress?.(written);
    }
  });
  return { written, requests };
}

/** Items with the ids that they are written by, and the examples that stand there of those. */
interface Placed {
  readonly wanted: readonly Wanted[];
  readonly there: Standing;
}

const wantedAt = (
  dataset: DatasetRef,
  { item, splits }: Pick<ItemToWrite, 'item' | 'splits'>,
): Wanted => ({
  id: exampleIdOf(dataset.id, item),
  item,
  times: 0,
  content: contentOf(item),
  splits,
});

/** At the place of an item that came back. */
function placedAt(wanted: Wanted, back: Returned | undefined): Wanted {
  if (back === undefined) return wanted;
  const { id, times } = back;
  return { ...wanted, id, times, content: contentOf(wanted.item, times) };
}

function wantedOf(wanted: readonly Wanted[], there: Standing, all: boolean): readonly Wanted[] {
  if (all) return wanted;
  return wanted.filter(({ id, content, splits, theirs }) => {
    const example = there.get(id);
    if (example === undefined) return true;
    const keyOf = theirs === true ? itemKey : contentKey;
    if (keyOf(contentOfAnswer(example)) !== keyOf(content)) return true;
    return splits !== undefined && !sameTexts(splits, splitsOf(example));
  });
}

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

/** How often an item can be taken out and put back; a server that answers 409 for another reason is not asked for ever. */
const mostReturns = 50;

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
