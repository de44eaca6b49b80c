import { setMaxListeners } from 'node:events';

import { describe, expect, it } from '@jest/globals';

import { createGovernor, type Governor } from '../../../src/models/governor.js';
import { createVirtualTime, meetIn, pauseIn } from '../../support/simulated-provider.js';

describe('a limit that a fleet shares', () => {
  it('serves higher priorities first and projects alike, over workers', async () => {
    const time = createVirtualTime();
    const { clock } = time;
    const place = meetIn(time);
    const stop = new AbortController();
    // All lanes wait with it at once.
    setMaxListeners(0, stop.signal);
    const limits = { requestsPerMinute: 3_000 };
    const passes = (ms: number) => time.run({ untilMs: clock.now() + ms, done: () => false });

    /** Sends as fast as it may, on five lanes. */
    const send = (governor: Governor, run: string) => {
      const sent = { count: 0 };
      const lane = async (): Promise<void> => {
        const { signal } = stop;
        while (!signal.aborted) {
          const call = { key: 'm', limits, experimentId: run };
          const permit = await governor.enter(call, { maxWaitMs: 60_000, signal });
          sent.count += 1;
          permit.end({ kind: 'answered' });
          await pauseIn(clock, 1);
        }
      };
      for (let count = 0; count < 5; count += 1) void lane().catch(() => undefined);
      return sent;
    };
    /** A worker with one run. */
    const worker = (run: string, priority: 'interactive' | 'bulk'): Governor => {
      const governor = createGovernor({ place, clock, worker: run });
      const [project = ''] = run.split('/');
      governor.slotsOf({ experimentId: run, project, priority, concurrency: 1 });
      return governor;
    };

    const urgent = worker('a/urgent', 'interactive');
    const bulk = ['a/one', 'b/two', 'b/more'].map((run) => send(worker(run, 'bulk'), run));
    const countsFor = async (ms: number): Promise<number[]> => {
      const before = bulk.map(({ count }) => count);
      await passes(ms);
      return bulk.map(({ count }, at) => count - (before[at] ?? 0));
    };
    await passes(1_500);
    const [one = 0, two = 0, more = 0] = await countsFor(10_000);
    // Project b has two workers, and no more than a has with one.
    expect(one).toBeGreaterThan(0.8 * (two + more));
    expect(one).toBeLessThan(1.25 * (two + more));
    expect(one + two + more).toBeGreaterThan(0.9 * 500);

    const first = send(urgent, 'a/urgent');
    await passes(1_500);
    const before = first.count;
    const rest = (await countsFor(10_000)).reduce((sum, each) => sum + each, 0);
    expect(first.count - before).toBeGreaterThan(4 * rest);
    // It never starves: 5 % of 50 a second.
    expect(rest).toBeGreaterThanOrEqual(10);
    stop.abort(new Error('enough'));
  });
});
