import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cellPosition, createCellOrder } from '../../../../src/core/experiment/order.js';

const seeds = fc.integer({ min: 0, max: 2_147_483_647 });

function positions(seed: number, cells: number): readonly number[] {
  const position = createCellOrder({ seed, cells });
  return Array.from({ length: cells }, (_, index) => position(index));
}

/** Pearson's chi-square of counts against equal shares. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, n) => sum + n, 0) / counts.length;
  return counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
}

describe('the order of cells', () => {
  it('gives each cell a position of its own, for any seed and number of cells', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 3_000 }), (seed, cells) => {
        const found = positions(seed, cells);
        expect(new Set(found).size).toBe(cells);
        expect(Math.min(...found)).toBe(0);
        expect(Math.max(...found)).toBe(cells - 1);
      }),
    );
  });

  it('is the same for the same seed and another for another', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 20, max: 500 }), (seed, cells) => {
        expect(positions(seed, cells)).toEqual(positions(seed, cells));
        expect(positions(seed, cells)).not.toEqual(positions((seed + 1) % 2 ** 31, cells));
      }),
    );
  });

  it('stays inside and apart for the largest runs', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2 ** 31, max: 2 ** 52 }), (seed, cells) => {
        const position = createCellOrder({ seed, cells });
        const indexes = Array.from({ length: 50 }, (_, i) => Math.floor((i / 50) * cells));
        const found = indexes.map((index) => position(index));
        expect(found.every((p) => Number.isSafeInteger(p) && p >= 0 && p < cells)).toBe(true);
        expect(new Set(found).size).toBe(new Set(indexes).size);
      }),
      { numRuns: 50 },
    );
  });

  it('looks shuffled: no relation between a position and the index or its neighbour', () => {
    for (const cells of [100, 1_000, 4_096, 10_007]) {
      const found = positions(1, cells);
      const mean = (cells - 1) / 2;
      const variance = (cells * cells - 1) / 12;
      const correlation = (pairs: readonly (readonly [number, number])[]): number =>
        pairs.reduce((sum, [a, b]) => sum + (a - mean) * (b - mean), 0) / (variance * pairs.length);
      // The standard error of a correlation of independent values is 1/√n; four of them.
      const bound = 4 / Math.sqrt(cells);
      expect(Math.abs(correlation(found.map((p, i) => [p, i])))).toBeLessThan(bound);
      const neighbours = found.slice(1).map((p, i) => [p, found[i] ?? 0] as const);
      expect(Math.abs(correlation(neighbours))).toBeLessThan(bound);
    }
  });

  it('spreads the first tenth of the cells evenly over all positions', () => {
    const counts = Array.from({ length: 10 }, () => 0);
    const position = createCellOrder({ seed: 42, cells: 20_000 });
    for (let index = 0; index < 2_000; index += 1) {
      const tenth = Math.floor(position(index) / 2_000);
      counts[tenth] = (counts[tenth] ?? 0) + 1;
    }
    // The 99.9th percentile of chi-square with 9 degrees of freedom.
    expect(chiSquare(counts)).toBeLessThan(27.9);
  });

  it('reaches all orders of few cells about equally often over seeds', () => {
    const orders = new Map<string, number>();
    for (let seed = 0; seed < 2_400; seed += 1) {
      const order = positions(seed, 4).join();
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    // The 99.9th percentile of chi-square with 23 degrees of freedom.
    expect(chiSquare([...orders.values()])).toBeLessThan(49.7);
  });

  it('takes the same small time per cell however many there are', () => {
    const position = createCellOrder({ seed: 7, cells: 2 ** 40 + 1 });
    const start = process.cpuUsage();
    for (let index = 0; index < 20_000; index += 1) position(index);
    expect(process.cpuUsage(start).user).toBeLessThan(2_000_000);
  });

  it('gives one position as the function for many does', () => {
    expect(cellPosition({ seed: 3, cells: 77, index: 5 })).toBe(positions(3, 77)[5]);
  });

  it('refuses what is no cell', () => {
    const order = createCellOrder({ seed: 1, cells: 10 });
    for (const index of [-1, 10, 0.5, Number.NaN]) expect(() => order(index)).toThrow(RangeError);
    for (const cells of [0, -1, 1.5, 2 ** 53, Number.NaN]) {
      expect(() => createCellOrder({ seed: 1, cells })).toThrow(RangeError);
    }
    expect(() => createCellOrder({ seed: 0.5, cells: 1 })).toThrow(RangeError);
  });
});
