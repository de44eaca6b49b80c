import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { DatasetItem } from '../../../../src/contracts/records.js';
import { apportion, type Stratum } from '../../../../src/core/experiment/apportion.js';
import { createSampler, type Sample } from '../../../../src/core/experiment/sample.js';
import type { Json, JsonObject } from '../../../../src/core/json/json.js';

const sampleOf = (
  items: readonly DatasetItem[],
  request: { items: number; by?: string; seed?: number },
): Sample => {
  const sampler = createSampler({ seed: 1, ...request });
  for (const item of items) sampler.add(item);
  return sampler.finish();
};
const idsOf = (items: readonly DatasetItem[], sample: Sample): string[] => {
  const picks = sample.picker();
  return items
    .filter((item) => picks(item))
    .map(({ id }) => id)
    .sort();
};

const item = (id: string, expected?: Json, metadata: JsonObject = {}): DatasetItem => ({
  id,
  input: { text: id },
  metadata,
  ...(expected === undefined ? {} : { expected }),
});

const items = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 120 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc
          .option(fc.constantFrom('bug', 'refund', 'praise', 'other'), { nil: undefined })
          .map((expected) => item(id, expected)),
      ),
    ),
  );
const shuffled = (list: readonly DatasetItem[], seed: number): DatasetItem[] => {
  const copy = [...list];
  let state = seed + 1;
  for (let at = copy.length - 1; at > 0; at -= 1) {
    state = (state * 48_271) % 2_147_483_647;
    const other = state % (at + 1);
    const [a, b] = [copy[at], copy[other]];
    if (a !== undefined && b !== undefined) [copy[at], copy[other]] = [b, a];
  }
  return copy;
};

describe('the shares of a sample', () => {
  const strata = fc
    .array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 40 })
    .map((sizes) => sizes.map((of, index): Stratum => ({ key: String(index), of })));

  it('add up to what was asked for, exceed no stratum and leave none empty where that can be', () => {
    fc.assert(
      fc.property(strata, fc.integer({ min: 1, max: 20_000 }), (parts, n) => {
        const shares = apportion(parts, n);
        const all = parts.reduce((sum, { of }) => sum + of, 0);
        expect(shares.reduce((sum, { items: taken }) => sum + taken, 0)).toBe(Math.min(n, all));
        for (const share of shares) {
          expect(share.items).toBeLessThanOrEqual(share.of);
          if (n >= parts.length) expect(share.items).toBeGreaterThanOrEqual(1);
        }
      }),
    );
  });

  it('are proportional: within one item of the exact share, but for strata that are raised to one', () => {
    fc.assert(
      fc.property(strata, fc.integer({ min: 1, max: 5_000 }), (parts, n) => {
        const all = parts.reduce((sum, { of }) => sum + of, 0);
        fc.pre(n <= all && parts.every(({ of }) => of * n >= all));
        for (const { of, items: taken } of apportion(parts, n)) {
          expect(Math.abs(taken - (of * n) / all)).toBeLessThan(1);
        }
      }),
    );
  });

  it('follow the largest remainders', () => {
    const parts = [
      { key: 'a', of: 47_000 },
      { key: 'b', of: 16_000 },
      { key: 'c', of: 15_800 },
      { key: 'd', of: 12_000 },
      { key: 'e', of: 6_100 },
      { key: 'f', of: 3_100 },
    ];
    // The sizes of a textbook's example of Hamilton's method, worked out by hand: at 100 the third has the largest
    // remainder (0.8); at 10 the last two have less than one, and the rest share 8.
    expect(apportion(parts, 100).map((share) => share.items)).toEqual([47, 16, 16, 12, 6, 3]);
    expect(apportion(parts, 10).map((share) => share.items)).toEqual([4, 2, 1, 1, 1, 1]);
    expect(apportion(parts, 3).map((share) => share.items)).toEqual([1, 1, 1, 0, 0, 0]);
  });

  it('do not hang on the order of the strata', () => {
    fc.assert(
      fc.property(strata, fc.integer({ min: 1, max: 5_000 }), (parts, n) => {
        const byKey = (list: readonly { key: string; items: number }[]) =>
          Object.fromEntries(list.map(({ key, items: taken }) => [key, taken]));
        expect(byKey(apportion([...parts].reverse(), n))).toEqual(byKey(apportion(parts, n)));
      }),
    );
  });
});

