import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cpuPerCell, parseStat, totalCpu, treeCpuMs } from '../../../bench/arithmetic/cpu.js';
import {
  idealSeconds,
  rateLimitSeconds,
  scheduleSeconds,
} from '../../../bench/arithmetic/ideal.js';
import { median } from '../../../bench/arithmetic/median.js';
import { figureOf } from '../../../bench/report/figures.js';

describe('the median of runs', () => {
  it('is the middle one, or the mean of the two in the middle, whatever their order', () => {
    expect(median([3])).toBe(3);
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 1, 2, 4])).toBe(3);
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('the ideal wall of a load', () => {
  it('is N × L ÷ C', () => {
    expect(idealSeconds({ cells: 2_000, latencyMs: 500, concurrency: 100 })).toBe(10);
  });

  it('of a rate limit begins with a full bucket', () => {
    expect(rateLimitSeconds({ requests: 1_000, perMinute: 3_000, burst: 50 })).toBe(19);
    expect(rateLimitSeconds({ requests: 40, perMinute: 3_000, burst: 50 })).toBe(0);
  });

  it('of calls that take different times waits for the one that ends last', () => {
    expect(scheduleSeconds([1_000, 1_000, 1_000, 1_000], 2)).toBe(2);
    // Two slots: 100 ms calls on one, the slow one last on the other.
    expect(scheduleSeconds([100, 100, 100, 5_000], 2)).toBe(5.1);
    expect(scheduleSeconds([], 5)).toBe(0);
  });

  it('lies between the work shared evenly and that plus the longest call', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        (latencies, concurrency) => {
          const even = latencies.reduce((sum, each) => sum + each, 0) / concurrency / 1_000;
          const wall = scheduleSeconds(latencies, concurrency);
          expect(wall).toBeGreaterThanOrEqual(even - 1e-9);
          expect(wall).toBeLessThanOrEqual(even + Math.max(...latencies) / 1_000 + 1e-9);
        },
      ),
    );
  });
});

const stat = (pid: number, parent: number, ticks: readonly number[]): string =>
  `${pid} (a (odd) name) S ${parent} 1 1 0 -1 4194560 100 0 0 0 ${ticks.join(' ')} 20 0 1 0 500 1000 200`;

describe('the CPU of a process', () => {
  it('is read past a name that holds brackets and spaces', () => {
    expect(parseStat(stat(42, 7, [10, 5, 3, 2]))).toEqual({
      pid: 42,
      parent: 7,
      ownTicks: 15,
      reapedTicks: 5,
    });
    expect(() => parseStat('nonsense')).toThrow(RangeError);
  });

  it('counts children that run and those that have ended, and nobody else', () => {
    const processes = [
      stat(1, 0, [100, 0, 0, 0]),
      // A postmaster that has waited for a backend of 40 ticks, with one that runs and its child.
      stat(10, 1, [5, 5, 30, 10]),
      stat(11, 10, [20, 0, 0, 0]),
      stat(12, 11, [1, 0, 0, 0]),
      stat(13, 1, [999, 0, 0, 0]),
    ].map(parseStat);
    expect(treeCpuMs(processes, 10)).toBe((10 + 40 + 20 + 1) * 10);
    expect(treeCpuMs(processes, 77)).toBe(0);
  });

  it('is given per cell and by name', () => {
    const perCell = cpuPerCell(
      { before: { worker: 1_000 }, after: { worker: 3_000, postgres: 500 } },
      1_000,
    );
    expect(perCell).toEqual({ worker: 2, postgres: 0.5 });
    expect(totalCpu(perCell)).toBe(2.5);
  });
});

describe('a figure', () => {
  it('says whether its goal is met by what was measured, not by what is shown', () => {
    expect(figureOf({ value: 1.1004, unit: '× ideal', goal: { atMost: 1.1 } })).toEqual({
      value: 1.1,
      unit: '× ideal',
      goal: '≤ 1.1',
      met: false,
    });
    expect(figureOf({ value: 512, unit: 'cells/s', goal: { atLeast: 500 } }).met).toBe(true);
    expect(figureOf({ value: 2, unit: '×' })).toEqual({ value: 2, unit: '×' });
  });
});
