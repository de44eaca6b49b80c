import { setMaxListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, it } from '@jest/globals';

import { withDeadline } from '../../../src/outbound/deadline.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Work that only its signal ends; rejects with the signal's reason. */
const endless = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) fail();
    signal.addEventListener('abort', fail);
  });

describe('withDeadline', () => {
  it('ends every piece of work in time, whatever the garbage collector takes meanwhile', async () => {
    const outer = new AbortController();
    setMaxListeners(50, outer.signal);
    const works = Array.from({ length: 50 }, () =>
      withDeadline(300, [outer.signal], ({ signal }) => endless(signal)).catch(
        (error: unknown) => (error as { name?: unknown }).name,
      ),
    );
    for (let count = 0; count < 5; count += 1) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const late = new Promise((resolve) => setTimeout(resolve, 5_000, 'never ended').unref());
    const ends = await Promise.race([Promise.all(works), late]);
    expect(ends).toEqual(Array.from({ length: 50 }, () => 'TimeoutError'));
  });

  it('ends with the reason of the first signal that ends, which is not "over time"', async () => {
    const reason = new Error('the session has ended');
    const outer = new AbortController();
    let over: boolean | undefined;
    const work = withDeadline(60_000, [undefined, outer.signal], async (deadline) => {
      await endless(deadline.signal).finally(() => {
        over = deadline.isOver();
      });
    });
    outer.abort(reason);
    await expect(work).rejects.toBe(reason);
    expect(over).toBe(false);
  });

  it('starts ended where a signal has ended already', async () => {
    const reason = new Error('before');
    await expect(
      withDeadline(60_000, [AbortSignal.abort(reason)], ({ signal }) => endless(signal)),
    ).rejects.toBe(reason);
  });

  it('leaves no listener on a signal that outlives the work', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const { signal } = new AbortController();
    for (let count = 0; count < 50; count += 1) {
      await withDeadline(60_000, [signal], () => Promise.resolve());
    }
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});
