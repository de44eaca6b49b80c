import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { Calibration } from '../../../../src/core/calibration/calibration.js';
import type {
  CalibrationCase,
  CalibrationDocument,
  CalibrationReport,
  JudgeFacts,
} from '../../../../src/core/calibration/calibration-report.js';
import type { Figure } from '../../../../src/core/calibration/figure.js';
import { kappaFigure } from '../../../../src/core/calibration/kappa.js';
import { readLabel } from '../../../../src/core/calibration/label.js';
import { renderCalibration } from '../../../../src/core/calibration/markdown.js';
import { differenceFigure, meanFigure } from '../../../../src/core/calibration/rates.js';

interface Vectors {
  readonly kappa: readonly {
    readonly table: readonly (readonly number[])[];
    readonly kappa: number;
    readonly low: number;
    readonly high: number;
  }[];
  readonly welch: readonly {
    readonly a: readonly number[];
    readonly b: readonly number[];
    readonly difference: number;
    readonly low: number;
    readonly high: number;
  }[];
}
const vectors = JSON.parse(
  readFileSync(new URL('vectors.json', import.meta.url), 'utf8'),
) as Vectors;

const because = (figure: Figure): string => (figure.value === null ? figure.because : '(a value)');

describe("Cohen's kappa", () => {
  it.each(vectors.kappa)('is that of statsmodels, with its interval: $table', (vector) => {
    const figure = kappaFigure(vector.table);
    if (figure.value === null) throw new Error(figure.because);
    expect(figure.value).toBeCloseTo(vector.kappa, 9);
    expect(figure.interval?.low).toBeCloseTo(vector.low, 9);
    expect(figure.interval?.high).toBeCloseTo(vector.high, 9);
  });

  it('does not care which rater comes first, nor how the categories are ordered', () => {
    const table = [
      [20, 5, 1],
      [3, 15, 2],
      [0, 4, 9],
    ];
    const turned = table.map((_row, at) => table.map((row) => row[at] ?? 0));
    const reversed = [...table].reverse().map((row) => [...row].reverse());
    for (const other of [turned, reversed]) {
      const [a, b] = [kappaFigure(table), kappaFigure(other)];
      if (a.value === null || b.value === null) throw new Error('no value');
      expect(b.value).toBeCloseTo(a.value, 12);
      expect(b.interval?.low).toBeCloseTo(a.interval?.low ?? NaN, 12);
    }
  });

  it('has no interval where all agree: one of no width would claim a certainty', () => {
    expect(
      kappaFigure([
        [8, 0],
        [0, 3],
      ]),
    ).toMatchObject({ value: 1, interval: null, n: 11 });
  });

  it('cannot be computed of nothing, or of one label throughout', () => {
    expect(
      because(
        kappaFigure([
          [0, 0],
          [0, 0],
        ]),
      ),
    ).toContain('no item');
    expect(
      because(
        kappaFigure([
          [9, 0],
          [0, 0],
        ]),
      ),
    ).toContain('one and the same label');
  });
});

describe('a difference of two means', () => {
  it.each(vectors.welch)('has the interval of scipy: $a less $b', ({ a, b, ...vector }) => {
    const figure = differenceFigure(a, b, 'none');
    if (figure.value === null) throw new Error(figure.because);
    expect(figure.value).toBeCloseTo(vector.difference, 12);
    expect(figure.interval?.low).toBeCloseTo(vector.low, 8);
    expect(figure.interval?.high).toBeCloseTo(vector.high, 8);
  });

  it('says why it has no interval', () => {
    expect(differenceFigure([1], [0, 0], 'none')).toMatchObject({ value: 1, interval: null });
    expect(differenceFigure([1, 1], [0, 0], 'none')).toMatchObject({ value: 1, interval: null });
    expect(because(differenceFigure([], [1], 'one half is empty'))).toBe('one half is empty');
    expect(meanFigure([2], 'none')).toMatchObject({ interval: null, note: expect.any(String) });
  });
});

const point: JudgeFacts = {
  name: 'tone',
  kind: 'pointwise',
  model: 'openai/m',
  prompt: 'a'.repeat(64),
  passAt: 0.5,
};
const pairwise: JudgeFacts = { ...point, name: 'pair', kind: 'pairwise' };

const verdictCase = (human: boolean, judge: boolean, length = 10): CalibrationCase => ({
  label: { kind: 'verdict', passed: human },
  length,
  outcome: 'scored',
  score: judge ? 1 : 0,
  passed: judge,
});
const times = (n: number, one: CalibrationCase): readonly CalibrationCase[] =>
  Array.from({ length: n }, () => one);
const calibrate = (judge: JudgeFacts, cases: readonly CalibrationCase[]): CalibrationReport => {
  const calibration = new Calibration(judge);
  for (const each of cases) calibration.add(each);
  return calibration.report();
};

