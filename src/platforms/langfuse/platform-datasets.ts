import type { DatasetItem } from '../../contracts/records.js';
import { createDigestFlags, digestOf } from '../../core/ids/digest-flags.js';
import { splitsOf } from '../../core/dataset/splits.js';
import { jsonEqual, type Json, type JsonObject } from '../../core/json/json.js';
import { wellFormed, wellFormedJson } from '../../core/text/well-formed.js';
import type {
  DatasetSummary,
  ItemToWrite,
  PlatformDatasets,
  PlatformItem,
  WriteItems,
} from '../dataset-port.js';
import { patiently } from '../patience.js';
import {
  datasetAnswer,
  datasetsAnswer,
  itemAnswer,
  itemsAnswer,
  type DatasetAnswer,
  type ItemAnswer,
} from './answers.js';
import { forEachBounded } from '../http/bounded.js';
import {
  datasetMissing,
  itemPages,
  pageItems,
  standsAlready,
  width,
  writeItem,
  type ItemWrite,
} from './dataset-items.js';
import { contentOf, fieldKeysOf, itemFromAnswer, withItsSplits } from './item-content.js';
import { idOnPlatform } from './item-identity.js';
import { patientReads } from './patient-reads.js';
import type { Rest, RestCall } from './rest.js';

/** A request is at most 4.5 MB; what stands around an item in it is small. */
const largestItem = 4_400_000;

/**
 * Langfuse's datasets. Neither API repeats anything; reads are repeated here, and writes after a look at what stands.
 *
 * @param on `known` is the same server once it has answered: writes come amid hours of work.
 */
export function createPlatformDatasets(
  { rest, known }: { readonly rest: Rest; readonly known: Rest },
  projectUrl: (projectId: string, ...path: readonly string[]) => string,
): PlatformDatasets {
  const reads = patientReads(rest);
  return {
    itemsPerRequest: 1,
    largestItem,
    list: (signal) => listDatasets(reads, signal),
    get: (name, signal) => getDataset(reads, name, signal),
    ensure: (dataset, signal) =>
      patiently(signal, () => ensureWholeDataset(reads, dataset, signal)),
    items: (request) => readItems(reads, request),
    count: (request) => countItems(reads, request),
    writeItems: (request) => writeItems(known, request),
    archiveItems: (request) => archiveItems(known, request),
    platformId: ({ name }, item) => idOnPlatform(name, item),
    fieldKeys: fieldKeysOf,
    url: (projectId, datasetId) => projectUrl(projectId, 'datasets', datasetId),
  };
}

async function* listDatasets(
  rest: Rest,
  signal: AbortSignal,
): AsyncGenerator<readonly DatasetSummary[], void, undefined> {
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const answer = await rest.read(
      {
        path: '/api/public/v2/datasets',
        query: { page, limit: pageItems },
        what: 'its datasets',
        signal,
      },
      datasetsAnswer,
    );
    pages = answer.meta.totalPages;
    if (answer.data.length > 0) yield answer.data.map(summaryOf);
  }
}

async function getDataset(
  rest: Rest,
  name: string,
  signal: AbortSignal,
): Promise<DatasetSummary | undefined> {
  const found = await rest.find(callOf(name, signal), datasetAnswer);
  return found === undefined ? undefined : summaryOf(found);
}

const callOf = (name: string, signal: AbortSignal): RestCall => ({
  path: `/api/public/v2/datasets/${encodeURIComponent(name)}`,
  what: `the dataset ${JSON.stringify(name)}`,
  signal,
});

async function ensureWholeDataset(
  rest: Rest,
  dataset: Parameters<PlatformDatasets['ensure']>[0],
  signal: AbortSignal,
): Promise<DatasetSummary & { readonly created: boolean }> {
  const { name, description, metadata, inputSchema, expectedSchema } = dataset;
  const call = callOf(name, signal);
  const fields = {
    ...(description === undefined ? {} : { description: wellFormed(description).text }),
    ...(metadata === undefined ? {} : { metadata: wellFormedJson(metadata).value }),
    ...(inputSchema === undefined ? {} : { inputSchema }),
    ...(expectedSchema === undefined ? {} : { expectedOutputSchema: expectedSchema }),
  };
  const found = await rest.find(call, datasetAnswer);
  if (found !== undefined && holds(found, fields)) return { ...summaryOf(found), created: false };
  const post = {
    ...call,
    method: 'POST',
    path: '/api/public/v2/datasets',
    body: { name, ...fields },
  } as const;
  const answer = await rest.answer(post);
  // Another worker made it at the same moment.
  if (answer.status === 409) {
    return { ...summaryOf(await rest.read(call, datasetAnswer)), created: false };
  }
  const made = rest.parse(answer, post, datasetAnswer);
  return { ...summaryOf(made), created: found === undefined };
}

const holds = (found: DatasetAnswer, fields: Readonly<Record<string, Json>>): boolean =>
  Object.entries(fields).every(([key, value]) => {
    const there = found[key as keyof DatasetAnswer] ?? null;
    return jsonEqual(there === null && value === '' ? '' : there, value);
  });