describe('a sample', () => {
  it('is the same whatever the order of the items', () => {
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 130 }), fc.nat(1_000), (list, n, seed) => {
        const other = shuffled(list, seed);
        const [one, two] = [sampleOf(list, { items: n }), sampleOf(other, { items: n })];
        expect(idsOf(other, two)).toEqual(idsOf(list, one));
        expect(two.strata).toEqual(one.strata);
        expect(two.by).toBe(one.by);
      }),
    );
  });

  it('holds exactly as many items as it says, in all and of each stratum', () => {
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 130 }), (list, n) => {
        const sample = sampleOf(list, { items: n, by: '/id' });
        const ids = idsOf(list, sample);
        expect(ids).toHaveLength(Math.min(n, list.length));
        expect(sample.items).toBe(ids.length);
        const found = sampleOf(list, { items: n });
        const picked = new Set(idsOf(list, found));
        for (const { key, of, items: taken } of found.strata) {
          if (found.by === undefined) continue;
          const own = list.filter(
            ({ expected }) => (expected === undefined ? '' : JSON.stringify(expected)) === key,
          );
          expect(own).toHaveLength(of);
          expect(own.filter(({ id }) => picked.has(id))).toHaveLength(taken);
        }
      }),
    );
  });

  it('takes everything, and says so, where as much or more is asked for', () => {
    const list = [item('1', 'a'), item('2', 'a'), item('3', 'b'), item('4', 'b')];
    for (const n of [4, 5, 1_000_000]) {
      const sample = sampleOf(list, { items: n });
      expect(sample).toMatchObject({ of: 4, items: 4, isPart: false });
      expect(idsOf(list, sample)).toHaveLength(4);
    }
    expect(sampleOf(list, { items: 3 })).toMatchObject({ of: 4, items: 3, isPart: true });
  });

  it('changes with the seed, and gives each item about the same chance', () => {
    const list = Array.from({ length: 50 }, (_, index) => item(`T-${index}`));
    const taken = new Map<string, number>();
    for (let seed = 0; seed < 400; seed += 1) {
      for (const id of idsOf(list, sampleOf(list, { items: 10, seed }))) {
        taken.set(id, (taken.get(id) ?? 0) + 1);
      }
    }
    // 400 draws with a chance of 1/5: 80 ± 8, so five standard deviations are 40.
    for (const { id } of list) expect(Math.abs((taken.get(id) ?? 0) - 80)).toBeLessThan(40);
  });

  it('keeps most of itself where the dataset grows a little', () => {
    const list = Array.from({ length: 1_000 }, (_, index) => item(`T-${index}`));
    const before = new Set(idsOf(list, sampleOf(list, { items: 100 })));
    const grown = [...list, item('new-1'), item('new-2'), item('new-3')];
    const after = idsOf(grown, sampleOf(grown, { items: 100 }));
    expect(after.filter((id) => !before.has(id)).length).toBeLessThanOrEqual(3);
  });
});

describe('the field that parts a sample', () => {
  const many = (make: (index: number) => DatasetItem): DatasetItem[] =>
    Array.from({ length: 60 }, (_, index) => make(index));
  const byOf = (list: readonly DatasetItem[]): string | undefined =>
    sampleOf(list, { items: 10 }).by;

  it('is the expectation where that is a category', () => {
    const list = many((index) => item(`${index}`, ['a', 'b', 'c'][index % 3], { lang: 'en' }));
    expect(byOf(list)).toBe('/expected');
  });

  it('is else a member of the expectation, the one with the most values, then the first by name', () => {
    const list = many((index) =>
      item(`${index}`, { urgent: index % 2 === 0, category: index % 5, text: `no ${index}` }),
    );
    expect(byOf(list)).toBe('/expected/category');
    const tied = many((index) => item(`${index}`, { b: index % 2, a: index % 2 }));
    expect(byOf(tied)).toBe('/expected/a');
    const odd = many((index) => item(`${index}`, { 'a/b~c': index % 2 }));
    expect(byOf(odd)).toBe('/expected/a~1b~0c');
  });

  it('is else a member of the metadata, and no text, no id, and nothing that most items lack', () => {
    const list = many((index) =>
      item(`${index}`, `a whole answer ${index}`, {
        id: `m-${index}`,
        rare: index < 10 ? 'yes' : {},
        same: 'always',
        language: ['en', 'de'][index % 2] ?? '',
      }),
    );
    expect(byOf(list)).toBe('/metadata/language');
    expect(byOf(many((index) => item(`${index}`, { reason: `because ${index}` })))).toBeUndefined();
    expect(byOf(many((index) => item(`${index}`)))).toBeUndefined();
  });

  it('does not hang on the order of items that each have members of their own', () => {
    const list = many((index) =>
      item(`${index}`, undefined, { [`z${index}`]: 1, a: index % 2, [`b${index}`]: 2 }),
    );
    expect(byOf(list)).toBe('/metadata/a');
    expect(byOf([...list].reverse())).toBe('/metadata/a');
  });

  it('can be named, also by the word of the dataset files, and items without it are a stratum', () => {
    const list = many((index) => ({
      ...item(`${index}`),
      input: index % 3 === 0 ? {} : { tags: ['a', index % 2] },
    }));
    for (const by of ['/input/tags', '/inputs/tags']) {
      expect(sampleOf(list, { items: 6, by }).strata).toEqual([
        { key: '', of: 20, items: 2 },
        { key: '["a",0]', of: 20, items: 2 },
        { key: '["a",1]', of: 20, items: 2 },
      ]);
    }
  });

  it('is refused where it is no pointer, is in no item or has too many values', () => {
    const code = { code: 'SAMPLE_FIELD_INVALID' };
    const list = many((index) => item(`${index}`));
    for (const by of ['expected', '', '/expected/~2']) {
      expect(() => sampleOf(list, { items: 5, by })).toThrow(expect.objectContaining(code));
    }
    expect(() => sampleOf(list, { items: 5, by: '/metadata/none' })).toThrow(
      expect.objectContaining(code),
    );
    const sampler = createSampler({ items: 5, by: '/id', seed: 1 });
    expect(() => {
      for (let index = 0; index <= 10_000; index += 1) sampler.add(item(String(index)));
    }).toThrow(expect.objectContaining(code));
  });
});
