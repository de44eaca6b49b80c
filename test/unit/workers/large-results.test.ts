import type { ActivityExecuteInput } from '@temporalio/worker';
import { describe, expect, it } from '@jest/globals';

import { largeResultInterceptor } from '../../../src/workers/large-results.js';

const passing = async (result: unknown): Promise<unknown> => {
  const { inbound } = largeResultInterceptor(undefined as never);
  const execute = inbound?.execute?.bind(inbound);
  if (execute === undefined) throw new Error('no interceptor');
  const input: ActivityExecuteInput = { args: [], headers: {} };
  return execute(input, () => Promise.resolve(result));
};

describe('the result of an activity', () => {
  it('passes as it is up to 1.5 MB, counted in bytes', async () => {
    const result = { text: 'é'.repeat(749_990) };
    await expect(passing(result)).resolves.toBe(result);
    await expect(passing(undefined)).resolves.toBeUndefined();
  });

  it('is refused above that, for good: Temporal would run the activity again', async () => {
    await expect(passing({ text: 'é'.repeat(750_001) })).rejects.toMatchObject({
      type: 'INTERNAL',
      nonRetryable: true,
      message: expect.stringContaining('1500013 bytes'),
    });
  });
});
