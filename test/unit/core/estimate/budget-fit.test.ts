import { describe, expect, it } from '@jest/globals';

import { budgetFor } from '../../../../src/core/estimate/budget-fit.js';
import { exactly } from '../../../../src/core/estimate/guess.js';

const range = (low: number, likely: number, high: number) => ({ low, likely, high, basis: '' });

describe('whether a run gets through under a budget', () => {
  const part = { calls: exactly(300, ''), costUsd: range(0.006, 0.0063, 0.0067), holdUsd: 0.00256 };
  const of = (budgetUsd: number) => budgetFor({ budgetUsd, cost: part.costUsd, parts: [part] });

  it('counts what is held for the last call, and names a budget that is enough', () => {
    // More than the run costs, and still the last calls would find no room.
    expect(of(0.007).fits).toBe('no');
    const { holdUsd, enoughUsd = 0 } = of(0.007);
    expect(holdUsd).toBe(0.00256);
    expect(enoughUsd).toBeCloseTo(0.0067 + 0.00256 - 0.00002, 8);
    expect(of(enoughUsd).fits).toBe('yes');
    expect(of(0.009).fits).toBe('maybe');
  });

  it('asks for no more than the cost where calls cost just what is held', () => {
    const parts = [{ calls: exactly(24, ''), costUsd: exactly(12, ''), holdUsd: 0.5 }];
    const budget = (budgetUsd: number) => budgetFor({ budgetUsd, cost: exactly(12, ''), parts });
    expect(budget(12)).toEqual({ budgetUsd: 12, fits: 'yes', holdUsd: 0.5, enoughUsd: 12 });
    expect(budget(11).fits).toBe('no');
  });

  it('is unknown where the cost is', () => {
    const cost = { unknown: 'nobody knows' };
    expect(budgetFor({ budgetUsd: 1, cost, parts: [] })).toEqual({ budgetUsd: 1, fits: 'unknown' });
  });
});
