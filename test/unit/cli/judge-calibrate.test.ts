import { describe, expect, it } from '@jest/globals';

import { calibrationSpec, emptyCalibration } from '../../../src/cli/judge/calibrate.js';
import { Calibration } from '../../../src/core/calibration/calibration.js';
import type {
  CalibrationCase,
  CalibrationDocument,
} from '../../../src/core/calibration/calibration-report.js';

const spec = (labels: string, more: object = {}) =>
  calibrationSpec({
    project: 'support',
    judge: 'tone',
    options: { labels, ...more },
    folder: '/home/me/project',
  });

describe('assay judge calibrate', () => {
  it('asks for an experiment that replays the set and is judged by that judge alone', () => {
    expect(spec('replies', { concurrency: 4, budget: 2 })).toEqual({
      project: 'support',
      name: 'calibrate-tone-replies',
      dataset: { name: 'replies' },
      target: 'assay.replay',
      evaluators: ['tone'],
      description: 'Calibration of tone against the labels of replies',
      concurrency: 4,
      budgetUsd: 2,
    });
  });

  it('takes the path of the file for the set that it is', () => {
    for (const path of ['datasets/replies/labels.csv', '/elsewhere/replies/labels.jsonl']) {
      expect(spec(path).dataset).toEqual({ name: 'replies' });
    }
  });

  it.each([
    ['people.csv', 'datasets/people/labels.csv'],
    ['../export/people.JSONL', 'datasets/people/labels.jsonl'],
    ['./people', 'datasets/people/labels.jsonl'],
  ])('says where %s has to be for workers to find it', (path, place) => {
    expect(() => spec(path)).toThrow(
      expect.objectContaining({ code: 'LABELS_INVALID', mend: expect.stringContaining(place) }),
    );
  });
});

const calibrated = (...cases: readonly Partial<CalibrationCase>[]): CalibrationDocument => {
  const judge = {
    name: 'tone',
    kind: 'pointwise',
    model: null,
    prompt: null,
    passAt: 0.5,
  } as const;
  const tally = new Calibration(judge);
  for (const one of cases) {
    const label = { kind: 'verdict', passed: true } as const;
    tally.add({ label, length: 1, outcome: 'abstained', ...one } as CalibrationCase);
  }
  return {
    format: 'assay-calibration',
    version: 1,
    project: 'support',
    experiment: 'calibrate-tone-replies',
    runUid: 'u',
    manifestHash: 'm',
    dataset: { name: 'replies', items: cases.length, itemsHash: 'h' },
    status: 'completed',
    judges: [tally.report()],
  };
};

describe('a calibration that holds no verdict against a label', () => {
  it.each([
    ['abstained', 'the judge abstained on all 2 items'],
    ['errors', 'the judge failed on all 2 items'],
  ] as const)('is an error that says so, and no success (%s)', (outcome, message) => {
    const error = emptyCalibration(calibrated({ outcome }, { outcome }));
    expect(error).toMatchObject({
      code: 'CALIBRATION_EMPTY',
      entry: { exit: 6 },
      problems: [{ at: 'tone', message }],
    });
  });

  it('is one too where the judge spoke of labels of another kind only', () => {
    const label = { kind: 'preference', preferred: 'tie' } as const;
    const scored = { label, outcome: 'scored', score: 1, passed: true } as const;
    expect(emptyCalibration(calibrated(scored))?.code).toBe('CALIBRATION_EMPTY');
  });

  it('is none where one verdict met a label', () => {
    const scored = { outcome: 'scored', score: 1, passed: true } as const;
    expect(emptyCalibration(calibrated({}, scored))).toBeUndefined();
  });
});
