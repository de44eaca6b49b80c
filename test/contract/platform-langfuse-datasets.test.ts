import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import type { DatasetItem } from '../../src/contracts/records.js';
import { changedFields, packKeys } from '../../src/core/dataset/item-fields.js';
import { splitsOf } from '../../src/core/dataset/splits.js';
import { platformItemId } from '../../src/core/ids/platform-ids.js';
import type {
  DatasetSummary,
  ItemToWrite,
  PlatformDatasets,
  PlatformItem,
} from '../../src/platforms/dataset-port.js';
import type { Platform } from '../../src/platforms/port.js';
import { TestServer } from './langfuse-support.js';
import { platformFor, requestsTo, soon } from './platform-langfuse-support.js';

const itemsPath = '/api/public/dataset-items';
let server: TestServer;
let platform: Platform;
let datasets: PlatformDatasets;

beforeAll(async () => {
  server = await TestServer.start();
  platform = platformFor(server.url);
  ({ datasets } = platform);
});
afterEach(async () => {
  await server.call('/dev/faults', { method: 'DELETE' });
});
afterAll(async () => {
  await platform.close();
  await server.stop();
});

const make = (name: string) => datasets.ensure({ name }, soon());
const write = (dataset: { id: string; name: string }, items: readonly ItemToWrite[]) =>
  datasets.writeItems({ dataset, items, signal: soon() });

async function all(request: {
  dataset: string;
  version?: string;
  from?: number;
}): Promise<PlatformItem[]> {
  const items: PlatformItem[] = [];
  for await (const page of datasets.items({ ...request, signal: soon() })) items.push(...page);
  return items;
}

const itemsOf = (count: number): readonly ItemToWrite[] =>
  Array.from({ length: count }, (_, n) => ({
    item: { id: `i-${n}`, input: { n }, metadata: {}, expected: n % 2 === 0 ? 'even' : 'odd' },
  }));

const keysOf = ({ item, splits = splitsOf(item.metadata) }: ItemToWrite): string =>
  packKeys(
    datasets.fieldKeys?.({ item, splits }) ??
      (() => {
        throw new Error('none');
      })(),
  );

describe('datasets on Langfuse', () => {
  it('are made once, changed where a field that is given differs, and listed', async () => {
    const wanted = {
      name: 'evals/made',
      description: 'about',
      metadata: { team: 'support' },
      inputSchema: { type: 'object' },
    };
    const first = await datasets.ensure(wanted, soon());
    expect(first).toMatchObject({ ...wanted, created: true });
    const posts = async () => (await requestsTo(server, 'POST', '/api/public/v2/datasets')).length;
    const before = await posts();
    expect(await datasets.ensure(wanted, soon())).toEqual({ ...first, created: false });
    expect(await datasets.ensure({ name: wanted.name }, soon())).toMatchObject({ created: false });
    expect(await posts()).toBe(before);
    const changed = await datasets.ensure({ name: wanted.name, description: 'else' }, soon());
    expect(changed).toMatchObject({ ...wanted, description: 'else', id: first.id, created: false });
    for (let n = 0; n < 105; n += 1) await make(`many-${n}`);
    const names: string[] = [];
    for await (const page of datasets.list(soon())) {
      names.push(...page.map(({ name }: DatasetSummary) => name));
    }
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining([wanted.name, 'many-0', 'many-104']));
    expect(await datasets.get('nowhere', soon())).toBeUndefined();
  });

  it('count their items, at a version too', async () => {
    const dataset = await make('counted');
    const { lastChange, requests } = await write(dataset, itemsOf(7));
    expect(requests).toBe(7);
    await write(dataset, itemsOf(9).slice(7));
    const count = (version?: string) =>
      datasets.count?.({ dataset: 'counted', signal: soon(), ...(version ? { version } : {}) });
    expect(await count()).toBe(9);
    expect(await count(lastChange)).toBe(7);
  });
});

