import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { sha256 } from '../../../src/core/ids/hash.js';
import { datasetHash } from '../../../src/core/manifest/dataset-hash.js';
import { createDatasetFingerprint } from '../../../src/datasets/dataset-fingerprint.js';

async function fingerprint(ids: readonly string[], held: number) {
  const print = createDatasetFingerprint(held);
  try {
    for (const [place, id] of ids.entries()) await print.add({ id, hash: sha256(id), place });
    return await print.finish();
  } finally {
    await print.close();
  }
}

describe('the fingerprint of a dataset', () => {
  it('is the hash of its sorted list, however little is held in memory and in whatever order it comes', async () => {
    const id = fc.string({ unit: 'binary', minLength: 0, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(id, { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        async (ids, held) => {
          const found = await fingerprint(ids, held);
          expect(found.itemsHash).toBe(datasetHash(ids.map((each) => [each, sha256(each)])));
          expect(found.items).toBe(ids.length);
          expect(found.repeated.count).toBe(0);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('finds every repeated id with its first place, also across many sorted runs', async () => {
    const ids = Array.from({ length: 5_000 }, (_, n) => `id-${(n * 7919) % 4_990}`);
    const { repeated, items } = await fingerprint(ids, 64);
    expect(items).toBe(5_000);
    expect(repeated.count).toBe(10);
    for (const { id, place, first } of repeated.examples) {
      expect(first).toBe(ids.indexOf(id));
      expect(place).toBe(ids.lastIndexOf(id));
    }
  });

  it('leaves no file behind, also where nobody finished it', async () => {
    const ours = async () => (await readdir(tmpdir())).filter((name) => name.endsWith('.runs'));
    const before = await ours();
    const print = createDatasetFingerprint(1);
    await print.add({ id: 'a', hash: 'h', place: 0 });
    expect(await ours()).toEqual(before);
    await print.close();
    expect(await ours()).toEqual(before);
  });
});
