import { describe, expect, it } from '@jest/globals';

import { calibrationSpec } from '../../../src/cli/judge/calibrate.js';

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
