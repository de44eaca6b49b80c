import { describe, expect, it } from '@jest/globals';

import { compareRuns } from '../../../../src/core/regression/compare.js';
import { RunScoresBuilder, type RunScores } from '../../../../src/core/regression/run-scores.js';
import type { Comparison, EvaluatorComparison } from '../../../../src/core/regression/types.js';
import { mcnemarExact } from '../../../../src/core/statistics/binomial.js';
import { tangoInterval } from '../../../../src/core/statistics/paired-proportions.js';
import { wilsonInterval } from '../../../../src/core/statistics/proportion.js';
import { listOf, noise, runOf, scoreName, times } from './runs.js';

const evaluators = [{ name: scoreName }];
const compare = (base: RunScores, head: RunScores): Comparison =>
  compareRuns({ base, head, evaluators });

function only({ evaluators: [first] }: Comparison): EvaluatorComparison {
  if (first === undefined) throw new Error('no evaluator');
  return first;
}

const smooth = (n: number, seed: number, shift = 0): readonly number[] =>
  noise(n, seed).map((value) => 0.4 + 0.2 * value + shift);

describe('the verdict of pass/fail scores', () => {
  const base = listOf([...times(160, true), ...times(40, false)]);

  it('is a regression where far more items became worse than better, by the exact test', () => {
    const head = listOf([...times(140, true), ...times(60, false)]);
    const found = compare(base, head);
    const score = only(found);
    expect(found.verdict).toBe('regress');
    expect(score).toMatchObject({ kind: 'rate', method: 'tango', margin: 0.02, code: 'worse' });
    expect(score.changes).toEqual({ better: 0, worse: 20, same: 180 });
    expect(score.test?.p).toBe(mcnemarExact({ worse: 20, better: 0 }).p);
    expect(score.interval).toEqual(
      tangoInterval({ worse: 20, better: 0, n: 200, confidence: 0.9 }),
    );
    const wilson = wilsonInterval({ successes: 160, n: 200 });
    expect(score.base?.interval?.low).toBeCloseTo(wilson?.low ?? 9, 12);
    expect(score.base?.interval?.high).toBeCloseTo(wilson?.high ?? 9, 12);
  });

  it('is a pass where nothing changed in 200 items, and not in 100: that many say too little', () => {
    expect(compare(base, base).verdict).toBe('pass');
    const few = listOf([...times(80, true), ...times(20, false)]);
    const found = compare(few, few);
    expect(found.verdict).toBe('inconclusive');
    expect(only(found).itemsNeeded).toBeGreaterThan(100);
  });

  it('never regresses on three losses: the score interval lies below 0, the exact test is not sure', () => {
    const head = listOf([...times(157, true), ...times(43, false)]);
    const found = only(compare(base, head));
    expect(found.interval?.high).toBeLessThan(0);
    expect(found.test?.p).toBe(0.125);
    expect(found.verdict).toBe('inconclusive');
  });
});

describe('a loss that is the same everywhere', () => {
  const slices = [{ key: 'all', valueOf: () => 'all' }];
  const repeated = (n: number, value: boolean | number) =>
    runOf(Object.fromEntries(times(n, value).map((v, i) => [`item-${i}`, [v, v]])));

  it('is a regression where every cell of several repetitions fails that had passed', () => {
    const found = compareRuns({
      base: repeated(2_000, true),
      head: repeated(2_000, false),
      evaluators,
      slices,
    });
    expect(found.verdict).toBe('regress');
    expect(only(found)).toMatchObject({ method: 'ties', code: 'worse', estimate: -1 });
    expect(only(found).test).toMatchObject({ name: 'ties', statistic: null, df: null });
    expect(only(found).slices[0]).toMatchObject({ verdict: 'regress', guard: true });
  });

  it('is a regression in clusters, and of numbers', () => {
    const cluster = { key: 'thread', of: (id: string) => String(Number(id.slice(5)) % 50) };
    const [all, none] = [listOf(times(500, 1)), listOf(times(500, 0.5))];
    const found = compareRuns({ base: all, head: none, evaluators, cluster });
    expect(found.verdict).toBe('regress');
    expect(only(found)).toMatchObject({ clusters: 50, estimate: -0.5 });
    // A share of 1 ÷ 1.5 of the clusters could have it by chance if nothing were lost on the whole.
    expect(only(found).test?.p).toBeCloseTo((1 / 1.5) ** 50, 15);
  });

  it('is none where so few items could all be the unlucky ones', () => {
    const found = compare(repeated(4, true), repeated(4, false));
    expect(only(found).test?.p).toBe(1 / 16);
    expect(found.verdict).toBe('inconclusive');
    expect(compare(repeated(5, true), repeated(5, false)).verdict).toBe('regress');
  });
});

