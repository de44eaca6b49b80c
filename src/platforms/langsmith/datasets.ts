import type { DatasetItem } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { canonicalJson, type JsonObject } from '../../core/json/json.js';
import { wellFormed, wellFormedJson } from '../../core/text/well-formed.js';
import type { DatasetSummary, PlatformDatasets, Written } from '../dataset-port.js';
import { patiently } from '../patience.js';
import {
  countAnswer,
  datasetAnswer,
  datasetsAnswer,
  versionsAnswer,
  type DatasetAnswer,
} from './answers.js';
import { platformItem } from './example-content.js';
import { exampleIdOf } from './example-identity.js';
import { writeExamples } from './example-writes.js';
import { examplePages, examplesPerRequest, removeExamples, type DatasetRef } from './examples.js';
import { momentOf } from './moments.js';
import { offsetPages } from './pages.js';
import type { Rest, RestCall } from './rest.js';
import { isObject } from '../../core/json/json.js';

/** The server takes 20 MB a request; a dataset with one larger item would be refused halfway, without its name. */
const largestItem = 19_000_000;

type ItemsRequest = Parameters<PlatformDatasets['items']>[0] & {
  /** So many items are known already and are passed over. */
  readonly from?: number;
};

/** With what can be asked for beside the port's own. */
export interface LangsmithDatasets extends PlatformDatasets {
  items(request: ItemsRequest): ReturnType<PlatformDatasets['items']>;
  /** How many items stand there. */
  count(request: Omit<ItemsRequest, 'from'>): Promise<number>;
  /** The id that an item has there. */
  platformId(dataset: DatasetRef, item: DatasetItem): string;
}

/** The datasets of a workspace. `rest` repeats questions. */
export function createDatasets(
  rest: Rest,
  pageOf: (...path: string[]) => string,
): LangsmithDatasets {
  return {
    list: (signal) => listDatasets(rest, signal),
    get: async (name, signal) => {
      const found = await datasetOfName(rest, name, signal);
      return found === undefined ? undefined : summaryOf(found);
    },
    // It looks for what is asked for before it makes it, so it may be repeated as a whole.
    ensure: (dataset, signal) => patiently(signal, () => ensureDataset(rest, dataset, signal)),
    async *items({ dataset, version, from, signal }) {
      const ref = await existingDataset(rest, dataset, signal);
      for await (const page of examplePages(rest, { dataset: ref, version, from, signal })) {
        yield page.map((example) => platformItem(ref.id, example));
      }
    },
    count: async ({ dataset, version, signal }) => {
      const { id } = await existingDataset(rest, dataset, signal);
      const query = { dataset: id, as_of: version };
      return rest.read(
        { path: '/examples/count', query, what: whatOf(dataset), signal },
        countAnswer,
      );
    },
    platformId: (dataset, item) => exampleIdOf(dataset.id, item),
    writeItems: async (request) => {
      // What nobody saw there before may stand by now: a worker that was killed amid this page told nobody. What was seen to
      // differ is written, since equal for us may be different for the platform.
      const all = request.items.some(({ replaces }) => replaces !== false);
      return withLastChange(rest, request, await writeExamples(rest, { ...request, all }));
    },
    archiveItems: async ({ items, ...request }) => {
      const ids = items.map(({ platformId }) => platformId);
      return withLastChange(rest, request, await removeExamples(rest, { ...request, ids }));
    },
    itemsPerRequest: examplesPerRequest,
    largestItem,
    url: (projectId, datasetId) => pageOf('o', projectId, 'datasets', datasetId),
  };
}

/** With the moment of the dataset's newest version, which answers to bulk writes do not say. */
async function withLastChange<T extends Written>(
  rest: Rest,
  of: { readonly dataset: DatasetRef; readonly signal: AbortSignal },
  written: T,
): Promise<T> {
  const call: RestCall = {
    path: `/datasets/${encodeURIComponent(of.dataset.id)}/versions`,
    query: { limit: 1 },
    what: `the versions of ${whatOf(of.dataset.name)}`,
    signal: of.signal,
  };
  // What was written stands: that this cannot be answered now must not have it written again.
  const [newest] = await rest.read(call, versionsAnswer).catch(() => []);
  const lastChange = momentOf(newest?.as_of);
  const requests = written.requests + 1;
  return { ...written, requests, ...(lastChange === undefined ? {} : { lastChange }) };
}

async function* listDatasets(
  rest: Rest,
  signal: AbortSignal,
): AsyncGenerator<readonly DatasetSummary[], void, undefined> {
  const pages = offsetPages(
    (page) =>
      rest.read({ path: '/datasets', query: page, what: 'the datasets', signal }, datasetsAnswer),
    { idOf: ({ id }) => id },
  );
  for await (const page of pages) yield page.map(summaryOf);
}

