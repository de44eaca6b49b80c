import { Readable } from 'node:stream';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { fill } from '../../src/cli/datasets/pulled-items.js';
import type { DatasetItem } from '../../src/contracts/records.js';
import { createCsvShape } from '../../src/datasets/csv-shape.js';
import { createItemSpool } from '../../src/datasets/item-spool.js';
import { ownExampleId } from '../../src/platforms/langsmith/example-identity.js';
import type { PlatformRun } from '../../src/platforms/port.js';
import { cell, run as context } from '../unit/platforms/langfuse/cell-fixture.js';
import { clientOf } from './langsmith-server-support.js';
import { exportOf, Place, soon } from './platform-langsmith-support.js';

let place: Place;
beforeAll(async () => {
  place = await Place.start();
});
afterEach(() => {
  place.server.faults.clear();
});
afterAll(() => place.close());

/** A dataset of examples that people made: of every form in which an item is not its example byte for byte. */
async function made(name: string): Promise<{ readonly id: string; readonly name: string }> {
  const client = clientOf(place.server);
  const { id } = await client.createDataset(name);
  const forms = [
    { inputs: { q: '1' }, outputs: { a: 1 }, split: 'train' },
    { inputs: { q: '2' }, split: ['train', 'hard'], metadata: { lang: 'en' } },
    { inputs: { q: '3' }, outputs: {} },
    { inputs: { q: '4' }, outputs: { a: 4 }, metadata: { 'assay.item_id': 'copied' } },
  ];
  for (const form of forms) await client.createExample({ dataset_id: id, ...form });
  return { id, name };
}

/** What a pull puts into files. Refused where two items have one id. */
async function pulled(dataset: { readonly id: string; readonly name: string }) {
  const { datasets } = place.platform;
  const spool = await createItemSpool();
  try {
    const pages = datasets.items({ dataset: dataset.name, signal: soon() });
    const comparison = { platformId: datasets.platformId.bind(datasets) };
    await fill(spool, { pages, shape: createCsvShape(), matches: [], comparison, dataset });
    const items: DatasetItem[] = [];
    for await (const item of spool.items()) items.push(item);
    return items;
  } finally {
    await spool.close();
  }
}

const ensure = (dataset: string, items: readonly DatasetItem[]) =>
  place.platform.ensureItems({ dataset, items, signal: soon(), onProgress: () => undefined });

/** As a plan does it: after the items, from their ids alone. */
async function planned(
  { id: datasetId, name: datasetName }: { readonly id: string; readonly name: string },
  items: readonly DatasetItem[],
): Promise<PlatformRun> {
  const experiment = `over-${datasetName}`;
  const run = await place.platform.prepareRun({
    context: { ...context, experiment, runUid: experiment },
    datasetId,
    datasetName,
    repetitions: 1,
    signal: soon(),
  });
  return (await placedIn(run, [items.slice(0, 1), items.slice(1)])) ?? run;
}

async function placedIn(
  run: PlatformRun,
  pages: readonly (readonly DatasetItem[])[],
): Promise<PlatformRun | undefined> {
  const itemIds = Readable.from(pages.map((page) => idsOf(page)));
  return place.platform.placeItems?.({ run, itemIds, signal: soon() });
}

/** The examples that the root runs of a run refer to, by items, as the server has them. */
async function referred(
  run: PlatformRun,
  items: readonly DatasetItem[],
): Promise<ReadonlyMap<string, string | null>> {
  const encoded = items.map((item) => {
    const [spans] = place.platform.encodeCell({ ...cell, itemId: item.id }, item, {
      ...context,
      runUid: run.runs[0]?.name ?? '',
      run,
    });
    if (spans === undefined) throw new Error('no record');
    return { item, spans };
  });
  const sent = await place.platform.send(exportOf(encoded.map(({ spans }) => spans)), soon());
  expect(sent).toEqual({ outcome: 'accepted', refused: [] });
  return new Map(
    encoded.map(({ item, spans }) => {
      const root = place.server.inspect.runs.find(({ id }) => id === spans.traceId);
      return [item.id, root?.referenceExampleId ?? null];
    }),
  );
}

const idsOf = (items: readonly { readonly id: string }[]): readonly string[] =>
  items.map(({ id }) => id).sort();
const itself = (items: readonly DatasetItem[]) => new Map(items.map(({ id }) => [id, id]));
const requests = () => place.server.requests.last(10_000).length;

