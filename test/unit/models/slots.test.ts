import { setMaxListeners } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { delay } from '../../../src/models/governor.js';
import { createSlots } from '../../../src/models/slots.js';

const never = new AbortController().signal;
// All lanes of a test wait with it at once.
setMaxListeners(0, never);

describe('slots', () => {
  it('let in at most so many at once, and everybody in the end, first come first served', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 25 }),
        async (limit, works) => {
          const slots = createSlots(limit);
          let most = 0;
          const entered: number[] = [];
          await Promise.all(
            works.map(async (turns, index) => {
              const release = await slots.acquire(never);
              entered.push(index);
              most = Math.max(most, slots.inUse);
              for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
              release();
              // A second release must not let one more in.
              release();
            }),
          );
          expect(most).toBeLessThanOrEqual(limit);
          expect(entered).toEqual(works.map((_work, index) => index));
          expect(slots.inUse).toBe(0);
        },
      ),
    );
  });

  it('forget who gives up waiting, and hand the slot to the next', async () => {
    const slots = createSlots(1);
    const release = await slots.acquire(never);
    const impatient = new AbortController();
    const reason = new Error('stopped');
    const gaveUp = slots.acquire(impatient.signal);
    const patient = slots.acquire(never);
    impatient.abort(reason);
    await expect(gaveUp).rejects.toBe(reason);
    release();
    (await patient)();
    expect(slots.inUse).toBe(0);
    await expect(slots.acquire(impatient.signal)).rejects.toBe(reason);
  });

  it('leave no listener on a signal that lives long', async () => {
    const { signal } = new AbortController();
    const add = jest.spyOn(signal, 'addEventListener');
    const remove = jest.spyOn(signal, 'removeEventListener');
    const slots = createSlots(1);
    const release = await slots.acquire(signal);
    const next = slots.acquire(signal);
    release();
    (await next)();
    await delay(1, signal);
    expect(remove.mock.calls.length).toBe(add.mock.calls.length);
  });
});