describe('items on Langfuse', () => {
  it('compare as equal when they come back, whatever the server makes of them', async () => {
    const dataset = await make('compared');
    const texts = ['4', 'true', 'null', '007', '"q"', '{"a":1}', '', 'plain \u0001 text', null];
    const items = texts.map((expected, n): ItemToWrite => ({
      item: {
        id: `t${n}`,
        input: { z: '4', a: { y: 1, b: 'true' } },
        expected,
        metadata: { m: '1', ...(n % 2 === 0 ? { split: 'train' } : { splits: ['b', 'a'] }) },
        ...(n % 3 === 0 ? { description: 'about' } : {}),
      },
    }));
    await write(dataset, items);
    const found = new Map((await all({ dataset: 'compared' })).map((each) => [each.item.id, each]));
    expect(found.size).toBe(items.length);
    for (const each of items) {
      const there = found.get(each.item.id);
      if (there === undefined) throw new Error(`no ${each.item.id}`);
      expect(there.platformId).toBe(datasets.platformId?.(dataset, each.item));
      expect(there.splits).toEqual(splitsOf(each.item.metadata));
      expect(changedFields(keysOf(each), keysOf(there))).toEqual([]);
    }
  });

  it('tell in which field they differ', () => {
    const item: DatasetItem = { id: 'a', input: { n: 1 }, metadata: {}, expected: '4' };
    const fields = (change: Partial<DatasetItem>) =>
      changedFields(keysOf({ item }), keysOf({ item: { ...item, ...change } }));
    // The server takes the text for the number.
    expect(fields({ expected: 4 })).toEqual([]);
    expect(fields({ expected: 5 })).toEqual(['expected']);
    expect(fields({ input: { n: 2 }, description: 'new' })).toEqual(['inputs', 'description']);
    expect(fields({ metadata: { split: 'train' } })).toEqual(['splits']);
  });

  it('put splits that are given apart into their metadata', async () => {
    const dataset = await make('apart');
    const item: DatasetItem = { id: 'a', input: {}, metadata: { n: 1 } };
    await write(dataset, [{ item, splits: ['test', 'hard'] }]);
    const [found] = await all({ dataset: 'apart' });
    expect(found).toMatchObject({
      splits: ['hard', 'test'],
      item: { metadata: { n: 1, splits: ['hard', 'test'] } },
    });
  });

  it('lose an expectation that is taken away', async () => {
    const dataset = await make('cleared');
    const item: DatasetItem = { id: 'a', input: {}, metadata: {}, expected: 'x' };
    await write(dataset, [{ item }]);
    const { expected: _gone, ...without } = item;
    await write(dataset, [{ item: without }]);
    await write(dataset, [{ item: { ...without, id: 'new' } }]);
    const found = await all({ dataset: 'cleared' });
    expect(found.map(({ item: { expected } }) => expected)).toEqual([undefined, undefined]);
  });

  it('are read on from a page, and not from the beginning', async () => {
    const dataset = await make('resumed');
    await write(dataset, itemsOf(250));
    const whole = await all({ dataset: 'resumed' });
    expect(whole).toHaveLength(250);
    const before = (await requestsTo(server, 'GET', itemsPath)).length;
    const rest = await all({ dataset: 'resumed', from: 200 });
    expect(rest.map(({ platformId }) => platformId)).toEqual(
      whole.slice(200).map(({ platformId }) => platformId),
    );
    expect((await requestsTo(server, 'GET', itemsPath)).length - before).toBe(1);
  });

  it('that others made keep their ids, and a copy of ours is none of ours', async () => {
    const dataset = await make('foreign');
    await server.post(itemsPath, { datasetName: 'foreign', id: 'their-id', input: 'a question' });
    await server.post(itemsPath, {
      datasetName: 'foreign',
      id: 'copy',
      input: { n: 1 },
      metadata: { 'assay.item_id': 'original' },
    });
    const found = await all({ dataset: 'foreign' });
    expect(found.map(({ item }) => item.id).sort()).toEqual(['copy', 'their-id']);
    for (const each of found) {
      expect(datasets.platformId?.(dataset, each.item)).toBe(each.platformId);
      // As it was pulled, so it is compared: nothing is written for its form alone.
      expect(changedFields(keysOf(each), keysOf({ item: each.item }))).toEqual([]);
    }
  });

  it('are archived with their content, stand in older versions, and come back when they are written', async () => {
    const dataset = await make('archived');
    const { lastChange } = await write(dataset, itemsOf(3));
    const [first] = await all({ dataset: 'archived' });
    if (first === undefined) throw new Error('no item');
    const gone = await datasets.archiveItems({ dataset, items: [first], signal: soon() });
    expect(gone).toMatchObject({ archived: 1, requests: 1 });
    expect(await all({ dataset: 'archived' })).toHaveLength(2);
    expect(await all({ dataset: 'archived', version: lastChange ?? '' })).toHaveLength(3);
    expect(await all({ dataset: 'archived', version: gone.lastChange ?? '' })).toHaveLength(2);
    await write(dataset, [{ item: first.item }]);
    expect(await all({ dataset: 'archived' })).toHaveLength(3);
  });

  it('are written once each where the server fails at requests and loses answers', async () => {
    const dataset = await make('stumbling');
    const fault = { method: 'POST', pathPrefix: itemsPath, probability: 0.1 };
    await server.post('/dev/faults', { ...fault, kind: 'server_error' });
    await server.post('/dev/faults', { ...fault, kind: 'commit_then_drop' });
    const { written, requests } = await write(dataset, itemsOf(40));
    expect(written).toBe(40);
    expect(requests).toBeGreaterThan(40);
    await server.call('/dev/faults', { method: 'DELETE' });
    expect(await all({ dataset: 'stumbling' })).toHaveLength(40);
  });

  it('of a dataset that is not there are a clear error', async () => {
    await expect(all({ dataset: 'nowhere' })).rejects.toMatchObject({ code: 'DATASET_NOT_FOUND' });
    expect(platformItemId('a', 'b')).not.toBe(platformItemId('b', 'a'));
  });
});
