import { describe, expect, it } from '@jest/globals';

import {
  anchorReport,
  judgeDrift,
  judgeShares,
  type AnchorResult,
  type AnchorRound,
} from '../../../../src/core/calibration/anchors.js';
import type { EvaluatorIdentity } from '../../../../src/contracts/manifest.js';
import type { ReportModel } from '../../../../src/core/report/index.js';
import { anchorSection } from '../../../../src/core/report/markdown/anchor-section.js';

const judged = (id: string, score: number, expected = true): AnchorResult => ({
  id,
  expected,
  outcome: 'judged',
  score,
  passed: score >= 0.5,
  reason: null,
});
const without = (id: string, outcome: 'abstained' | 'error' | 'not_applicable'): AnchorResult => ({
  id,
  expected: true,
  outcome,
  score: null,
  passed: null,
  reason: outcome === 'error' ? 'MODEL_REFUSED: <script>' : null,
});
const round = (results: readonly AnchorResult[], more: Partial<AnchorRound> = {}): AnchorRound => ({
  evaluator: 'tone',
  pass: 1,
  model: 'openai/m',
  prompt: 'p'.repeat(64),
  anchorsHash: 'h',
  calls: results.length,
  costDollars: '0.00001',
  results,
  ...more,
});
const then = (results: readonly AnchorResult[], more: Partial<AnchorRound> = {}) => ({
  ...round(results, more),
  experiment: 'before',
});

describe('the anchors of a judge', () => {
  it('tell how often it judges as people do, of those that it judged', () => {
    const results = [
      judged('a', 1),
      judged('b', 0.25),
      judged('c', 0, false),
      without('d', 'abstained'),
      without('e', 'error'),
    ];
    expect(anchorReport(round(results), null)).toMatchObject({
      planned: 5,
      judged: 3,
      abstained: 1,
      errors: 1,
      agreement: { value: 2 / 3, n: 3 },
      meanScore: { value: expect.closeTo(1.25 / 3, 12), n: 3 },
      disagreements: [{ id: 'b', expected: true, score: 0.25 }],
      missing: [{ id: 'd' }, { id: 'e', reason: 'MODEL_REFUSED: <script>' }],
    });
  });

  it('say why there is no figure of a judge that abstains or fails on all', () => {
    for (const [outcome, why] of [
      ['abstained', 'the judge abstained on all 2 anchors'],
      ['error', 'the judge failed on all 2 anchors'],
      ['not_applicable', 'no anchor was judged'],
    ] as const) {
      const report = anchorReport(round([without('a', outcome), without('b', outcome)]), null);
      expect(report.agreement).toEqual({ value: null, because: why });
    }
  });
});

describe('how much of a change is the judge', () => {
  it('is the mean change on the same anchors, with what flipped', () => {
    const before = then([judged('a', 1), judged('b', 0.5), judged('c', 0), judged('gone', 0)]);
    const after = round([judged('a', 0.4), judged('b', 0.6), judged('c', 0), judged('new', 1)]);
    const drift = judgeDrift(before, after);
    expect(drift).toMatchObject({
      experiment: 'before',
      sameJudge: true,
      difference: { value: expect.closeTo(-0.5 / 3, 12), n: 3 },
      flips: [{ id: 'a', before: true, after: false }],
    });
  });

  it('turns its sign with the order of the runs', () => {
    const one = [judged('a', 1), judged('b', 0.5)];
    const two = [judged('a', 0.25), judged('b', 0.75)];
    const forth = judgeDrift(then(one), round(two))?.difference;
    const back = judgeDrift(then(two), round(one))?.difference;
    if (typeof forth?.value !== 'number' || typeof back?.value !== 'number') {
      throw new Error('no value');
    }
    expect(forth.value).toBeCloseTo(-back.value, 12);
    expect(forth.interval?.low).toBeCloseTo(-(back.interval?.high ?? NaN), 12);
  });

  it('is not told of other anchors or another judge by the same name', () => {
    const results = [judged('a', 1)];
    expect(judgeDrift(then(results, { anchorsHash: 'other' }), round(results))).toBeUndefined();
    expect(judgeDrift(then(results, { evaluator: 'else' }), round(results))).toBeUndefined();
  });

  it('says that model or prompt are others', () => {
    const results = [judged('a', 1)];
    expect(judgeDrift(then(results, { model: 'openai/n' }), round(results))?.sameJudge).toBe(false);
    expect(judgeDrift(then(results, { prompt: 'q' }), round(results))?.sameJudge).toBe(false);
  });

  it('cannot be computed where no anchor was judged twice', () => {
    const drift = judgeDrift(then([without('a', 'error')]), round([judged('a', 1)]));
    expect(drift?.difference).toEqual({
      value: null,
      because: 'no anchor was judged in both runs',
    });
  });
});

describe('the judge in a comparison of two runs', () => {
  const identity = (prompt: string): EvaluatorIdentity => ({
    name: 'tone',
    kind: 'llm_judge',
    required: true,
    options: { prompt },
    judge: { model: { provider: 'openai', model: 'm', parameters: {} }, rubric: '- is polite' },
  });
  const prompt = 'p'.repeat(64);
  const run = (score: number, evaluators = [identity(prompt)]) => ({
    experiment: 'base',
    evaluators,
    rounds: [round([judged('a', score)])],
  });

  it('is told by name with what it moved', () => {
    expect(judgeShares(run(1), run(0.25))).toMatchObject([
      { evaluator: 'tone', experiment: 'base', sameJudge: true, difference: { value: -0.75 } },
    ]);
  });

  it('is not told where the run was judged again since, or where nobody asked anchors', () => {
    // The scores are of another prompt than the round.
    expect(judgeShares(run(1, [identity('other')]), run(0))).toEqual([]);
    expect(judgeShares({ ...run(1), rounds: [] }, run(0))).toEqual([]);
    expect(judgeShares(run(1), run(0, []))).toEqual([]);
  });
});

describe('the section of a report', () => {
  const section = (...anchors: ReturnType<typeof anchorReport>[]): string =>
    anchorSection({ anchors } as unknown as ReportModel).join('\n');

  it('is not there where no judge has anchors', () => {
    expect(section()).toBe('');
  });

  it('says what changed, since which run, and that it is the judge', () => {
    const before = then([judged('a', 1), judged('b', 0.5)], { model: 'openai/n' });
    const after = round([judged('a', 0.25), judged('b', 0.5)]);
    const text = section(anchorReport(after, judgeDrift(before, after) ?? null));
    expect(text).toContain('| `tone` | 1 of 2 (50.0 %) |');
    expect(text).toContain('**another model or prompt than then**');
    expect(text).toContain('-0.375');
    expect(text).toContain('`a` (now fails)');
    expect(text).toContain('is the judge');
  });

  it('escapes what models and users wrote', () => {
    const text = section(anchorReport(round([without('<b>|`', 'error'), judged('x', 1)]), null));
    expect(text).toContain('`` <b>|` ``: MODEL\\_REFUSED: \\<script>');
  });
});
