import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { compareRuns } from '../../../../src/core/regression/compare.js';
import {
  observeCells,
  settled,
  settledRun,
  startSettling,
  type SettlingPlan,
  type SettlingState,
} from '../../../../src/core/regression/early-stop.js';
import { withEarlyStop } from '../../../../src/core/regression/stopped-comparison.js';
import { observe, startSequence } from '../../../../src/core/statistics/confidence-sequence.js';
import { listOf, noise, scoreName, times } from './runs.js';

const plan: SettlingPlan = {
  name: scoreName,
  cells: 2_000,
  clusters: 2_000,
  largestCluster: 1,
  range: 1,
  margin: 0.02,
};

/** Cells of which these shares become worse and better, the others do not change. */
function changes(n: number, shares: { readonly worse: number; readonly better: number }) {
  return noise(n, 11).map((value) =>
    value < shares.worse ? -1 : value < shares.worse + shares.better ? 1 : 0,
  );
}

function firstSettled(cells: readonly number[], of: SettlingPlan): SettlingState {
  let state = startSettling(of);
  for (let from = 0; from < cells.length; from += 25) {
    state = observeCells(state, cells.slice(from, from + 25));
    if (settled(state) !== undefined) break;
  }
  return state;
}

describe('bounds that hold at every look', () => {
  it('cover the mean of the list at all moments of nearly all random orders', () => {
    const list = [...times(30, 1), ...times(170, 0.2), ...noise(100, 3)];
    const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
    let missed = 0;
    for (let run = 0; run < 400; run += 1) {
      const keys = noise(list.length, run + 1);
      const order = list.map((_, i) => i).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
      const state = observe(
        startSequence(list.length, 0.1),
        order.map((i) => list[i] ?? 0),
      );
      // The state keeps the best bound of all looks: it is wrong if any was.
      if (state.low > mean + 1e-9) missed += 1;
    }
    expect(missed).toBeLessThan(40);
  });

  it('end at the mean itself where all was seen, and do not depend on how looks cut the list', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 60 }),
        fc.nat(60),
        (list, cut) => {
          const whole = observe(startSequence(list.length, 0.05), list);
          const first = observe(startSequence(list.length, 0.05), list.slice(0, cut));
          expect(observe(first, list.slice(cut))).toEqual(whole);
          const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
          expect(whole.low).toBeGreaterThanOrEqual(mean - 1e-12);
        },
      ),
    );
  });

  it('refuse values outside [0, 1], more values than the list has, and lists without values', () => {
    const state = startSequence(1, 0.05);
    expect(() => observe(state, [1.01])).toThrow(RangeError);
    expect(() => observe(state, [Number.NaN])).toThrow(RangeError);
    expect(() => observe(state, [0.5, 0.5])).toThrow(RangeError);
    expect(() => startSequence(0, 0.05)).toThrow(RangeError);
    expect(() => startSequence(5, 1)).toThrow(RangeError);
  });
});

