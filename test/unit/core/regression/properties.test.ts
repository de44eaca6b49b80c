import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { compareRuns } from '../../../../src/core/regression/compare.js';
import { RunScoresBuilder } from '../../../../src/core/regression/run-scores.js';
import type { EvaluatorComparison } from '../../../../src/core/regression/types.js';
import type { Interval } from '../../../../src/core/statistics/interval.js';
import { runOf, scoreName, type CellValue } from './runs.js';

type Cells = readonly (readonly [string, readonly CellValue[], readonly CellValue[]])[];

const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), {
  minLength: 2,
  maxLength: 20,
});
const number = fc.oneof(
  fc.constantFrom(0, 0.25, 0.5, 1),
  fc.double({ min: 0, max: 1, noNaN: true }),
);
const cellsOf = (value: fc.Arbitrary<CellValue>, most: number): fc.Arbitrary<Cells> =>
  ids.chain((names) => {
    const side = fc.array(value, { minLength: 1, maxLength: most });
    return fc.tuple(...names.map((id) => fc.tuple(fc.constant(id), side, side)));
  });
const rates = cellsOf(fc.boolean(), 1);
const numbers = cellsOf(number, 3);

function compareCells(cells: Cells, swap = false): EvaluatorComparison {
  const [base, head] = ([1, 2] as const).map((side) =>
    runOf(Object.fromEntries(cells.map((cell) => [cell[0], cell[side]]))),
  );
  if (base === undefined || head === undefined) throw new Error('no run');
  const found = compareRuns({
    base: swap ? head : base,
    head: swap ? base : head,
    evaluators: [{ name: scoreName }],
    cluster: { key: 'first', of: (id) => (id.startsWith('a') ? 'a' : undefined) },
    bootstrap: { resamples: 999 },
  });
  const [score] = found.evaluators;
  if (score === undefined) throw new Error('no score');
  return score;
}

function expectMirrored(one: Interval | null, other: Interval | null): void {
  if (one === null || other === null) {
    expect(one).toBe(other);
    return;
  }
  expect(one.low).toBeCloseTo(-other.high, 10);
  expect(one.high).toBeCloseTo(-other.low, 10);
}

describe('exchanging base and head', () => {
  it.each([
    ['rates', rates],
    ['numbers', numbers],
  ])('mirrors estimate, interval and bootstrap of %s', (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (cells) => {
        const there = compareCells(cells);
        const back = compareCells(cells, true);
        expect((there.estimate ?? 0) + (back.estimate ?? 0)).toBeCloseTo(0, 12);
        expectMirrored(there.interval, back.interval);
        expectMirrored(there.intervals.t, back.intervals.t);
        expectMirrored(there.intervals.bca, back.intervals.bca);
        expect(there.changes.better).toBe(back.changes.worse);
        expect(there.method).toBe(back.method);
        // Not both may be better than the other.
        expect([there.verdict, back.verdict]).not.toEqual(['regress', 'regress']);
      }),
      { numRuns: 30 },
    );
  });
});

describe('the order of items', () => {
  it.each([
    ['rates', rates],
    ['numbers', numbers],
  ])('changes nothing about %s', (_, arbitrary) => {
    const shuffled = arbitrary.chain((cells) =>
      fc.tuple(
        fc.constant(cells),
        fc.shuffledSubarray([...cells], { minLength: cells.length, maxLength: cells.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([cells, others]) => {
        expect(compareCells(others)).toEqual(compareCells(cells));
      }),
      { numRuns: 30 },
    );
  });
});

// Runs that lose the same everywhere, as one that has broken does, beside those that differ at random.
const shifted = fc
  .tuple(ids, fc.constantFrom<CellValue>(1, 0.5, true), fc.integer({ min: 1, max: 3 }))
  .map(([names, value, cells]): Cells => {
    const lost = value === true ? false : Number(value) - 0.5;
    return names.map((id) => [
      id,
      Array.from({ length: cells }, () => value),
      Array.from({ length: cells }, () => lost),
    ]);
  });

describe('an interval below 0 with a test that agrees', () => {
  it('is always a regression, unless it is accepted or told by too few clusters', () => {
    let regressions = 0;
    fc.assert(
      fc.property(fc.oneof(rates, numbers, shifted), (cells) => {
        const { interval, test, verdict, margin, code } = compareCells(cells);
        expect(test === null).toBe(interval === null);
        if (interval === null || interval.high >= 0 || interval.low > -(margin ?? 0)) return;
        if ((test?.pAdjusted ?? 1) > 0.05 || code === 'few_clusters') return;
        regressions += 1;
        expect(verdict).toBe('regress');
      }),
      { numRuns: 60, seed: 7 },
    );
    expect(regressions).toBeGreaterThan(5);
  });
});

describe('no finite value', () => {
  const huge = fc
    .tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.integer({ min: -320, max: 308 }))
    .map(([digits, exponent]) => digits * 10 ** exponent);

  it('keeps two runs from being compared', () => {
    const cell = fc.tuple(huge, huge);
    const values = fc.array(cell, { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(values, huge, (pairs, margin) => {
        const side = (of: 0 | 1) => {
          const builder = new RunScoresBuilder();
          for (const [i, pair] of pairs.entries()) {
            const value = { type: 'NUMERIC', value: pair[of] } as const;
            const costDollars = Math.abs(pair[of]);
            const scores = [{ name: scoreName, value }];
            builder.add({ itemId: `item-${i}`, scores, costDollars, latencyMs: costDollars });
          }
          return builder.build();
        };
        const { verdict } = compareRuns({
          base: side(0),
          head: side(1),
          evaluators: [{ name: scoreName, margin: Math.abs(margin) + Number.MIN_VALUE }],
          cost: { margin: 0.1 },
          latency: { margin: 0.1 },
          bootstrap: { resamples: 999 },
        });
        expect(['pass', 'regress', 'inconclusive']).toContain(verdict);
      }),
      { numRuns: 60, seed: 11 },
    );
  });

  it('of 1e110 among small ones breaks the bootstrap', () => {
    const base = runOf({ a: [1], b: [2], c: [3], d: [4], e: [5], f: [6] });
    const head = runOf({ a: [1e110], b: [2], c: [3], d: [4], e: [5], f: [7] });
    const found = compareRuns({ base, head, evaluators: [{ name: scoreName, margin: 1 }] });
    expect(found.verdict).toBe('inconclusive');
    expect(found.evaluators[0]?.method).toBe('t+bca');
  });
});

describe('any two runs', () => {
  it('give an interval that holds its estimate, and a verdict that follows from it', () => {
    fc.assert(
      fc.property(fc.oneof(rates, numbers), (cells) => {
        const { interval, estimate, verdict, margin } = compareCells(cells);
        if (interval === null) {
          expect(verdict).toBe('inconclusive');
          return;
        }
        expect(interval.low).toBeLessThanOrEqual((estimate ?? 9) + 1e-12);
        expect(interval.high).toBeGreaterThanOrEqual((estimate ?? -9) - 1e-12);
        if (verdict === 'pass') expect(interval.low).toBeGreaterThan(-(margin ?? 0));
        if (verdict === 'regress') expect(interval.high).toBeLessThan(0);
      }),
      { numRuns: 30 },
    );
  });
});
