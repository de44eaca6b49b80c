import { describe, expect, it } from '@jest/globals';

import { AssayError } from '../../../../src/core/errors/assay-error.js';
import { compareRuns } from '../../../../src/core/regression/compare.js';
import { RunScoresBuilder, type RunScores } from '../../../../src/core/regression/run-scores.js';
import type {
  ComparisonInput,
  EvaluatorComparison,
} from '../../../../src/core/regression/types.js';
import { listOf, noise, runOf, scoreName, times } from './runs.js';

const evaluators = [{ name: scoreName }];

function problemsOf(input: Partial<ComparisonInput>): readonly string[] {
  const run = listOf([1, 0]);
  try {
    compareRuns({ base: run, head: run, evaluators, ...input });
  } catch (error) {
    if (AssayError.is(error) && error.code === 'GATE_INVALID') {
      return error.problems.map(({ at }) => at);
    }
    throw error;
  }
  return [];
}

function scoreOf(input: Omit<ComparisonInput, 'evaluators'>): EvaluatorComparison {
  const found = compareRuns({ ...input, evaluators });
  const [score] = found.evaluators;
  if (score === undefined) throw new Error('no score');
  expect(found.verdict).toBe(score.verdict);
  expect(score.reason.length).toBeGreaterThan(10);
  return score;
}

/** A run whose judge abstains on its first items and passes the others. */
function abstaining(silent: number, passing: number): RunScores {
  const builder = new RunScoresBuilder();
  for (let item = 0; item < silent + passing; item += 1) {
    const itemId = `item-${item}`;
    if (item < silent) builder.add({ itemId, scores: [], abstained: [scoreName] });
    else {
      const value = { type: 'BOOLEAN', value: true } as const;
      builder.add({ itemId, scores: [{ name: scoreName, value, passed: true }] });
    }
  }
  return builder.build();
}

describe('a wrong question is refused with every problem and its place', () => {
  it('a margin of 0, of the wrong sign, or no number', () => {
    expect(problemsOf({ margin: 0 })).toEqual(['margin']);
    expect(problemsOf({ evaluators: [{ name: 'a', margin: -0.02 }] })).toEqual([
      'evaluators.a.margin',
    ]);
    expect(problemsOf({ margin: Number.NaN, cost: { margin: 0 } })).toEqual([
      'margin',
      'cost.margin',
    ]);
  });

  it('a margin as wide as the scale, a scale without width', () => {
    const scale = { min: 0, max: 1 };
    expect(problemsOf({ evaluators: [{ name: 'a', scale, margin: 1 }] })).toEqual([
      'evaluators.a.margin',
    ]);
    expect(problemsOf({ evaluators: [{ name: 'a', scale: { min: 1, max: 1 } }] })).toEqual([
      'evaluators.a.scale',
    ]);
  });

  it('nothing to compare, nothing that decides, the same twice', () => {
    expect(problemsOf({ evaluators: [] })).toEqual(['evaluators']);
    expect(problemsOf({ evaluators: [{ name: 'a', required: false }] })).toEqual(['evaluators']);
    expect(problemsOf({ evaluators: [{ name: 'a' }, { name: 'a' }] })).toEqual(['evaluators.a']);
  });

  it('an impossible alpha, power, seed or number of resamples, and passes of which fewer are better', () => {
    expect(problemsOf({ alpha: 0.5, power: 1, bootstrap: { resamples: 10, seed: 0.5 } })).toEqual([
      'alpha',
      'power',
      'bootstrap.resamples',
      'bootstrap.seed',
    ]);
    expect(problemsOf({ evaluators: [{ name: 'a', measure: 'passed', better: 'lower' }] })).toEqual(
      ['evaluators.a.better'],
    );
  });
});

