import type { Client } from '@temporalio/client';

import { describe, expect, it } from '@jest/globals';

import { createBaselines } from '../../../src/client/baselines.js';
import type { Transport } from '../../../src/client/transport.js';

const away = (): never => {
  throw new Error('Nothing was to be asked.');
};

/** Of a project whose workers answer every request with this. */
const answering = (reply: unknown): Transport => ({
  temporal: () =>
    Promise.resolve({
      options: { namespace: 'default' },
      workflowService: {
        describeTaskQueue: () =>
          Promise.resolve({ pollers: [{ lastAccessTime: { seconds: Date.now() / 1_000 } }] }),
      },
      workflow: { start: () => Promise.resolve({ result: () => Promise.resolve(reply) }) },
    } as unknown as Client),
  store: away,
  platforms: away,
  close: () => Promise.resolve(),
});

describe('a worker that is older than the client', () => {
  it.each([undefined, null])(
    'and answers a command on a baseline that it does not know with %s is told of as such',
    async (reply) => {
      const baselines = createBaselines(answering(reply));
      await expect(baselines.delete({ project: 'shop', name: 'release-4' })).rejects.toMatchObject({
        code: 'WORKER_OUTDATED',
        message: expect.stringContaining('older'),
        mend: expect.stringContaining('nothing was changed'),
      });
    },
  );

  it('is not suspected where there is an answer', async () => {
    const reply = { outcome: 'deleted', name: 'release-4', cells: 1, version: 1 };
    const baselines = createBaselines(answering(reply));
    expect(await baselines.delete({ project: 'shop', name: 'release-4' })).toEqual(reply);
  });
});
