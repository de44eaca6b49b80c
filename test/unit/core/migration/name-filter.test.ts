import { describe, expect, it } from '@jest/globals';

import { nameFilter } from '../../../../src/core/migration/name-filter.js';

describe('names that are asked for', () => {
  it('take all where none are', () => {
    expect(nameFilter(undefined).takes('anything')).toBe(true);
    expect(nameFilter(undefined).missing()).toEqual([]);
  });

  it.each([
    ['support-*', 'support-tickets', true],
    ['support-*', 'unsupport-tickets', false],
    ['*', '', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*b*d', 'abcbd', true],
    ['*b*d', 'abcbdx', false],
    ['a.c', 'abc', false],
    ['A', 'a', false],
    // What is called so is taken by its own name.
    ['what*?', 'what*?', true],
  ])('take %s for %s: %s', (pattern, name, takes) => {
    expect(nameFilter([pattern]).takes(name)).toBe(takes);
  });

  it('are missing, all of them, until something of theirs was seen', () => {
    const filter = nameFilter(['a', 'b*', 'c', 'be']);
    expect(filter.takes('be')).toBe(true);
    expect(filter.missing()).toEqual(['a', 'c']);
  });

  it('answer at once whatever the pattern', () => {
    const before = performance.now();
    expect(nameFilter(['*a'.repeat(200)]).takes(`${'a'.repeat(900)}b`)).toBe(false);
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});
