import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { slidingWindow } from '../../../src/workflows/sliding-window.js';

/** As the workflow's own: looks again whenever something may have changed. */
const condition = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};
const fixed = (window: number) => ({ lanes: window, window: () => window, wait: condition });

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
};

describe('the sliding window', () => {
  it('runs every task once, in order, with at most `window` in flight', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 30 }),
        async (window, works) => {
          const started: number[] = [];
          let inFlight = 0;
          let most = 0;
          let at = 0;
          await slidingWindow({
            ...fixed(window),
            next: () => {
              const index = at;
              const work = works[index];
              if (work === undefined) return undefined;
              at += 1;
              return async () => {
                started.push(index);
                inFlight += 1;
                most = Math.max(most, inFlight);
                await turns(work);
                inFlight -= 1;
              };
            },
          });
          expect(started).toEqual(works.map((_work, index) => index));
          expect(most).toBeLessThanOrEqual(window);
          expect(inFlight).toBe(0);
        },
      ),
    );
  });

  it('has no barrier: a slow task holds back nobody but its own lane', async () => {
    let finishSlow: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (finishSlow = resolve));
    const ended: number[] = [];
    let at = 0;
    const all = slidingWindow({
      ...fixed(2),
      next: () => {
        const index = at;
        at += 1;
        if (index > 5) return undefined;
        return async () => {
          if (index === 0) await slow;
          ended.push(index);
        };
      },
    });
    await turns(50);
    expect(ended).toEqual([1, 2, 3, 4, 5]);
    finishSlow();
    await all;
    expect(ended).toEqual([1, 2, 3, 4, 5, 0]);
  });

  it('throws the first failure once all that was started has ended, and starts nothing after it', async () => {
    const started: number[] = [];
    const ended: number[] = [];
    let at = 0;
    const run = slidingWindow({
      ...fixed(3),
      next: () => {
        const index = at;
        at += 1;
        return index > 9
          ? undefined
          : async () => {
              started.push(index);
              await turns(index === 1 ? 1 : 10);
              ended.push(index);
              if (index === 1) throw new Error('first');
              if (index === 2) throw new Error('second');
            };
      },
    });
    await expect(run).rejects.toThrow('first');
    expect(started).toEqual([0, 1, 2]);
    expect(ended.sort()).toEqual([0, 1, 2]);
  });

  it('keeps a failure that is undefined or falsy', async () => {
    let given = false;
    const run = slidingWindow({
      ...fixed(2),
      next: () => {
        if (given) return undefined;
        given = true;
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        return () => Promise.reject(undefined);
      },
    }).then(
      () => 'resolved',
      () => 'rejected',
    );
    await expect(run).resolves.toBe('rejected');
  });

  it('follows a window that changes while tasks run: wider at once, narrower as tasks end', async () => {
    let width = 1;
    let inFlight = 0;
    let at = 0;
    const ends: (() => void)[] = [];
    const all = slidingWindow({
      lanes: 4,
      window: () => width,
      wait: condition,
      next: () => {
        at += 1;
        if (at > 12) return undefined;
        return async () => {
          inFlight += 1;
          await new Promise<void>((resolve) => ends.push(resolve));
          inFlight -= 1;
        };
      },
    });
    const settled = async (): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return inFlight;
    };
    expect(await settled()).toBe(1);
    width = 3;
    expect(await settled()).toBe(3);
    width = 1;
    ends.splice(0).forEach((end) => end());
    expect(await settled()).toBe(1);
    width = 4;
    for (let round = 0; round < 20; round += 1) {
      await settled();
      ends.splice(0).forEach((end) => end());
    }
    await all;
    expect(at).toBeGreaterThan(12);
    expect(inFlight).toBe(0);
  });
});
