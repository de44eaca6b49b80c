import { describe, expect, it } from '@jest/globals';

import { costText, createCostWatch } from '../../../src/cli/progress/cost-watch.js';
import { progressLine } from '../../../src/cli/progress/progress-text.js';
import type { RunCosts } from '../../../src/client/experiments.js';
import { viewOf } from './streams.js';

const costs = (usd: number, known = 4, cells = 4): RunCosts => ({
  target: { usd, known, cells },
  judge: { usd: 0.03, known: 2, cells },
  embedding: { usd: 0, known: 0, cells },
});

describe('what a run that is watched has cost', () => {
  it('is the sum of what is known, and says of how many cells that is', () => {
    expect(costText(costs(0.12))).toBe('$0.15 so far');
    expect(costText(costs(0.12, 3))).toBe('$0.15 so far (of 3 of 4 cells)');
    const nothing = { usd: 0, known: 0, cells: 4 };
    expect(costText({ target: nothing, judge: nothing, embedding: nothing })).toBeUndefined();
  });

  it('stands in the line of progress', () => {
    const line = progressLine({
      view: viewOf(),
      perSecond: undefined,
      stillMs: 0,
      silentMs: 0,
      cost: '$0.15 so far',
    });
    expect(line).toContain('$0.15 so far');
  });

  it('is read beside the looks and not for each of them, and once more at the end', async () => {
    let reads = 0;
    const watch = createCostWatch(() => {
      reads += 1;
      return Promise.resolve(costs(reads));
    });
    expect(watch.text).toBeUndefined();
    await new Promise(setImmediate);
    for (let look = 0; look < 100; look += 1) expect(watch.text).toBe('$1.03 so far');
    expect(reads).toBe(1);
    expect(await watch.fresh()).toBe('$2.03 so far');
  });

  it('stays as it was last read while the store is away', async () => {
    let away = false;
    const watch = createCostWatch(() =>
      away ? Promise.reject(new Error('away')) : Promise.resolve(costs(1)),
    );
    await watch.fresh();
    away = true;
    expect(await watch.fresh()).toBe('$1.03 so far');
  });
});
