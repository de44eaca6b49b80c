import { describe, expect, it } from '@jest/globals';

import { createReload } from '../../../src/cli/commands/dev-reload.js';
import { until } from '../../support/until.js';

describe('workers after an edit of the config', () => {
  const setUp = (options: { underWay?: () => readonly string[]; fails?: () => boolean } = {}) => {
    const events: string[] = [];
    let count = 1;
    const made = (number: number) => ({
      stop: () => {
        events.push(`stop ${number}`);
        return Promise.resolve();
      },
    });
    const reload = createReload(made(1), {
      lookEveryMs: 5,
      note: (line) => void events.push(`note ${line}`),
      underWay: () => Promise.resolve(options.underWay?.() ?? []),
      start: () => {
        if (options.fails?.() === true) return Promise.reject(new Error('No default export.'));
        count += 1;
        events.push(`start ${count}`);
        return Promise.resolve(made(count));
      },
    });
    const steps = (): readonly string[] => events.filter((each) => !each.startsWith('note'));
    return { reload, events, steps };
  };

  it('are replaced by new ones, which run before the old ones end', async () => {
    const { reload, steps } = setUp();
    reload.changed();
    await until(() => Promise.resolve(steps().length === 2));
    expect(steps()).toEqual(['start 2', 'stop 1']);
    await reload.stop();
    expect(steps()).toEqual(['start 2', 'stop 1', 'stop 2']);
  });

  it('go on with the code of before while a run needs it, and say so once', async () => {
    let names: readonly string[] = ['nightly'];
    const { reload, events, steps } = setUp({ underWay: () => names });
    reload.changed();
    reload.changed();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(steps()).toEqual([]);
    expect(events.filter((each) => each.includes('once nightly ended'))).toHaveLength(1);
    names = [];
    await until(() => Promise.resolve(steps().length === 2));
    // Two edits before the start are one.
    await reload.stop();
    expect(steps()).toEqual(['start 2', 'stop 1', 'stop 2']);
  });

  it('stay where the new ones cannot start, and are replaced at the next edit', async () => {
    let fails = true;
    const { reload, events, steps } = setUp({ fails: () => fails });
    reload.changed();
    await until(() => Promise.resolve(events.some((each) => each.includes('keep the code'))));
    expect(steps()).toEqual([]);
    fails = false;
    await until(() => {
      reload.changed();
      return Promise.resolve(steps().includes('stop 1'));
    });
    await reload.stop();
    expect(steps().slice(0, 2)).toEqual(['start 2', 'stop 1']);
  });
});