describe('a run whose verdict is settled', () => {
  it('ends early where head is clearly worse, and says what that saved', () => {
    const state = firstSettled(changes(2_000, { worse: 0.25, better: 0.05 }), plan);
    const stop = settledRun([state], false);
    expect(stop?.verdict).toBe('regress');
    expect(stop?.cells).toBeLessThan(800);
    expect(stop?.saved).toBe(2_000 - (stop?.cells ?? 0));
    expect(stop?.reason).toMatch(/^Settled after \d+ of 2,000 cells, which saved \d/);
  });

  it('ends early where head is as good and there are many cells', () => {
    const many = { ...plan, cells: 20_000, clusters: 20_000 };
    const state = firstSettled(changes(20_000, { worse: 0.02, better: 0.02 }), many);
    expect(settled(state)?.verdict).toBe('pass');
    expect(state.lower.n).toBeLessThan(10_000);
  });

  it('goes on where nothing is settled', () => {
    const state = firstSettled(changes(300, { worse: 0.1, better: 0.1 }), {
      ...plan,
      cells: 2_000,
    });
    expect(settledRun([state], false)).toBeUndefined();
  });

  it('does not pass early while other parts decide too, nor before all scores are settled', () => {
    const many = { ...plan, cells: 20_000, clusters: 20_000 };
    const state = firstSettled(changes(20_000, { worse: 0.02, better: 0.02 }), many);
    expect(settledRun([state], false)?.verdict).toBe('pass');
    expect(settledRun([state], true)).toBeUndefined();
    expect(settledRun([state, startSettling(many)], false)).toBeUndefined();
    expect(settledRun([], false)).toBeUndefined();
  });

  it('takes cells without a score for the worst and the best: with many of them nothing is settled', () => {
    const unknown = { worst: -1, best: 1 };
    const cells = changes(1_000, { worse: 0.3, better: 0.05 });
    const half = cells.map((cell, i) => (i % 2 === 0 ? unknown : cell));
    expect(settled(observeCells(startSettling(plan), cells))?.verdict).toBe('regress');
    expect(settled(observeCells(startSettling(plan), half))).toBeUndefined();
  });

  it('takes longer where cells belong together: ten alike are one', () => {
    const cells = changes(2_000, { worse: 0.2, better: 0.05 });
    const alone = firstSettled(cells, plan).lower.n;
    const together = firstSettled(cells, { ...plan, clusters: 200, largestCluster: 10 }).lower.n;
    expect(together).toBeGreaterThan(alone);
  });

  it('survives JSON between looks', () => {
    const cells = changes(500, { worse: 0.2, better: 0.1 });
    const whole = observeCells(startSettling(plan), cells);
    const half = observeCells(startSettling(plan), cells.slice(0, 250));
    const revived = JSON.parse(JSON.stringify(half)) as SettlingState;
    expect(observeCells(revived, cells.slice(250))).toEqual(whole);
  });

  it('puts its verdict and its reason before what the cells that were run would say', () => {
    const state = firstSettled(changes(2_000, { worse: 0.25, better: 0.05 }), plan);
    const stop = settledRun([state], false);
    if (stop === undefined) throw new Error('not settled');
    const run = listOf(times(20, true));
    const found = compareRuns({ base: run, head: run, evaluators: [{ name: scoreName }] });
    const stopped = withEarlyStop(found, stop);
    expect(found.verdict).toBe('inconclusive');
    expect(stopped.verdict).toBe('regress');
    expect(stopped.reasons[0]).toBe(stop.reason);
  });

  it('shows the intervals of the sequence, and nothing that needs a fixed number of cells', () => {
    const state = firstSettled(changes(2_000, { worse: 0.25, better: 0.05 }), plan);
    const stop = settledRun([state], false);
    if (stop === undefined) throw new Error('not settled');
    const run = listOf(times(20, true));
    const found = compareRuns({
      base: run,
      head: run,
      evaluators: [{ name: scoreName }],
      slices: [{ key: '/half', valueOf: (item) => (item.endsWith('1') ? 'a' : 'b') }],
    });
    const totals = { planned: 2_000, ran: 500, skipped: 1_500, callsSaved: 1_500, usdSaved: 0.3 };
    const stopped = withEarlyStop(found, { ...stop, run: totals });
    expect(stopped.reasons[1]).toBe(
      '500 of 2,000 cells were run and 1,500 skipped, which saved about 1,500 calls and $0.3.',
    );
    expect(stopped.evaluators[0]).toMatchObject({
      verdict: 'regress',
      code: 'settled',
      method: 'sequence',
      interval: stop.bounds[0]?.interval,
      test: null,
      itemsNeeded: null,
    });
    expect(stopped.confidence).toBeCloseTo(1 - 0.02 / 3, 12);
    expect(stop.bounds[0]?.interval.confidence).toBe(stopped.confidence);
    const [slice] = stopped.evaluators[0]?.slices ?? [];
    expect(slice).toMatchObject({ verdict: 'inconclusive', code: 'ended_early', interval: null });
  });

  it('refuses one cluster, of which nothing can be said', () => {
    expect(() => startSettling({ ...plan, clusters: 1 })).toThrow(RangeError);
  });
});
