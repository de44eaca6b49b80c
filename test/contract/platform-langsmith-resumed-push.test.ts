import { afterAll, beforeAll, expect, it } from '@jest/globals';

import type { ItemToWrite } from '../../src/platforms/dataset-port.js';
import { until } from '../support/until.js';
import { Place, soon } from './platform-langsmith-support.js';

let place: Place;

beforeAll(async () => {
  place = await Place.start();
});
afterAll(() => place.close());

const itemsThat = (replaces: boolean): readonly ItemToWrite[] =>
  Array.from({ length: 7 }, (_, index) => ({
    item: { id: `ticket-${index}`, input: { index }, metadata: {} },
    splits: [],
    replaces,
  }));

it('makes no new version of items that stand as they are meant to, where a page is written by the second worker', async () => {
  const { datasets } = place.platform;
  const { id } = await datasets.ensure({ name: 'resumed' }, soon());
  const write = (replaces: boolean) =>
    datasets.writeItems({
      dataset: { id, name: 'resumed' },
      items: itemsThat(replaces),
      signal: soon(),
      onProgress: () => undefined,
    });
  const writes = (): number =>
    [...(place.server.inspect.datasets[0]?.histories.values() ?? [])].flat().length;
  await write(false);
  expect(writes()).toBe(7);
  // Who was killed after its request has told nobody that the items stand.
  await write(false);
  expect(writes()).toBe(7);
  // Whoever knows that they differ is believed: equal for us may be different for the platform.
  await write(true);
  expect(writes()).toBe(14);
});

it('makes no version more of an item that came back, where the answer to its write was lost', async () => {
  const { datasets } = place.platform;
  const { server } = place;
  const name = 'came-back';
  const dataset = { ...(await datasets.ensure({ name }, soon())), name };
  const ids = ['a', 'b', 'c', 'd'];
  const write = (answer: number) =>
    datasets.writeItems({
      dataset,
      items: ids.map((id) => ({
        item: { id, input: { answer }, metadata: {} },
        splits: [],
        replaces: false,
      })),
      signal: soon(),
    });
  await write(1);
  const items = (['b', 'd'] as const).map((key) => ({
    key,
    platformId: datasets.platformId(dataset, { id: key, input: {}, metadata: {} }),
  }));
  await datasets.archiveItems({ dataset, items, signal: soon() });
  expect(server.inspect.examples(name)).toHaveLength(2);

  server.requests.clear();
  // Time enough to have the answer lost after those that say which ids are not free.
  server.faults.order({ kind: 'slow', delayMs: 200, method: 'GET', pathPrefix: '/examples' });
  const writing = write(1);
  await until(() => server.requests.counts()['POST /examples/bulk 409'] === 3);
  server.faults.order({ kind: 'commit_then_drop', next: 1, method: 'POST' });
  await writing;
  server.faults.clear();
  expect(server.requests.counts()).toMatchObject({ 'POST /examples/bulk 0': 1 });
  const histories = server.inspect.datasets.find((each) => each.name === name)?.histories;
  expect([...(histories?.values() ?? [])].map((states) => states.length)).toEqual([
    1, 2, 1, 2, 1, 1,
  ]);
  expect(server.inspect.examples(name)).toHaveLength(4);
});
