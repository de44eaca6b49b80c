import { describe, expect, it } from '@jest/globals';

import { createByteBudget } from '../../../src/activities/experiment/byte-budget.js';

const never = new AbortController().signal;
const settled = async (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    promise.then(
      () => true,
      () => true,
    ),
    new Promise<boolean>((resolve) => {
      setImmediate(() => {
        resolve(false);
      });
    }),
  ]);

describe('a byte budget', () => {
  it('lets in what fits and makes the rest wait in their order', async () => {
    const budget = createByteBudget(10);
    await budget.acquire(6, never);
    const second = budget.acquire(5, never);
    const third = budget.acquire(1, never);
    expect(await settled(second)).toBe(false);
    // It would fit, but what waits longer must not starve.
    expect(await settled(third)).toBe(false);
    budget.release(6);
    await Promise.all([second, third]);
    expect(budget.held).toBe(6);
  });

  it('lets in what is larger than itself, alone', async () => {
    const budget = createByteBudget(10);
    await budget.acquire(1, never);
    const huge = budget.acquire(100, never);
    expect(await settled(huge)).toBe(false);
    budget.release(1);
    await huge;
    const next = budget.acquire(1, never);
    expect(await settled(next)).toBe(false);
    budget.release(100);
    await next;
  });

  it('counts what was taken without asking against those who ask', async () => {
    const budget = createByteBudget(10);
    budget.take(50);
    const waiting = budget.acquire(1, never);
    expect(await settled(waiting)).toBe(false);
    budget.release(50);
    await waiting;
  });

  it('lets those who give up go, and those behind them in', async () => {
    const budget = createByteBudget(10);
    await budget.acquire(8, never);
    const leaving = new AbortController();
    const large = budget.acquire(10, leaving.signal);
    const small = budget.acquire(2, never);
    leaving.abort(new Error('stop'));
    await expect(large).rejects.toThrow('stop');
    await small;
    await expect(budget.acquire(1, leaving.signal)).rejects.toThrow('stop');
    expect(budget.held).toBe(10);
  });
});
