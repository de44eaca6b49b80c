import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { budgetPauseText, leastBudget } from '../../../../src/core/money/budget-text.js';
import { picoFromDollars } from '../../../../src/core/money/pico.js';

describe('why a run pauses at its budget', () => {
  it('says what is left, what the next call must hold, and the command with a budget that is enough', () => {
    const at = { spentUsd: 0.00045885, budgetUsd: 0.003, neededUsd: 0.00256 };
    expect(budgetPauseText(at, 'bud')).toBe(
      'budget: $0.00254 of $0.003 are left and the next call must hold $0.00256; ' +
        'raise it: assay experiment budget bud --usd 0.003019 or more',
    );
  });

  it('quotes a name that a shell would take apart, and prints small amounts without an exponent', () => {
    const text = budgetPauseText({ spentUsd: 0, budgetUsd: 1e-7, neededUsd: 2e-7 }, "a b's");
    expect(text).toContain(`budget 'a b'\\''s' --usd 0.0000002 or more`);
  });

  it('says no more than is known where an older worker told it', () => {
    expect(budgetPauseText({ spentUsd: 2, budgetUsd: 2 }, 'x')).toBe(
      'budget used up: $2.00 of $2.00',
    );
  });

  it('names a least budget that holds the call, and hardly more', () => {
    const usd = fc.integer({ min: 1, max: 10 ** 15 }).map((pico) => pico / 1e12);
    fc.assert(
      fc.property(usd, usd, (spentUsd, neededUsd) => {
        const exact = picoFromDollars(spentUsd) + picoFromDollars(neededUsd);
        const least = picoFromDollars(leastBudget({ spentUsd, budgetUsd: 1, neededUsd }));
        expect(least).toBeGreaterThanOrEqual(exact);
        expect(least - exact).toBeLessThanOrEqual(exact / 1000n + 1n);
      }),
    );
  });
});
