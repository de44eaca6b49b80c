import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  divide,
  divideSlots,
  maxMin,
  type Claimant,
} from '../../../../src/core/governor/shares.js';

const claimant = fc.record({
  project: fc.constantFrom('a', 'b', 'c'),
  priority: fc.constantFrom('interactive' as const, 'ci' as const, 'bulk' as const),
  wanted: fc.integer({ min: 0, max: 500 }),
});
const total = (parts: readonly number[]): number => parts.reduce((sum, part) => sum + part, 0);
const of = (
  project: string,
  wanted: number,
  priority: Claimant['priority'] = 'bulk',
): Claimant => ({
  project,
  priority,
  wanted,
});

describe('shares', () => {
  it('are max-min fair: the textbook example', () => {
    // Bertsekas and Gallager: 10 among wants of 2, 2.6, 4 and 5 gives 2, 2.6, 2.7 and 2.7.
    const parts = maxMin(10, [2, 2.6, 4, 5]);
    [2, 2.6, 2.7, 2.7].forEach((part, at) => expect(parts[at]).toBeCloseTo(part, 9));
  });

  it('come to the capacity, whoever wants what', () => {
    fc.assert(
      fc.property(fc.array(claimant, { minLength: 1, maxLength: 8 }), (claimants) => {
        expect(total(divide(100, claimants))).toBeCloseTo(100, 6);
      }),
    );
  });

  it('of whole slots never come to more than there are', () => {
    fc.assert(
      fc.property(
        fc.array(claimant, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 0, max: 100 }),
        (claimants, slots, turn) => {
          const parts = divideSlots(slots, claimants, turn);
          expect(total(parts)).toBe(slots);
          expect(parts.every((part) => Number.isInteger(part) && part >= 0)).toBe(true);
        },
      ),
    );
  });

  it('go to higher priorities first, and leave the lower ones a trickle', () => {
    const parts = divide(100, [
      of('a', 1e6, 'interactive'),
      of('a', 1e6, 'ci'),
      of('a', 1e6, 'bulk'),
    ]);
    expect(parts).toEqual([90, 5, 5]);
    const modest = divide(100, [of('a', 20, 'interactive'), of('a', 1e6, 'bulk')]);
    expect(modest).toEqual([20, 80]);
  });

  it('are the same for projects, however many workers each has', () => {
    const parts = divide(90, [of('one', 1e6), of('many', 1e6), of('many', 1e6), of('small', 10)]);
    expect(parts).toEqual([40, 20, 20, 10]);
  });

  it('of a single slot go round, also to the lowest priority', () => {
    const equals = [of('a', 5), of('b', 5)];
    const winners = [1, 2, 3, 4].map((turn) => divideSlots(1, equals, turn).indexOf(1));
    expect(new Set(winners)).toEqual(new Set([0, 1]));
    const unequal = [of('a', 5, 'interactive'), of('b', 5, 'bulk')];
    const turns = Array.from({ length: 20 }, (_, turn) => divideSlots(1, unequal, turn).indexOf(1));
    expect(turns.filter((winner) => winner === 1)).toHaveLength(2);
  });
});
