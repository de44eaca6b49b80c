import { describe, expect, it } from '@jest/globals';

import { normalQuantile } from '../../../../src/core/statistics/normal.js';
import { studentTQuantile } from '../../../../src/core/statistics/student-t.js';
import { distance, vectors } from './vectors.js';

describe('quantiles of distributions', () => {
  it.each(vectors.normal)('the normal quantile of $p is that of scipy', ({ p, z }) => {
    expect(distance(normalQuantile(p), z)).toBeLessThan(1e-14);
  });

  it.each(vectors.studentT)('Student t for p = $p, df = $df is that of scipy', ({ p, df, t }) => {
    expect(distance(studentTQuantile(p, df), t)).toBeLessThan(1e-9);
  });

  it('a probability of 0 or 1, or no number, is refused instead of giving infinity or NaN', () => {
    for (const p of [0, 1, -0.1, 1.1, Number.NaN]) {
      expect(() => normalQuantile(p)).toThrow(RangeError);
      expect(() => studentTQuantile(p, 5)).toThrow(RangeError);
    }
  });

  it('degrees of freedom below 1 are refused', () => {
    for (const df of [0, 0.5, -1, Number.NaN]) {
      expect(() => studentTQuantile(0.9, df)).toThrow(RangeError);
    }
  });
});