describe('the verdict of numbers', () => {
  it('takes the wider end of t and BCa on each side', () => {
    const found = only(compare(listOf(smooth(60, 1)), listOf(smooth(60, 2))));
    const { t, bca } = found.intervals;
    expect(found.method).toBe('t+bca');
    expect(found.interval?.low).toBe(Math.min(t?.low ?? 9, bca?.low ?? 9));
    expect(found.interval?.high).toBe(Math.max(t?.high ?? -9, bca?.high ?? -9));
  });

  it('follows the rule at each of its corners', () => {
    const base = listOf(smooth(400, 1));
    expect(compare(base, listOf(smooth(400, 2))).verdict).toBe('pass');
    expect(compare(base, listOf(smooth(400, 2, 0.1))).verdict).toBe('pass');
    expect(compare(base, listOf(smooth(400, 2, -0.1))).verdict).toBe('regress');
    // Truly worse, and by less than is accepted.
    const slight = only(compare(base, listOf(smooth(400, 1, -0.01).map((v, i) => v + i * 1e-6))));
    expect(slight.interval?.high).toBeLessThan(0);
    expect(slight.verdict).toBe('pass');
    const few = compare(listOf(smooth(12, 1)), listOf(smooth(12, 2)));
    expect(few.verdict).toBe('inconclusive');
    expect(few.reasons[0]).toMatch(/items would show it with 80 % power; there were 12/);
  });

  it('uses t alone above the most clusters that are resampled', () => {
    const found = compareRuns({
      base: listOf(smooth(60, 1)),
      head: listOf(smooth(60, 2)),
      evaluators,
      bootstrap: { mostClusters: 59 },
    });
    expect(only(found)).toMatchObject({ method: 't', intervals: { bca: null } });
  });

  it('turns round where lower is better', () => {
    const [base, worse] = [listOf(smooth(300, 1)), listOf(smooth(300, 2, 0.1))];
    const lower = [{ name: scoreName, better: 'lower' }] as const;
    expect(compareRuns({ base, head: worse, evaluators: lower }).verdict).toBe('regress');
    expect(compareRuns({ base: worse, head: base, evaluators: lower }).verdict).toBe('pass');
  });

  it('scales the default margin to the scale, and asks for one where values leave 0 to 1', () => {
    const ratings = listOf(noise(50, 1).map((value) => 1 + Math.floor(value * 5)));
    expect(only(compare(ratings, ratings))).toMatchObject({
      verdict: 'inconclusive',
      code: 'margin_needed',
    });
    const scale = { min: 1, max: 5 };
    const scaled = compareRuns({
      base: ratings,
      head: ratings,
      evaluators: [{ name: scoreName, scale }],
    });
    expect(only(scaled).margin).toBeCloseTo(0.08, 12);
    const narrow = [{ name: scoreName, scale: { min: 2, max: 5 } }];
    expect(only(compareRuns({ base: ratings, head: ratings, evaluators: narrow })).code).toBe(
      'outside_scale',
    );
  });

  it('compares labels by their numbers, and not without any', () => {
    const labels = ['bad', 'fair', 'good'];
    const values = noise(300, 3).map((value) => [labels[Math.floor(value * 3)]]);
    const items = Object.fromEntries(values.map((value, i) => [`i${i}`, value]));
    const mapped = runOf(items, { bad: 0, fair: 0.5, good: 1 });
    expect(only(compare(mapped, mapped))).toMatchObject({ kind: 'number', verdict: 'pass' });
    expect(only(compare(runOf(items), runOf(items))).code).toBe('not_a_number');
  });
});

describe('items that belong together', () => {
  it('repetitions of an item count as one: ten of each do not make twenty items two hundred', () => {
    const items = (seed: number, shift: number) =>
      Object.fromEntries(
        smooth(20, seed).map((value, i) => [`item-${i}`, times(10, value + shift)]),
      );
    const once = (seed: number, shift: number) => listOf(smooth(20, seed, shift));
    const repeated = only(compare(runOf(items(1, 0)), runOf(items(2, -0.02))));
    const single = only(compare(once(1, 0), once(2, -0.02)));
    expect(repeated.clusters).toBe(20);
    expect(repeated.interval?.low).toBeCloseTo(single.interval?.low ?? 9, 9);
    expect(repeated.head?.cells).toBe(200);
  });

  it('a cluster field widens the interval where its items go up and down together', () => {
    const shifts = noise(10, 5).map((value) => (value - 0.5) * 0.2);
    const base = listOf(smooth(100, 1));
    const head = listOf(
      smooth(100, 1).map((value, i) => value + (shifts[Math.floor(i / 10)] ?? 0)),
    );
    const width = (found: Comparison): number => {
      const { interval } = only(found);
      return (interval?.high ?? 0) - (interval?.low ?? 0);
    };
    const cluster = {
      key: 'thread',
      of: (id: string) => String(Math.floor(Number(id.slice(5)) / 10)),
    };
    const clustered = compareRuns({ base, head, evaluators, cluster });
    expect(only(clustered).clusters).toBe(10);
    expect(width(clustered)).toBeGreaterThan(2 * width(compare(base, head)));
  });

  it('rates in clusters are not tested as if their items were alone', () => {
    const base = listOf([...times(160, true), ...times(40, false)]);
    const head = listOf([...times(150, true), ...times(50, false)]);
    const cluster = { key: 'thread', of: (id: string) => String(Number(id.slice(5)) >> 2) };
    expect(only(compareRuns({ base, head, evaluators, cluster })).method).toBe('t+bca');
    // A field that gives each item a value of its own clusters nothing.
    const own = { key: 'id', of: (id: string) => id };
    expect(only(compareRuns({ base, head, evaluators, cluster: own })).method).toBe('tango');
  });
});

