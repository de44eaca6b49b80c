import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cellLimits } from '../../../../src/core/experiment/cell-limits.js';
import { failuresAllowed, limitText } from '../../../../src/core/experiment/failure-limit.js';
import { taskPriority } from '../../../../src/core/experiment/priority.js';

const timeouts = { evaluatorMs: 120_000, verifyMs: 120_000 };

describe('the limits of a cell', () => {
  it('come from the specification, else from the target, else from the defaults, one by one', () => {
    const target = { timeoutMs: 5_000, retry: { maxAttempts: 2, initialDelayMs: 10 } };
    expect(cellLimits({ timeouts, retry: {} })).toEqual({
      targetMs: 120_000,
      evaluatorMs: 120_000,
      retry: { maxAttempts: 4, initialDelayMs: 500, maxDelayMs: 30_000 },
    });
    expect(cellLimits({ timeouts, retry: {} }, target)).toMatchObject({
      targetMs: 5_000,
      retry: { maxAttempts: 2, initialDelayMs: 10, maxDelayMs: 30_000 },
    });
    const asked = { timeouts: { ...timeouts, targetMs: 100 }, retry: { maxAttempts: 1 } };
    expect(cellLimits(asked, target)).toMatchObject({
      targetMs: 100,
      retry: { maxAttempts: 1, initialDelayMs: 10, maxDelayMs: 30_000 },
    });
  });
});

describe('how many cells may fail', () => {
  it('is the count, or the share of the planned cells rounded down', () => {
    expect(failuresAllowed({ count: 0 }, 100)).toBe(0);
    expect(failuresAllowed({ share: 0.05 }, 100)).toBe(5);
    expect(failuresAllowed({ share: 0.05 }, 119)).toBe(5);
    expect(failuresAllowed({ share: 0 }, 100)).toBe(0);
    // 0.07 × 100 is 7.000000000000001 and 0.29 × 100 is 28.999999999999996.
    expect(failuresAllowed({ share: 0.07 }, 100)).toBe(7);
    expect(failuresAllowed({ share: 0.29 }, 100)).toBe(29);
  });

  it('follows whole percents exactly', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 1, max: 100_000 }),
        (percent, planned) => {
          const exact = Math.floor((percent * planned) / 100);
          expect(failuresAllowed({ share: percent / 100 }, planned)).toBe(exact);
        },
      ),
    );
  });

  it('is told as it was written', () => {
    expect(limitText({ count: 1 })).toBe('1 cell');
    expect(limitText({ count: 10 })).toBe('10 cells');
    expect(limitText({ share: 0.07 })).toBe('7 %');
    expect(limitText({ share: 0.125 })).toBe('12.5 %');
  });
});

describe('the order of tasks', () => {
  it('is interactive before ci before bulk, after probes, and fair between projects', () => {
    const of = (priority?: 'interactive' | 'ci' | 'bulk') => taskPriority('shop', priority);
    expect(of('interactive').priorityKey).toBeLessThan(of('ci').priorityKey);
    expect(of('ci').priorityKey).toBeLessThan(of('bulk').priorityKey);
    expect(of('interactive').priorityKey).toBeGreaterThan(1);
    expect(of()).toEqual(of('bulk'));
    expect(of().fairnessKey).toBe('shop');
    expect(taskPriority('x'.repeat(100)).fairnessKey).toHaveLength(64);
  });
});