describe('a run over files that were pulled from LangSmith, where others made the items', () => {
  it('leaves their examples as they are, makes none, and its runs refer to them', async () => {
    const dataset = await made('pulled');
    const before = place.server.inspect.examples('pulled');
    const versions = place.server.inspect.versions('pulled');
    const items = await pulled(dataset);
    expect(idsOf(items)).toEqual(idsOf(before));
    for (const _time of [1, 2]) {
      expect(await ensure('pulled', items)).toEqual({ written: 0, unchanged: 4 });
    }
    expect(place.server.inspect.examples('pulled')).toEqual(before);
    expect(place.server.inspect.versions('pulled')).toBe(versions);
    expect(await referred(await planned(dataset, items), items)).toEqual(itself(items));
    expect(await pulled(dataset)).toEqual(items);
  });

  it('shows there what it runs, where the files were changed: in the example that stands', async () => {
    const dataset = await made('edited');
    const items = (await pulled(dataset)).map((item) =>
      item.input['q'] === '1' ? { ...item, input: { q: 'new' } } : item,
    );
    place.server.faults.order({ kind: 'commit_then_drop', next: 1, pathPrefix: '/examples/bulk' });
    const versions = place.server.inspect.versions('edited');
    expect(await ensure('edited', items)).toEqual({ written: 1, unchanged: 3 });
    expect(await ensure('edited', items)).toEqual({ written: 0, unchanged: 4 });
    expect(place.server.inspect.versions('edited')).toBe(versions + 1);
    expect(new Map((await pulled(dataset)).map((item) => [item.id, item]))).toEqual(
      new Map(items.map((item) => [item.id, item])),
    );
    expect(await referred(await planned(dataset, items), items)).toEqual(itself(items));
  });

  it('makes examples of its own for what is new in the files, and for ids that are only like those of examples', async () => {
    const dataset = await made('grown');
    const theirs = await pulled(dataset);
    const ours: readonly DatasetItem[] = [
      { id: '0b0e6d0e-5a4f-4d7e-9b1a-3c2e7d604f15', input: { q: 'a UUID' }, metadata: {} },
      { id: 'new', input: { q: 'a name' }, metadata: {} },
    ];
    const items = [...theirs, ...ours];
    expect(await ensure('grown', items)).toEqual({ written: 2, unchanged: 4 });
    expect(await ensure('grown', items)).toEqual({ written: 0, unchanged: 6 });
    const run = await planned(dataset, items);
    expect(await referred(run, items)).toEqual(
      new Map([
        ...itself(theirs),
        ...ours.map(({ id }) => [id, ownExampleId(dataset.id, id)] as const),
      ]),
    );
    expect(idsOf(await pulled(dataset))).toEqual(idsOf(items));
  });

  it('does not take an example of ours for one of theirs, where its id is that of another item', async () => {
    const dataset = await made('crossed');
    const first: DatasetItem = { id: 'first', input: { q: 'first' }, metadata: {} };
    await ensure('crossed', [first]);
    const second = { ...first, id: ownExampleId(dataset.id, 'first'), input: { q: 'second' } };
    expect(await ensure('crossed', [first, second])).toEqual({ written: 1, unchanged: 1 });
    const items = [first, second];
    expect(await referred(await planned(dataset, items), items)).toEqual(
      new Map(items.map(({ id }) => [id, ownExampleId(dataset.id, id)])),
    );
  });

  it('goes on with the examples that an earlier release made beside theirs', async () => {
    const dataset = await made('doubled');
    const [item] = await pulled(dataset);
    if (item === undefined) throw new Error('no item');
    const own = ownExampleId(dataset.id, item.id);
    await clientOf(place.server).createExample({
      id: own,
      dataset_id: dataset.id,
      inputs: item.input,
      metadata: { 'assay.item_id': item.id },
    });
    await ensure('doubled', [item]);
    expect(place.server.inspect.examples('doubled')).toHaveLength(5);
    expect(await referred(await planned(dataset, [item]), [item])).toEqual(
      new Map([[item.id, own]]),
    );
  });
});

describe('what the look for examples of others costs', () => {
  const plain = Array.from({ length: 250 }, (_, index): DatasetItem => ({
    id: `item-${index}`,
    input: { index },
    metadata: {},
  }));
  const uuids = plain.map((item, index) => ({
    ...item,
    id: `0b0e6d0e-5a4f-4d7e-9b1a-${String(index).padStart(12, '0')}`,
  }));

  it.each([
    ['nothing, where the ids of the files are no UUIDs', plain, 0],
    ['one look at each hundred, where they are, and all examples ours', uuids, 3],
  ])('is %s', async (_what, items, looks) => {
    const name = `cost-${looks}`;
    const { id } = await place.platform.ensureDataset({ name }, soon());
    const dataset = { id, name };
    await ensure(name, items);
    const start = requests();
    await ensure(name, items);
    // The dataset, and its examples by their ids.
    expect(requests() - start).toBe(1 + 3);
    const run = await planned(dataset, []);
    const before = requests();
    expect(await placedIn(run, [items])).toEqual(run);
    expect(requests() - before).toBe(looks);
  });
});
