import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

import { createGovernor, type Governor } from '../../../src/models/governor.js';
import { createGovernorClock } from '../../../src/models/governor-clock.js';

const never = new AbortController().signal;
// All lanes of a test wait with it at once.
setMaxListeners(0, never);
const patient = { maxWaitMs: 30_000, signal: never };
const runOf = (name: string, concurrency: number) => ({
  experimentId: `shop/${name}`,
  project: 'shop',
  priority: 'bulk' as const,
  concurrency,
});

describe('the governor', () => {
  it('counts the cells of one run together, however many batches ask', async () => {
    const governor = createGovernor();
    const release = await governor.slotsOf(runOf('one', 2)).acquire(never);
    expect(governor.slotsOf(runOf('one', 2)).inUse).toBe(1);
    expect(governor.slotsOf(runOf('other', 2)).inUse).toBe(0);
    await governor.slotsOf(runOf('one', 2)).acquire(never);
    const third = governor.slotsOf(runOf('one', 2)).acquire(never);
    expect(await Promise.race([third, sleep(100, 'waits')])).toBe('waits');
    release();
    (await third)();
    await governor.close();
  });

  it('holds back every call of a key for as long as the provider asked, and no other key', async () => {
    let now = 1_000;
    const clock = { ...createGovernorClock(), now: () => now };
    const governor = createGovernor({ clock });
    const enter = async (key: string, maxWaitMs = 30_000) => {
      const permit = await governor.enter({ key }, { maxWaitMs, signal: never });
      permit.end({ kind: 'other' });
    };
    governor.holdBack('openai/small', 60_000);
    await expect(enter('openai/small')).rejects.toMatchObject({
      code: 'MODEL_RATE_LIMITED',
      retryAfterMs: 60_000,
    });
    await enter('openai/large');
    // A shorter wait asked later takes nothing of the longer one.
    governor.holdBack('openai/small', 1_000);
    now += 30_500;
    await expect(enter('openai/small', 10_000)).rejects.toMatchObject({ retryAfterMs: 29_500 });
    now += 29_500;
    await enter('openai/small');
    await governor.close();
  });

  it('waits a short wait out, also where it grows meanwhile, and ends with the signal', async () => {
    const governor = createGovernor();
    governor.holdBack('k', 40);
    const started = performance.now();
    const ready = Promise.resolve(governor.enter({ key: 'k' }, patient));
    governor.holdBack('k', 90);
    (await ready).end({ kind: 'other' });
    expect(performance.now() - started).toBeGreaterThanOrEqual(88);
    governor.holdBack('k', 1_000);
    const stop = new AbortController();
    const stopped = governor.enter({ key: 'k' }, { ...patient, signal: stop.signal });
    stop.abort(new Error('stopped'));
    await expect(stopped).rejects.toThrow('stopped');
    await governor.close();
  });

  it('turns away who would wait too long when a long wait is asked for, with the wait', async () => {
    const governor = createGovernor();
    (await enterOnce(governor, 'k')).end({ kind: 'other' });
    governor.holdBack('k', 20_000);
    const waiting = Promise.resolve(governor.enter({ key: 'k' }, patient));
    const turnedAway = expect(waiting).rejects.toMatchObject({ code: 'MODEL_RATE_LIMITED' });
    governor.holdBack('k', 3_600_000);
    await turnedAway;
    await governor.close();
  });
});

const enterOnce = async (governor: Governor, key: string) =>
  governor.enter({ key }, { maxWaitMs: 1_000, signal: never });

describe('a provider that is left alone', () => {
  it('gets 15 s, doubling to 60 s, until an answer comes; those who fail together share a wait', () => {
    let now = 0;
    const governor = createGovernor({ clock: { ...createGovernorClock(), now: () => now } });
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