describe('several scores', () => {
  const builder = (values: Readonly<Record<string, readonly boolean[]>>): RunScores => {
    const made = new RunScoresBuilder();
    for (let i = 0; i < 100; i += 1) {
      made.add({
        itemId: `item-${i}`,
        scores: Object.entries(values).map(([name, list]) => {
          const value = list[i] ?? false;
          return { name, value: { type: 'BOOLEAN', value }, passed: value };
        }),
      });
    }
    return made.build();
  };
  const names = ['a', 'b', 'c', 'd', 'e'];
  const all = Object.fromEntries(names.map((name) => [name, times(100, true)]));

  it('one that alone would regress does not after Holm, and the reason says so', () => {
    // 5 of 5 changes are losses: p = 0.031.
    const head = builder({ ...all, a: [...times(95, true), ...times(5, false)] });
    const base = builder(all);
    const alone = compareRuns({ base, head, evaluators: [{ name: 'a' }] });
    expect(alone.verdict).toBe('regress');
    const together = compareRuns({ base, head, evaluators: names.map((name) => ({ name })) });
    expect(together.verdict).toBe('inconclusive');
    expect(together.evaluators[0]).toMatchObject({ code: 'not_after_holm' });
    expect(together.evaluators[0]?.test?.pAdjusted).toBeCloseTo(5 / 32, 12);
  });

  it('what is not required is told and does not decide', () => {
    const head = builder({ ...all, a: times(100, false) });
    const found = compareRuns({
      base: builder(all),
      head,
      evaluators: [
        { name: 'a', required: false },
        { name: 'b', margin: 0.05 },
      ],
    });
    expect(found.evaluators[0]?.verdict).toBe('regress');
    expect(found.verdict).toBe('pass');
  });

  it('a slice that gets worse makes the run regress, though the whole would pass', () => {
    const base = builder(all);
    const head = builder({ ...all, a: [...times(88, true), ...times(12, false)] });
    const slices = [
      { key: '/language', valueOf: (id: string) => (Number(id.slice(5)) >= 80 ? 'fr' : 'en') },
    ];
    const loose = [{ name: 'a', margin: 0.3 }];
    expect(compareRuns({ base, head, evaluators: loose }).verdict).toBe('pass');
    const guarded = compareRuns({ base, head, evaluators: loose, slices });
    expect(guarded.verdict).toBe('regress');
    expect(guarded.reasons[0]).toMatch(/^a where \/language is fr: Head is worse/);
    const told = slices.map((slice) => ({ ...slice, guard: false }));
    expect(compareRuns({ base, head, evaluators: loose, slices: told }).verdict).toBe('pass');
  });

  it('guarding many slices does not multiply the chance of a false alarm: they share their level', () => {
    const base = builder(all);
    const head = builder({ ...all, a: [...times(95, true), ...times(5, false)] });
    const slices = [
      { key: '/part', valueOf: (id: string) => String(Math.floor(Number(id.slice(5)) / 5)) },
    ];
    const found = compareRuns({ base, head, evaluators: [{ name: 'a', margin: 0.2 }], slices });
    const hit = found.evaluators[0]?.slices.find(({ changes }) => changes.worse === 5);
    expect(hit?.test?.p).toBeCloseTo(1 / 32, 12);
    expect(hit?.code).toBe('not_after_holm');
    expect(found.verdict).toBe('pass');
  });
});

describe('the outcome', () => {
  it('lists new and missing items, sorted, and survives JSON', () => {
    const base = runOf({ c: [1], a: [1], gone: [0.5] });
    const head = runOf({ z: [1], a: [0.5], c: [0.75], b: [1] });
    const found = compare(base, head);
    expect(found.items).toEqual({
      base: 3,
      head: 4,
      common: 2,
      new: { n: 2, ids: ['b', 'z'] },
      missing: { n: 1, ids: ['gone'] },
    });
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  it('is the same each time', () => {
    const [base, head] = [listOf(smooth(50, 1)), listOf(smooth(50, 2))];
    expect(compare(base, head)).toEqual(compare(base, head));
  });
});
