import { describe, expect, it } from '@jest/globals';

import { createDigestFlags, digestOf, pairDigest } from '../../../src/core/ids/digest-flags.js';
import { sha256 } from '../../../src/core/ids/hash.js';

describe('flags by digest', () => {
  it('agree with a map of texts over a hundred thousand ids, through every growth', () => {
    const flags = createDigestFlags();
    const map = new Map<string, number>();
    for (let index = 0; index < 100_000; index += 1) {
      const id = sha256(String(index % 70_000));
      const next = ((map.get(id) ?? 0) % 200) + 1;
      map.set(id, next);
      flags.set(digestOf(id), next);
    }
    expect(flags.size).toBe(map.size);
    for (const [id, value] of map) expect(flags.get(digestOf(id))).toBe(value);
    expect(flags.get(digestOf(sha256('unknown')))).toBe(0);
  });

  it('know an id of zeros and ids that are no hashes', () => {
    const flags = createDigestFlags();
    const ids = ['0'.repeat(32), '', 'an item', 'an Item', 'ABCDEF0123456789'];
    ids.forEach((id, index) => {
      flags.set(digestOf(id), index + 1);
    });
    expect(ids.map((id) => flags.get(digestOf(id)))).toEqual([1, 2, 3, 4, 5]);
  });

  it('tell the parts of a pair apart, and a pair from itself turned round', () => {
    const [a, b] = [sha256('a'), sha256('b')];
    expect(pairDigest(a, b)).not.toBe(pairDigest(b, a));
    expect(pairDigest(a, a)).not.toBe(pairDigest(b, b));
  });
});