function summaryOf(dataset: DatasetAnswer): DatasetSummary {
  const { description, inputs_schema_definition, outputs_schema_definition, created_at } = dataset;
  return {
    id: dataset.id,
    name: dataset.name,
    metadata: dataset.metadata ?? {},
    ...(present(description) ? { description } : {}),
    ...(present(inputs_schema_definition) ? { inputSchema: inputs_schema_definition } : {}),
    ...(present(outputs_schema_definition) ? { expectedSchema: outputs_schema_definition } : {}),
    ...(present(created_at) ? { createdAt: created_at } : {}),
  };
}

const present = <T>(value: T | null | undefined): value is T =>
  value !== null && value !== undefined && value !== '';

export async function datasetOfName(
  rest: Rest,
  name: string,
  signal: AbortSignal,
): Promise<DatasetAnswer | undefined> {
  const found = await rest.read(
    { path: '/datasets', query: { name, limit: 1 }, what: whatOf(name), signal },
    datasetsAnswer,
  );
  return found.find((dataset) => dataset.name === name);
}

/** @throws AssayError DATASET_NOT_FOUND */
export async function existingDataset(
  rest: Rest,
  name: string,
  signal: AbortSignal,
): Promise<DatasetRef> {
  const found = await datasetOfName(rest, name, signal);
  if (found !== undefined) return { id: found.id, name };
  throw new AssayError(
    'DATASET_NOT_FOUND',
    `LangSmith at ${rest.baseUrl} has no dataset ${JSON.stringify(name)}.`,
    { mend: 'Create it there, or keep the dataset in a folder of the project.' },
  );
}

type DatasetToEnsure = Parameters<PlatformDatasets['ensure']>[0];

export async function ensureDataset(
  rest: Rest,
  dataset: DatasetToEnsure,
  signal: AbortSignal,
): Promise<DatasetSummary & { readonly created: boolean }> {
  const { name } = dataset;
  const wanted = fieldsOf(dataset);
  const found = await datasetOfName(rest, name, signal);
  if (found !== undefined) return update(rest, { found, wanted, signal });
  const { metadata, ...fields } = wanted;
  const call: RestCall = {
    method: 'POST',
    path: '/datasets',
    body: {
      name,
      data_type: 'kv',
      ...fields,
      // Where the official client puts it; it is read back as the dataset's own metadata.
      ...(metadata === undefined ? {} : { extra: { metadata } }),
    },
    what: whatOf(name),
    signal,
  };
  const answer = await rest.answer(call);
  if (answer.status === 409) {
    // Another worker made it at the same moment.
    const made = await datasetOfName(rest, name, signal);
    if (made !== undefined) return update(rest, { found: made, wanted, signal });
  }
  return { ...summaryOf(rest.parse(answer, call, datasetAnswer)), created: true };
}

/** The fields that are given, by the server's names. */
function fieldsOf(
  dataset: DatasetToEnsure,
): Readonly<{ metadata?: JsonObject; [key: string]: unknown }> {
  const { description, metadata, inputSchema, expectedSchema } = dataset;
  const kept = metadata === undefined ? undefined : wellFormedJson(metadata).value;
  return {
    ...(description === undefined ? {} : { description: wellFormed(description).text }),
    ...(isObject(kept) ? { metadata: kept } : {}),
    ...(inputSchema === undefined ? {} : { inputs_schema_definition: inputSchema }),
    ...(expectedSchema === undefined ? {} : { outputs_schema_definition: expectedSchema }),
  };
}

async function update(
  rest: Rest,
  on: {
    readonly found: DatasetAnswer;
    readonly wanted: Readonly<Record<string, unknown>>;
    readonly signal: AbortSignal;
  },
): Promise<DatasetSummary & { readonly created: boolean }> {
  const { found, wanted, signal } = on;
  const has: Readonly<Record<string, unknown>> = { ...found, description: found.description ?? '' };
  const changed = Object.entries(wanted).filter(
    ([key, value]) => canonicalJson(has[key] ?? null) !== canonicalJson(value),
  );
  if (changed.length === 0) return { ...summaryOf(found), created: false };
  const call: RestCall = {
    method: 'PATCH',
    path: `/datasets/${encodeURIComponent(found.id)}`,
    body: Object.fromEntries(changed),
    what: whatOf(found.name),
    signal,
  };
  rest.check(await rest.answer(call), call);
  const now = await datasetOfName(rest, found.name, signal);
  return { ...summaryOf(now ?? found), created: false };
}

const whatOf = (name: string): string => `the dataset ${JSON.stringify(name)}`;
