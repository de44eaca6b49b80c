import { describe, expect, it } from '@jest/globals';

import { compareRuns } from '../../../../src/core/regression/compare.js';
import { RunScoresBuilder, type RunScores } from '../../../../src/core/regression/run-scores.js';
import type { GrowthComparison } from '../../../../src/core/regression/types.js';
import { noise } from './runs.js';

function measured(values: readonly (number | undefined)[]): RunScores {
  const builder = new RunScoresBuilder();
  for (const [i, value] of values.entries()) {
    builder.add({ itemId: `item-${i}`, scores: [], costDollars: value, latencyMs: value });
  }
  return builder.build();
}

function growth(
  base: readonly (number | undefined)[],
  head: readonly (number | undefined)[],
): Record<'cost' | 'latency', GrowthComparison> & { readonly verdict: string } {
  const gate = { margin: 0.1 };
  const found = compareRuns({
    base: measured(base),
    head: measured(head),
    evaluators: [],
    cost: gate,
    latency: gate,
  });
  const [cost, latency] = found.growth;
  if (cost === undefined || latency === undefined) throw new Error('no growth');
  return { cost, latency, verdict: found.verdict };
}

const values = noise(200, 1).map((value) => 0.5 + value);

describe('cost and latency', () => {
  it('pass where head takes as much, regress where it takes a third more', () => {
    const other = noise(200, 2).map((value) => 0.5 + value);
    const same = growth(values, other);
    expect(same).toMatchObject({ verdict: 'pass', cost: { of: 'mean' } });
    expect(same.latency.of).toBe('geometric');
    const more = growth(
      values,
      other.map((value) => value * 1.33),
    );
    expect(more.verdict).toBe('regress');
    expect(more.cost).toMatchObject({ verdict: 'regress', code: 'worse' });
    expect(more.cost.reason).toMatch(/^The cost is 1\.\d+ times that of the base/);
  });

  it('are inconclusive where few items say neither', () => {
    const found = growth(
      values.slice(0, 6),
      noise(6, 5).map((value) => 0.6 + value),
    );
    expect(found.cost).toMatchObject({ verdict: 'inconclusive', code: 'not_enough_evidence' });
  });

  it('one slow call in two hundred moves the mean and not the typical ratio', () => {
    const head = values.map((value, i) => (i === 7 ? value + 400 : value));
    const found = growth(values, head);
    expect(found.latency.verdict).toBe('pass');
    expect(found.latency.ratio).toBeLessThan(1.1);
    expect(found.cost.ratio).toBeGreaterThan(2);
    expect(found.cost.verdict).toBe('inconclusive');
  });

  it('of an unchanged and reused run is exactly the base', () => {
    const found = growth(values, values);
    expect(found.cost.ratio).toBe(1);
    expect(found.verdict).toBe('pass');
  });

  it('that nobody measured, or that was 0, is told', () => {
    expect(
      growth(
        values,
        values.map(() => undefined),
      ).cost,
    ).toMatchObject({
      verdict: 'inconclusive',
      code: 'no_scores',
      unmeasured: { base: 0, head: 200 },
    });
    const zeros = growth(
      values.map(() => 0),
      values,
    );
    expect(zeros.cost.code).toBe('not_positive');
    expect(zeros.latency.code).toBe('not_positive');
    expect(growth([1], [1]).cost.code).toBe('one_cluster');
  });
});