function summaryOf(answer: DatasetAnswer): DatasetSummary {
  const { description, inputSchema, expectedOutputSchema, createdAt } = answer;
  return {
    id: answer.id,
    name: answer.name,
    metadata: objectOf(answer.metadata ?? null) ?? {},
    ...(typeof description === 'string' && description !== '' ? { description } : {}),
    ...optional('inputSchema', objectOf(inputSchema ?? null)),
    ...optional('expectedSchema', objectOf(expectedOutputSchema ?? null)),
    ...optional('createdAt', createdAt ?? undefined),
  };
}

const optional = <Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): Partial<Record<Key, Value>> =>
  value === undefined ? {} : ({ [key]: value } as Record<Key, Value>);

function objectOf(value: Json): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

async function* readItems(
  rest: Rest,
  request: Parameters<PlatformDatasets['items']>[0],
): AsyncGenerator<readonly PlatformItem[], void, undefined> {
  const { dataset, version, from = 0, signal } = request;
  const seen = createDigestFlags();
  for await (const page of itemPages(rest, { dataset, version, from, signal })) {
    // Newest first: should an item move to the next page while we read, its first sight is the newer.
    const fresh = page.filter(({ id }) => seen.get(digestOf(id)) === 0);
    for (const { id } of fresh) seen.set(digestOf(id), 1);
    if (fresh.length > 0) yield fresh.map((answer) => platformItem(dataset, answer));
  }
}

function platformItem(dataset: string, answer: ItemAnswer): PlatformItem {
  const item: DatasetItem = itemFromAnswer(dataset, answer);
  const updatedAt = momentOf(answer);
  return {
    platformId: answer.id,
    item,
    splits: splitsOf(item.metadata),
    archived: answer.status !== 'ACTIVE',
    ...(updatedAt === undefined ? {} : { updatedAt }),
  };
}

/** When this version of the item began to stand. */
function momentOf({ createdAt, updatedAt }: ItemAnswer): string | undefined {
  return later(createdAt ?? undefined, updatedAt ?? undefined);
}

// ISO 8601 in UTC with milliseconds sorts as text.
function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}

async function countItems(
  rest: Rest,
  request: Parameters<NonNullable<PlatformDatasets['count']>>[0],
): Promise<number> {
  const { dataset, version, signal } = request;
  const call: RestCall = {
    path: '/api/public/dataset-items',
    query: { datasetName: dataset, version, page: 1, limit: 1 },
    what: `the items of the dataset ${JSON.stringify(dataset)}`,
    signal,
  };
  const answer = await rest.find(call, itemsAnswer);
  if (answer === undefined) throw datasetMissing(rest, dataset);
  // Pages of one item each.
  return answer.meta.totalItems ?? answer.meta.totalPages;
}

/** The same API, whose requests are counted. */
function counting(rest: Rest): { readonly rest: Rest; readonly requests: () => number } {
  let requests = 0;
  return {
    requests: () => requests,
    rest: {
      ...rest,
      answer: (call) => {
        requests += 1;
        return rest.answer(call);
      },
      find: (call, schema) => {
        requests += 1;
        return rest.find(call, schema);
      },
    },
  };
}

async function writeItems(
  given: Rest,
  { dataset, items, signal, onProgress }: WriteItems,
): ReturnType<PlatformDatasets['writeItems']> {
  const { rest, requests } = counting(given);
  let written = 0;
  let lastChange: string | undefined;
  await forEachBounded(items, width, async (each) => {
    const write = writeOf(dataset.name, each, signal);
    await patiently(signal, async (attempt) => {
      // Each write makes a version, so one whose answer was lost is looked for first.
      if (attempt > 1 && (await standsAlready(rest, write))) return;
      const answer = await writeItem(rest, write);
      if (answer !== undefined) lastChange = later(lastChange, momentOf(answer));
    });
    written += 1;
    onProgress?.(written);
  });
  return { written, requests: requests(), ...optional('lastChange', lastChange) };
}

function writeOf(dataset: string, each: ItemToWrite, signal: AbortSignal): ItemWrite {
  const item = withItsSplits(each);
  return {
    dataset,
    item,
    id: idOnPlatform(dataset, item),
    content: contentOf(item),
    // Unknown: what is there would be kept where nothing is expected any more.
    expects: each.replaces ?? true,
    signal,
  };
}

async function archiveItems(
  given: Rest,
  request: Parameters<PlatformDatasets['archiveItems']>[0],
): ReturnType<PlatformDatasets['archiveItems']> {
  const { dataset, items, signal, onProgress } = request;
  const { rest, requests } = counting(given);
  let archived = 0;
  let lastChange: string | undefined;
  await forEachBounded(items, width, async ({ platformId: id }) => {
    const call: RestCall = {
      method: 'POST',
      path: '/api/public/dataset-items',
      // The server keeps what is left out.
      body: { datasetName: dataset.name, id, status: 'ARCHIVED' },
      what: `an item of the dataset ${JSON.stringify(dataset.name)}`,
      signal,
    };
    await patiently(signal, async () => {
      const answer = rest.parse(await rest.answer(call), call, itemAnswer);
      lastChange = later(lastChange, momentOf(answer));
    });
    archived += 1;
    onProgress?.(archived);
  });
  return { archived, requests: requests(), ...optional('lastChange', lastChange) };
}
