import { describe, expect, it } from '@jest/globals';

import {
  changedFields,
  packKeys,
  plainFieldKeys,
} from '../../../../src/core/dataset/item-fields.js';
import { splitsOf, withSplits } from '../../../../src/core/dataset/splits.js';
import type { DatasetItem } from '../../../../src/contracts/records.js';

const item: DatasetItem = {
  id: 'a',
  input: { b: 1, a: [1, 2] },
  expected: 'x',
  metadata: { split: 'train', team: 'support' },
  description: 'about',
};
const keysOf = (change: Partial<DatasetItem>): string =>
  packKeys(plainFieldKeys({ ...item, ...change }));

describe('the fields of an item', () => {
  it('are told apart one by one, whatever the order of keys', () => {
    expect(changedFields(keysOf({}), keysOf({ input: { a: [1, 2], b: 1 } }))).toEqual([]);
    expect(changedFields(keysOf({}), keysOf({ input: { a: [2, 1], b: 1 } }))).toEqual(['inputs']);
    expect(changedFields(keysOf({}), keysOf({ expected: null }))).toEqual(['expected']);
    expect(changedFields(keysOf({}), keysOf({ description: 'other' }))).toEqual(['description']);
    const metadata = { split: 'test', team: 'sales' };
    expect(changedFields(keysOf({}), keysOf({ metadata }))).toEqual(['metadata', 'splits']);
  });

  it('take a null that is expected for another thing than no expectation', () => {
    const { expected: _none, ...without } = item;
    expect(changedFields(packKeys(plainFieldKeys(without)), keysOf({ expected: null }))).toEqual([
      'expected',
    ]);
  });
});

describe('splits', () => {
  it('are read of either member, sorted and each once', () => {
    expect(splitsOf({ split: 'b', splits: ['c', 'a', 'b', 4, ''] })).toEqual(['a', 'b', 'c']);
    expect(splitsOf({ splits: 'a' })).toEqual(['a']);
    expect(splitsOf({ other: 'a' })).toEqual([]);
  });

  it('are left as they were written where they say the same, and else put in the short form', () => {
    const metadata = { splits: ['b', 'a'], n: 1 };
    expect(withSplits(metadata, ['a', 'b'])).toBe(metadata);
    expect(withSplits(metadata, ['a'])).toEqual({ n: 1, split: 'a' });
    expect(withSplits(metadata, ['c', 'a'])).toEqual({ n: 1, splits: ['a', 'c'] });
    expect(withSplits(metadata, [])).toEqual({ n: 1 });
  });
});
