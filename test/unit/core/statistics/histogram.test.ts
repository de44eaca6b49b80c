import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { histogramOf, scoreEdges } from '../../../../src/core/statistics/histogram.js';
import { vectors } from './vectors.js';

describe('a histogram', () => {
  it.each(vectors.histograms)('of $name counts as numpy does', ({ values, edges, counts }) => {
    expect(histogramOf(values, edges).map(({ n }) => n)).toEqual(counts);
  });

  it('refuses edges that do not ascend', () => {
    expect(() => histogramOf([1], [1])).toThrow(RangeError);
    expect(() => histogramOf([1], [1, 1])).toThrow(RangeError);
    expect(() => histogramOf([1], [2, 1])).toThrow(RangeError);
  });
});

describe('the edges for a score', () => {
  it('are tenths for shares, so that two runs have the same bars', () => {
    const tenths = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
    expect(scoreEdges([0.31, 0.42])).toEqual(tenths);
    expect(scoreEdges([1, 1])).toEqual(tenths);
  });

  it('are one bar per rating for whole numbers', () => {
    expect(scoreEdges([1, 2, 5])).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('are round for other ranges', () => {
    const edges = scoreEdges(Array.from({ length: 1_001 }, (_, i) => i * 1.234));
    expect(edges.slice(1, -1).every((edge) => edge % 100 === 0)).toBe(true);
  });

  it('hold every value in few bars, whatever the values are', () => {
    const values = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, (list) => {
        const sorted = Float64Array.from(list).sort();
        const bins = histogramOf(sorted, scoreEdges(sorted));
        expect(bins.reduce((sum, { n }) => sum + n, 0)).toBe(list.length);
        expect(bins.length).toBeLessThanOrEqual(21);
      }),
      { numRuns: 500 },
    );
  });
});