describe('a calibration', () => {
  it('gives the rates, the agreement and kappa of the table, each with its own n', () => {
    const report = calibrate(point, [
      ...times(20, verdictCase(true, true)),
      ...times(5, verdictCase(true, false)),
      ...times(10, verdictCase(false, true)),
      ...times(15, verdictCase(false, false)),
    ]);
    expect(report.confusion.map(({ n }) => n)).toEqual([20, 5, 10, 15]);
    expect(report.truePositiveRate).toMatchObject({ value: 0.8, n: 25 });
    expect(report.trueNegativeRate).toMatchObject({ value: 0.6, n: 25 });
    expect(report.agreement).toMatchObject({ value: 0.7, n: 50 });
    expect(report.kappa).toMatchObject({ value: expect.closeTo(0.4, 12), n: 50 });
    // Wilson (1927) of 20 of 25.
    const { truePositiveRate: tpr } = report;
    expect(tpr.value === null ? undefined : tpr.interval?.low).toBeCloseTo(0.60869, 4);
  });

  it('counts abstentions, errors and what was not reached, and mixes none into a rate', () => {
    const label = { kind: 'verdict', passed: true } as const;
    const left = (['abstained', 'errors', 'notApplicable', 'notReached'] as const).map(
      (outcome): CalibrationCase => ({ label, length: 1, outcome }),
    );
    const report = calibrate(point, [verdictCase(true, true), verdictCase(false, true), ...left]);
    expect(report.counts).toEqual({
      planned: 6,
      judged: 2,
      abstained: 1,
      errors: 1,
      notApplicable: 1,
      notReached: 1,
      unlabelled: 0,
      otherKind: 0,
    });
    expect(report.truePositiveRate).toMatchObject({ value: 1, n: 1 });
    expect(report.labels).toEqual([
      { label: 'pass', n: 5 },
      { label: 'fail', n: 1 },
    ]);
  });

  it('says of a judge that always abstains that nothing can be computed, and why', () => {
    const report = calibrate(point, [
      { label: { kind: 'verdict', passed: true }, length: 1, outcome: 'abstained' },
      { label: { kind: 'verdict', passed: false }, length: 1, outcome: 'abstained' },
    ]);
    const { agreement, kappa, lengthBias, truePositiveRate } = report;
    for (const figure of [agreement, kappa, lengthBias]) {
      expect(because(figure)).toBe('the judge abstained on all 2 items');
    }
    expect(because(truePositiveRate)).toContain('gave no verdict on any item');
  });

  it('says of a set with one class which figures that leaves out', () => {
    const report = calibrate(point, [verdictCase(true, true), verdictCase(true, false)]);
    expect(report.truePositiveRate).toMatchObject({ value: 0.5, n: 2 });
    expect(because(report.trueNegativeRate)).toBe('no item is labelled "fail"');
    expect(because(report.kappa)).toBe('all judged items are labelled "pass"');
  });

  it('cuts grades of people where the judge does, and tells how far the scores lie apart', () => {
    const graded = (grade: number, score: number): CalibrationCase => ({
      label: { kind: 'grade', grade },
      length: 1,
      outcome: 'scored',
      score,
      passed: score >= 0.6,
    });
    const facts = { ...point, passAt: 0.6 };
    const report = calibrate(facts, [graded(0.6, 0.8), graded(0.59, 0.7), graded(1, 1)]);
    expect(report.confusion.map(({ n }) => n)).toEqual([2, 0, 1, 0]);
    expect(report.gradeDifference).toMatchObject({ value: expect.closeTo(0.31 / 3, 12), n: 3 });
  });

  it('finds a judge that passes what is long, and none in one that errs evenly', () => {
    const long = [
      ...times(6, verdictCase(false, true, 900)),
      ...times(4, verdictCase(true, true, 900)),
    ];
    const short = [
      ...times(6, verdictCase(false, false, 100)),
      ...times(3, verdictCase(true, true, 100)),
      verdictCase(true, false, 100),
    ];
    const biased = calibrate(point, [...long, ...short]).lengthBias;
    expect(biased).toMatchObject({ value: expect.closeTo(0.7, 12), n: 20 });
    expect(biased.value === null ? undefined : biased.interval?.low).toBeGreaterThan(0);
    const even = calibrate(point, [...long, ...long.map((each) => ({ ...each, length: 100 }))]);
    expect(even.lengthBias).toMatchObject({ value: 0 });
  });

  it('says that lengths are equal instead of inventing a bias', () => {
    const report = calibrate(point, [verdictCase(true, true), verdictCase(false, true)]);
    expect(because(report.lengthBias)).toBe('all outputs are about equally long');
  });

  it('says of labels of another kind that they do not fit the judge', () => {
    const report = calibrate(point, [
      { ...verdictCase(true, true), label: { kind: 'preference', preferred: 'tie' } },
    ]);
    expect(report.counts.otherKind).toBe(1);
    expect(because(report.agreement)).toBe(
      'the labels are preferences, and the judge looks at one output',
    );
  });
});

