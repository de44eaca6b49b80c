import { describe, expect, it } from '@jest/globals';

import { isAnswer } from '../../../../src/activities/regression/answer.js';
import type { CompareJob } from '../../../../src/activities/regression/compare-job.js';
import { compareInThread } from '../../../../src/activities/regression/compare-in-thread.js';
import { createTurns } from '../../../../src/activities/regression/turns.js';

describe('a comparison', () => {
  it('that breaks is a final answer with a code: tried again it would break again', async () => {
    const broken = { policy: {} } as unknown as CompareJob;
    const error: unknown = await compareInThread(broken, new AbortController().signal).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'GATE_COMPARISON_FAILED' });
    expect(isAnswer(error)).toBe(true);
  });

  it('that is cancelled says so, and not that it broke', async () => {
    const reason = new Error('cancelled');
    await expect(compareInThread({} as CompareJob, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('waits for the one before it, also where that one fails', async () => {
    const inTurn = createTurns();
    const going: string[] = [];
    let fail = (): void => undefined;
    const first = inTurn(
      () =>
        new Promise((_resolve, reject) => {
          going.push('first');
          fail = () => {
            reject(new Error('failed'));
          };
        }),
    );
    const second = inTurn(() => Promise.resolve(going.push('second')));
    await new Promise((resolve) => setImmediate(resolve));
    expect(going).toEqual(['first']);
    fail();
    await expect(first).rejects.toThrow('failed');
    expect(await second).toBe(2);
  });
});