describe('what the data cannot answer is inconclusive and says why', () => {
  it('no common items', () => {
    const found = compareRuns({ base: runOf({ a: [1] }), head: runOf({ b: [1] }), evaluators });
    expect(found.verdict).toBe('inconclusive');
    expect(found.reasons[0]).toBe('The runs have no item in common (base 1, head 1).');
  });

  it('runs without any item', () => {
    const found = compareRuns({ base: runOf({}), head: runOf({}), evaluators });
    expect(found.verdict).toBe('inconclusive');
  });

  it('one item, however often it was repeated', () => {
    const run = runOf({ a: [0.5, 0.7, 0.6] });
    expect(scoreOf({ base: run, head: run })).toMatchObject({
      verdict: 'inconclusive',
      code: 'one_cluster',
      interval: null,
    });
  });

  it('one cluster of many items', () => {
    const [base, head] = [listOf(noise(30, 1)), listOf(noise(30, 2))];
    const cluster = { key: 'thread', of: () => 'all' };
    expect(scoreOf({ base, head, cluster }).code).toBe('one_cluster');
  });

  it('all ties: a pass only with enough items to have seen a loss', () => {
    const few = listOf(noise(100, 1));
    expect(scoreOf({ base: few, head: few })).toMatchObject({
      verdict: 'inconclusive',
      code: 'no_variance',
      method: 'ties',
      estimate: 0,
    });
    const many = listOf(noise(150, 1));
    expect(scoreOf({ base: many, head: many })).toMatchObject({ verdict: 'pass', method: 'ties' });
  });

  it('zeros on both sides of a scale of 0 to 10 are no pass/fail scores', () => {
    const zeros = listOf(times(20, 0));
    const scale = { min: 0, max: 10 };
    const found = compareRuns({
      base: zeros,
      head: zeros,
      evaluators: [{ name: scoreName, scale, better: 'lower' }],
    });
    expect(found.evaluators[0]).toMatchObject({
      verdict: 'inconclusive',
      kind: 'number',
      method: 'ties',
    });
    // One of 20 could be as bad as 10.
    expect(found.evaluators[0]?.interval?.low).toBeLessThan(-1);
  });

  it('zero variance: the same loss everywhere is no certainty with five items', () => {
    const base = listOf(times(5, 0.5));
    const head = listOf(times(5, 0.4));
    const found = scoreOf({ base, head });
    expect(found).toMatchObject({ verdict: 'inconclusive', code: 'no_variance' });
    expect(found.interval?.high).toBeGreaterThan(0);
  });

  it('dollars or seconds that happen to lie in 0 to 1 are on no scale: twice the cost passes no default margin', () => {
    const base = listOf(noise(300, 5).map((value) => 0.001 + value / 1_000));
    const head = listOf(noise(300, 5).map((value) => 0.002 + value / 500));
    const dollars = { name: scoreName, better: 'lower', unbounded: true } as const;
    const found = compareRuns({ base, head, evaluators: [dollars] });
    expect(found.verdict).toBe('inconclusive');
    expect(found.evaluators[0]).toMatchObject({ code: 'margin_needed', scale: null });
    const named = compareRuns({ base, head, evaluators: [{ ...dollars, margin: 0.0005 }] });
    expect(named.evaluators[0]).toMatchObject({ verdict: 'regress', scale: null, margin: 0.0005 });
  });

  it('a score without a scale that never varies says nothing', () => {
    const base = listOf(times(50, 7));
    const found = compareRuns({ base, head: base, evaluators: [{ name: scoreName, margin: 0.5 }] });
    expect(found.evaluators[0]).toMatchObject({ verdict: 'inconclusive', interval: null });
    expect(found.evaluators[0]?.reason).not.toMatch(/one cluster|One item/);
  });

  it('a few small changes among many ties do not hide that rare losses would not have been seen', () => {
    const values = noise(60, 4).map((value) => Math.round(value * 4) / 4);
    const changed = values.map((value, i) => (i < 3 ? Math.min(1, value + 0.25) : value));
    expect(scoreOf({ base: listOf(values), head: listOf(changed) })).toMatchObject({
      verdict: 'inconclusive',
      code: 'sparse_changes',
    });
  });

  it('changes in one cluster of many items are one change, however many items they are', () => {
    const values = times(600, 0.5);
    const changed = values.map((value, i) => (i < 12 ? value + 0.01 : value));
    const [base, head] = [listOf(values), listOf(changed)];
    const cluster = {
      key: 'thread',
      of: (id: string) => String(Math.floor(Number(id.slice(5)) / 12)),
    };
    expect(scoreOf({ base, head, cluster })).toMatchObject({
      verdict: 'inconclusive',
      code: 'sparse_changes',
      clusters: 50,
      changedClusters: 1,
      changes: { better: 12, worse: 0 },
    });
    expect(scoreOf({ base, head, cluster }).reason).toContain('Only 1 of 50 clusters differ');
  });

  it.each([
    [[1, 299], 1],
    [[1, 1, 1, 1, 1, 295], 1],
    [[160, 20, 20, 20, 20, 20, 20, 20], 3.2],
    [[50, 50, 50, 50], 4],
  ])('clusters of sizes %j count as %d: too few for any verdict', (sizes, effective) => {
    const clusters = sizes.flatMap((size, c) => times(size, c));
    const cluster = { key: 'thread', of: (id: string) => String(clusters[Number(id.slice(5))]) };
    const values = noise(clusters.length, 3).map((value) => 0.5 + 0.1 * value);
    const base = listOf(values);
    // A loss and a gain that are much the same in each cluster: by t alone one regresses and the other passes.
    for (const change of [-0.3, 0.3]) {
      const noisy = noise(clusters.length, 4);
      const head = listOf(values.map((value, i) => value + change + 0.01 * (noisy[i] ?? 0)));
      const found = scoreOf({ base, head, cluster });
      expect(found).toMatchObject({ verdict: 'inconclusive', code: 'few_clusters' });
      expect(found.effectiveClusters).toBeCloseTo(effective, 0);
      expect(found.reason).toContain(`in ${sizes.length} clusters`);
    }
  });

  it('scores that are missing in head do not make it pass', () => {
    const base = listOf(times(300, true));
    const head = listOf([...times(280, true), ...times(20, undefined)]);
    const found = scoreOf({ base, head });
    expect(found).toMatchObject({
      verdict: 'inconclusive',
      code: 'missing_in_head',
      headCellsMissing: 20,
      items: 280,
    });
    expect(found.unscored.head.n).toBe(20);
    expect(scoreOf({ base, head, missing: 'exclude' }).verdict).toBe('pass');
    // One of 300 would not change the verdict even if it had failed.
    const one = listOf([...times(299, true), undefined]);
    expect(scoreOf({ base, head: one }).verdict).toBe('pass');
  });

  it('a repetition that is missing in head counts like a missing cell', () => {
    const items = (missing: boolean) =>
      Object.fromEntries(
        noise(200, 9).map((value, i) => [
          `i${i}`,
          [value > 0.3 ? 1 : 0, missing && i % 4 === 0 ? undefined : value > 0.3 ? 1 : 0],
        ]),
      );
    const found = scoreOf({ base: runOf(items(false)), head: runOf(items(true)) });
    expect(found).toMatchObject({ code: 'missing_in_head', headCellsMissing: 50, items: 200 });
  });

  it('scores that are missing in the base are listed and left out', () => {
    const base = listOf([...times(280, true), ...times(20, undefined)]);
    const found = scoreOf({ base, head: listOf(times(300, true)) });
    expect(found).toMatchObject({ verdict: 'pass', items: 280 });
    expect(found.unscored.base.n).toBe(20);
  });

  it('a head that fails where the base has no score does not pass on the rest', () => {
    const base = listOf([...times(150, true), ...times(850, undefined)]);
    const head = listOf([...times(150, true), ...times(850, false)]);
    const found = scoreOf({ base, head });
    expect(found).toMatchObject({
      verdict: 'inconclusive',
      code: 'missing_in_base',
      items: 150,
      baseCellsMissing: 850,
      headCellsMissing: 0,
    });
    expect(found.reason).toContain('the base has no score in 850 cells');
    expect(scoreOf({ base, head, missing: 'exclude' }).verdict).toBe('pass');
  });

  it('what neither run has scored is no loss, and is counted', () => {
    const run = listOf([...times(200, true), ...times(50, undefined)]);
    const found = scoreOf({ base: run, head: run });
    expect(found).toMatchObject({ verdict: 'pass', items: 200, unscored: { both: 50 } });
  });

  it('a score that one run does not have', () => {
    const found = scoreOf({ base: listOf([1, 0]), head: listOf([undefined, undefined]) });
    expect(found.code).toBe('no_scores');
    expect(found.reason).toBe('Head does not have this score.');
    const turned = scoreOf({ base: listOf([undefined, undefined]), head: listOf([1, 0]) });
    expect(turned.code).toBe('no_scores');
    expect(turned.reason).toBe('The base does not have this score.');
  });

  it('a judge that always abstains, in head, in the base or in both, is named as the reason', () => {
    const scored = listOf(times(300, true));
    const silent = abstaining(300, 0);
    const all = 'its judge abstained in all 300 cells of';
    const reasons = [
      [{ base: scored, head: silent }, `Head does not have this score: ${all} head.`],
      [{ base: silent, head: scored }, `The base does not have this score: ${all} the base.`],
      [
        { base: silent, head: silent },
        `Neither run has this score: ${all} head and in all 300 cells of the base.`,
      ],
    ] as const;
    for (const [runs, reason] of reasons) {
      expect(scoreOf(runs)).toMatchObject({ verdict: 'inconclusive', code: 'no_scores', reason });
      // Not even where missing cells are to be left out: then nothing is left.
      expect(scoreOf({ ...runs, missing: 'exclude' }).verdict).toBe('inconclusive');
    }
  });

  it('a judge that abstains in head where the base was scored cannot pass on the rest', () => {
    const found = scoreOf({ base: listOf(times(300, true)), head: abstaining(40, 260) });
    expect(found).toMatchObject({ verdict: 'inconclusive', code: 'missing_in_head' });
    expect(found.reason).toContain('Its judge abstained in 40 of 300 cells of head.');
  });

  it('mixed score types, in one run or between them', () => {
    const numbers = listOf([1, 0, 1]);
    expect(scoreOf({ base: numbers, head: listOf([true, false, true]) }).code).toBe('mixed_types');
    expect(scoreOf({ base: numbers, head: listOf([1, true, 0]) }).code).toBe('mixed_types');
  });

  it('values that are no numbers count as missing instead of swallowing all others', () => {
    const base = listOf(times(300, 1));
    const head = listOf([...times(290, 1), ...times(10, Number.NaN)]);
    expect(scoreOf({ base, head })).toMatchObject({ code: 'missing_in_head', items: 290 });
  });

  it('an unknown slice key keeps a guarded run from passing, and is told where it only informs', () => {
    const run = listOf(times(300, true));
    const slices = [{ key: '/metadata/langauge', valueOf: () => undefined }];
    const found = compareRuns({ base: run, head: run, evaluators, slices });
    expect(found.verdict).toBe('inconclusive');
    expect(found.reasons[0]).toContain('/metadata/langauge');
    expect(found.slices[0]).toMatchObject({ unknown: true, values: 0 });
    const told = slices.map((slice) => ({ ...slice, guard: false }));
    expect(compareRuns({ base: run, head: run, evaluators, slices: told }).verdict).toBe('pass');
  });

  it('an unknown cluster key: taking items as independent would claim too much', () => {
    const run = listOf(times(300, true));
    const cluster = { key: '/metadata/thread', of: () => undefined };
    const found = compareRuns({ base: run, head: run, evaluators, cluster });
    expect(found.verdict).toBe('inconclusive');
    expect(found.reasons[0]).toContain('/metadata/thread');
  });

  it('a field with thousands of values is compared in its fifty largest slices', () => {
    const run = listOf(noise(300, 1));
    const slices = [{ key: '/id', valueOf: (id: string) => id }];
    const found = compareRuns({ base: run, head: run, evaluators, slices });
    expect(found.slices[0]).toMatchObject({ values: 300, compared: 50 });
    expect(found.evaluators[0]?.slices).toHaveLength(50);
  });

  it('names of prototypes are ordinary items, labels and slices', () => {
    const items = { ['__proto__']: [0.1], constructor: [0.2], toString: [0.3] };
    const run = runOf(items);
    const slices = [{ key: 'k', valueOf: (id: string) => id }];
    const found = compareRuns({ base: run, head: run, evaluators, slices });
    expect(found.items.common).toBe(Object.entries(items).length);
    const labelled = runOf({ a: ['constructor'], b: ['toString'] }, { good: 1 });
    expect(scoreOf({ base: labelled, head: labelled }).code).toBe('not_a_number');
  });
});