describe('the calibration of a pairwise judge', () => {
  type Preference = 'output' | 'other' | 'tie';
  const scores = { output: 1, tie: 0.5, other: 0 } as const;
  const compared = (human: Preference, orders: readonly [Preference, Preference], longer = 0) => {
    const said = orders[0] === orders[1] ? orders[0] : 'tie';
    return {
      label: { kind: 'preference', preferred: human },
      length: 100 + longer,
      otherLength: 100,
      orders,
      outcome: 'scored',
      score: scores[said],
      passed: scores[said] >= 0.5,
    } as const satisfies CalibrationCase;
  };

  it('has a table of three, and rates over pairs that people decided', () => {
    const report = calibrate(pairwise, [
      compared('output', ['output', 'output']),
      compared('output', ['other', 'other']),
      compared('other', ['other', 'other']),
      compared('tie', ['tie', 'tie']),
      compared('other', ['output', 'other']),
    ]);
    expect(report.truePositiveRate).toMatchObject({ value: 0.5, n: 2 });
    expect(report.trueNegativeRate).toMatchObject({ value: 0.5, n: 2 });
    expect(report.agreement).toMatchObject({ value: 0.6, n: 5 });
    expect(report.kappa).toMatchObject({ n: 5 });
  });

  it('tells how often the order decides, and for which place', () => {
    const report = calibrate(pairwise, [
      ...times(6, compared('tie', ['output', 'other'])),
      ...times(2, compared('tie', ['other', 'output'])),
      ...times(1, compared('output', ['output', 'tie'])),
      ...times(11, compared('output', ['output', 'output'])),
    ]);
    expect(report.position?.changed).toMatchObject({ value: 9 / 20, n: 20 });
    expect(report.position?.firstPreferred).toMatchObject({ value: 7 / 9, n: 9 });
  });

  it('counts the orders of a pair that it abstained on as well, but none that it could not tell', () => {
    const label = { kind: 'preference', preferred: 'tie' } as const;
    const report = calibrate(pairwise, [
      { label, length: 1, outcome: 'abstained', orders: ['output', 'other'] },
      { label, length: 1, outcome: 'abstained', orders: ['cannot_tell', 'other'] },
    ]);
    expect(report.position?.changed).toMatchObject({ value: 1, n: 1 });
  });

  it('finds a judge that prefers the longer of two, against people', () => {
    const report = calibrate(pairwise, [
      ...times(4, compared('other', ['output', 'output'], 50)),
      ...times(4, compared('output', ['other', 'other'], -50)),
      ...times(3, compared('output', ['output', 'output'], 50)),
      ...times(9, compared('tie', ['tie', 'tie'], 0)),
    ]);
    expect(report.lengthBias).toMatchObject({ value: expect.closeTo(8 / 11, 12), n: 11 });
  });
});

describe('a label', () => {
  it.each([
    [true, { kind: 'verdict', passed: true }],
    ['Pass', { kind: 'verdict', passed: true }],
    [' failed ', { kind: 'verdict', passed: false }],
    [0.5, { kind: 'grade', grade: 0.5 }],
    [1, { kind: 'grade', grade: 1 }],
    ['OTHER', { kind: 'preference', preferred: 'other' }],
  ] as const)('is read from %j', (value, label) => {
    expect(readLabel(value)).toEqual({ label });
  });

  it.each([2, -0.1, 'good', null, ['pass'], { passed: true }])('is not read from %j', (value) => {
    expect(readLabel(value)).toHaveProperty('problem');
  });
});

describe('the report of a calibration', () => {
  const document = (report: CalibrationReport): CalibrationDocument => ({
    format: 'assay-calibration',
    version: 1,
    project: 'support',
    experiment: 'cal`ibrate|<b>',
    runUid: 'u',
    manifestHash: 'm'.repeat(64),
    dataset: { name: 'labels', items: 2, itemsHash: 'd'.repeat(64) },
    status: 'completed',
    judges: [report],
  });

  it('shows each figure with its interval, or why there is none', () => {
    const text = renderCalibration(
      document(calibrate(point, [verdictCase(true, true), verdictCase(true, false)])),
    );
    expect(text).toContain('| TPR: passes what people pass | 50.0 % | 9.5 – 90.5 % | 2 |');
    expect(text).toContain('cannot be computed because no item is labelled "fail"');
  });

  it('escapes what users named', () => {
    const text = renderCalibration(document(calibrate(point, [verdictCase(true, true)])));
    expect(text).toContain('``cal`ibrate|<b>``');
  });
});
