import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { createGovernor, createSlots, delay } from '../../../src/models/governor.js';

const never = new AbortController().signal;

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

describe('the governor', () => {
  it('counts the cells of one run together, however many batches ask', async () => {
    const governor = createGovernor();
    const release = await governor.slotsOf('run', 2).acquire(never);
    expect(governor.slotsOf('run', 2).inUse).toBe(1);
    expect(governor.slotsOf('other', 2).inUse).toBe(0);
    release();
  });

  it('holds back every call of a key for as long as the provider asked, and no other key', async () => {
    let now = 1_000;
    const governor = createGovernor(() => now);
    governor.holdBack('openai/small', 60_000);
    const options = { maxWaitMs: 30_000, signal: never };
    await expect(governor.ready('openai/small', options)).rejects.toMatchObject({
      code: 'MODEL_RATE_LIMITED',
      retryAfterMs: 60_000,
    });
    await governor.ready('openai/large', options);
    // A shorter wait asked later takes nothing of the longer one.
    governor.holdBack('openai/small', 1_000);
    now += 30_500;
    await expect(
      governor.ready('openai/small', { ...options, maxWaitMs: 10_000 }),
    ).rejects.toMatchObject({ retryAfterMs: 29_500 });
    now += 29_500;
    await governor.ready('openai/small', options);
  });

  it('waits a short wait out, also where it grows meanwhile, and ends with the signal', async () => {
    const governor = createGovernor();
    governor.holdBack('k', 40);
    const started = performance.now();
    const ready = governor.ready('k', { maxWaitMs: 1_000, signal: never });
    governor.holdBack('k', 90);
    await ready;
    expect(performance.now() - started).toBeGreaterThanOrEqual(88);
    governor.holdBack('k', 1_000);
    const stop = new AbortController();
    const stopped = governor.ready('k', { maxWaitMs: 5_000, signal: stop.signal });
    stop.abort(new Error('stopped'));
    await expect(stopped).rejects.toThrow('stopped');
  });
});

describe('a provider that is left alone', () => {
  it('gets 15 s, doubling to 60 s, until an answer comes; those who fail together share a wait', () => {
    let now = 0;
    const governor = createGovernor(() => now);
    const waits: number[] = [];
    for (let time = 0; time < 4; time += 1) {
      waits.push(governor.leaveAloneMs('a'), governor.leaveAloneMs('a'));
      now += 60_000;
    }
    expect(waits).toEqual([15, 15, 30, 30, 60, 60, 60, 60].map((seconds) => seconds * 1_000));
    expect(governor.leaveAloneMs('b')).toBe(15_000);
    governor.noteAnswer('a');
    expect(governor.leaveAloneMs('a')).toBe(15_000);
  });

  it('is failed by different cells, counted since its last answer', () => {
    const governor = createGovernor();
    const counts = ['1', '2', '2', '3'].map((cellId) => governor.noteFailure('a', cellId));
    expect(counts).toEqual([1, 2, 2, 3]);
    expect(governor.noteFailure('b', '1')).toBe(1);
    governor.noteAnswer('a');
    expect(governor.noteFailure('a', '4')).toBe(1);
  });
});
