import type { ComparisonTest } from './types.js';

/** The test of values that are all alike, from the p of "not worse" and that of "not better": it has no statistic. */
export const tiesTest = (p: number, other: number): ComparisonTest => ({
  name: 'ties',
  statistic: null,
  df: null,
  p,
  pTwoSided: Math.min(1, 2 * Math.min(p, other)),
  pAdjusted: null,
});
