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

  it('that are equal in two items, or in twenty, say too little to pass', () => {
    expect(growth([1, 1], [1, 1])).toMatchObject({
      verdict: 'inconclusive',
      cost: { code: 'few_clusters' },
      latency: { code: 'few_clusters' },
    });
    const twenty = Array.from({ length: 20 }, () => 1);
    const found = growth(twenty, twenty);
    expect(found).toMatchObject({ verdict: 'inconclusive', cost: { code: 'no_variance' } });
    expect(found.cost.interval?.high).toBeGreaterThan(1.1);
    // One that takes twice as much would have been seen, were there enough of them to grow by a tenth.
    const thirty = Array.from({ length: 30 }, () => 1);
    expect(growth(thirty, thirty).verdict).toBe('pass');
  });

  it('that grow alike everywhere regress, with as many as chance would not give', () => {
    const tripled = (n: number) =>
      growth(
        Array.from({ length: n }, () => 2),
        Array.from({ length: n }, () => 3),
      );
    expect(tripled(6).verdict).toBe('inconclusive');
    const many = tripled(40);
    expect(many).toMatchObject({ cost: { verdict: 'regress' }, latency: { verdict: 'regress' } });
    expect(many.cost.test).toMatchObject({ name: 'ties', p: 1.5 ** -40 });
  });

  it('that differ in few of few items do not hide that rare ones would not have been seen', () => {
    const few = values.slice(0, 20);
    const head = few.map((value, i) => (i < 3 ? value * 1.01 : value));
    expect(growth(few, head)).toMatchObject({
      verdict: 'inconclusive',
      cost: { code: 'sparse_changes' },
      latency: { code: 'sparse_changes' },
    });
  });

  it('that are missing in many cells of head do not pass on the rest, and the items are told', () => {
    const two = growth(
      values,
      values.map((value, i) => (i < 2 ? value : undefined)),
    );
    expect(two.verdict).toBe('inconclusive');
    const fifth = growth(
      values,
      values.map((value, i) => (i % 5 === 0 ? undefined : value)),
    );
    expect(fifth.cost).toMatchObject({
      verdict: 'inconclusive',
      code: 'missing_in_head',
      cellsMissing: { base: 0, head: 40 },
    });
    expect(fifth.latency).toMatchObject({ verdict: 'inconclusive', code: 'missing_in_head' });
    expect(fifth.cost.reason).toContain('160 of 200 items');
    const inBase = growth(
      values.map((value, i) => (i % 5 === 0 ? undefined : value)),
      values,
    );
    expect(inBase.cost).toMatchObject({ code: 'missing_in_base', cellsMissing: { base: 40 } });
    const one = growth(
      values,
      values.map((value, i) => (i === 7 ? undefined : value)),
    );
    expect(one.verdict).toBe('pass');
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
