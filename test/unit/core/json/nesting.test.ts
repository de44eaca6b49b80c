import { describe, expect, it } from '@jest/globals';

import { nestsDeeperThan } from '../../../../src/core/json/nesting.js';

const nested = (levels: number): unknown =>
  JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);

describe('the depth of a JSON value', () => {
  it('counts arrays and objects, and allows exactly the limit', () => {
    expect(nestsDeeperThan('text', 0)).toBe(false);
    expect(nestsDeeperThan([], 0)).toBe(true);
    expect(nestsDeeperThan({ a: [1, { b: null }] }, 3)).toBe(false);
    expect(nestsDeeperThan({ a: [1, { b: null }] }, 2)).toBe(true);
    expect(nestsDeeperThan(nested(500), 500)).toBe(false);
    expect(nestsDeeperThan(nested(501), 500)).toBe(true);
  });

  it('is found where a recursive walk would exhaust the stack, and where a value holds itself', () => {
    expect(nestsDeeperThan(nested(100_000), 500)).toBe(true);
    expect(nestsDeeperThan({ wide: Array.from({ length: 1e5 }, () => [1]) }, 500)).toBe(false);
    const ring: { self?: unknown } = {};
    ring.self = { ring };
    expect(nestsDeeperThan(ring, 500)).toBe(true);
  });
});
