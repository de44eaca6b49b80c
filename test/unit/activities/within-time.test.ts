import { getMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

import { withinTime } from '../../../src/activities/experiment/within-time.js';
import type { Hold } from '../../../src/models/paid-call.js';

const limit = (ms: number, signal = new AbortController().signal) => ({
  ms,
  signal,
  code: 'TARGET_TIMEOUT' as const,
  what: 'The target',
});
const heldFor = async (hold: Hold, ms: number): Promise<void> => {
  const resume = hold();
  await sleep(ms);
  resume();
};

describe('a time limit', () => {
  it('lets code make many calls at once without a warning of a leak', async () => {
    // Node warns from the eleventh listener of a signal on, unless it was told that many are right.
    const most = await withinTime(limit(1_000), (signal) =>
      Promise.resolve(getMaxListeners(signal)),
    );
    expect(most).toBeGreaterThanOrEqual(1_000);
  });

  it('takes no time while it is held, however many hold it at once', async () => {
    const work = async (_signal: AbortSignal, hold: Hold): Promise<string> => {
      await Promise.all([heldFor(hold, 150), heldFor(hold, 400), heldFor(hold, 250)]);
      await heldFor(hold, 200);
      return 'done';
    };
    await expect(withinTime(limit(100), work)).resolves.toBe('done');
  });

  it('goes on where it stood when it is let go, also where that is said twice', async () => {
    let aborted: unknown;
    const work = async (signal: AbortSignal, hold: Hold): Promise<void> => {
      signal.addEventListener('abort', () => {
        aborted = signal.reason;
      });
      const other = hold();
      const resume = hold();
      resume();
      resume();
      await sleep(300);
      expect(aborted).toBeUndefined();
      other();
      await new Promise(() => undefined);
    };
    await expect(withinTime(limit(100), work)).rejects.toMatchObject({ code: 'TARGET_TIMEOUT' });
    expect(aborted).toMatchObject({ code: 'TARGET_TIMEOUT' });
  });

  it('ends held work with the reason of the outer signal', async () => {
    const stop = new AbortController();
    const work = (_signal: AbortSignal, hold: Hold): Promise<void> => {
      hold();
      return new Promise(() => undefined);
    };
    const held = withinTime(limit(100, stop.signal), work);
    await sleep(200);
    stop.abort(new Error('the process ends'));
    await expect(held).rejects.toThrow('the process ends');
  });
});
