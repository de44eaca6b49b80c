import { describe, expect, it } from '@jest/globals';

import { sameTexts } from '../../../../src/core/text/same-texts.js';

describe('two lists of texts', () => {
  it.each<[one: readonly string[], other: readonly string[], same: boolean]>([
    [[], [], true],
    [['b', 'a'], ['a', 'b'], true],
    [['a', 'a', 'b'], ['a', 'b', 'b'], false],
    [['a'], ['a', 'a'], false],
    // Text of users: a line break within one is none between two.
    [['a\nb'], ['a', 'b'], false],
    [['a\nb', 'c'], ['a', 'b\nc'], false],
  ])('%j and %j are the same: %j', (one, other, same) => {
    expect(sameTexts(one, other)).toBe(same);
    expect(sameTexts(other, one)).toBe(same);
  });
});
