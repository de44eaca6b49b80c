import { afterAll, beforeAll, expect, it } from '@jest/globals';

import type { ItemToWrite } from '../../src/platforms/dataset-port.js';
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
