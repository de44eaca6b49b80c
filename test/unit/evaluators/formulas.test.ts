import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { classificationOf } from '../../../src/core/evaluation/classification.js';
import { ConfusionTally } from '../../../src/core/report/confusion-tally.js';
import { editDistance, editSimilarity } from '../../../src/evaluators/measures/edit-distance.js';
import {
  ndcgAt,
  precisionAt,
  recallAt,
  reciprocalRank,
} from '../../../src/evaluators/measures/ranking.js';
import { rougeL } from '../../../src/evaluators/measures/rouge.js';
import { vectors } from './vectors.js';

const exactly = 1e-12;

describe('the edit distance', () => {
  it('is the one of rapidfuzz, in code points', () => {
    expect(vectors.edits.length).toBeGreaterThan(80);
    for (const { a, b, distance, similarity } of vectors.edits) {
      expect({ a, b, distance: editDistance(a, b) }).toEqual({ a, b, distance });
      expect(Math.abs(editSimilarity(a, b) - similarity)).toBeLessThan(exactly);
    }
  });

  it('is symmetric, keeps the triangle inequality and is 0 for equal texts alone', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        const isMetric =
          editDistance(a, b) === editDistance(b, a) &&
          editDistance(a, c) <= editDistance(a, b) + editDistance(b, c) &&
          (editDistance(a, b) === 0) === (a === b);
        return isMetric;
      }),
      { numRuns: 100 },
    );
  });

  it('takes a megabyte that differs in one place, and refuses one that differs everywhere', () => {
    const long = 'abcdefghij'.repeat(100_000);
    expect(editDistance(long, `${long.slice(0, 400_000)}X${long.slice(400_001)}`)).toBe(1);
    const other = 'klmnopqrst'.repeat(100_000);
    expect(() => editDistance(long, other)).toThrow(
      expect.objectContaining({ code: 'EVALUATOR_INPUT_TOO_LARGE' }),
    );
  });
});

describe('ROUGE-L', () => {
  it('is the one of rouge-score without stemming', () => {
    expect(vectors.rouges.length).toBeGreaterThan(80);
    for (const { text, reference, ...wanted } of vectors.rouges) {
      const got = rougeL(text, reference);
      for (const measure of ['precision', 'recall', 'f1'] as const) {
        expect([
          text,
          reference,
          measure,
          Math.abs(got[measure] - wanted[measure]) < exactly,
        ]).toEqual([text, reference, measure, true]);
      }
    }
  });

  it('has words in every script, where rouge-score has none', () => {
    expect(rougeL('Das Päckchen kam spät', 'das päckchen kam nie').f1).toBe(0.75);
    expect(rougeL('посылка пришла', 'посылка пришла').f1).toBe(1);
    expect(rougeL('荷物が届いた', '荷物が届かない').recall).toBeCloseTo(5 / 7, 12);
    expect(rougeL('पार्सल आया', 'पार्सल गया').precision).toBe(0.5);
  });

  it('is the one of the plain table for long texts', () => {
    const lcs = (a: readonly string[], b: readonly string[]): number => {
      let row = new Array<number>(b.length + 1).fill(0);
      for (const one of a) {
        const next = [0];
        b.forEach((other, at) =>
          next.push(one === other ? (row[at] ?? 0) + 1 : Math.max(row[at + 1] ?? 0, next[at] ?? 0)),
        );
        row = next;
      }
      return row.at(-1) ?? 0;
    };
    const words = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), {
      minLength: 60,
      maxLength: 200,
      size: 'max',
    });
    fc.assert(
      fc.property(words, words, (a, b) => {
        const recall = rougeL(a.join(' '), b.join(' ')).recall;
        return Math.round(recall * b.length) === lcs(a, b);
      }),
      { numRuns: 40 },
    );
  });

  it('takes little memory for a long text and a short one, whichever is the reference', () => {
    const text = (letter: string, n: number) =>
      Array.from({ length: n }, (_, at) => `${letter}${at}`).join(' ');
    const long = text('a', 100_000);
    const short = `${text('b', 990)} a99999 a7 a8`;
    for (const [given, wanted] of [
      [long, short],
      [short, long],
    ] as const) {
      const before = process.memoryUsage().arrayBuffers;
      const { precision, recall } = rougeL(given, wanted);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024 * 1024);
      expect(Math.max(precision, recall)).toBeCloseTo(2 / 993, 12);
    }
  });

  it('refuses texts whose comparison would stop the worker', () => {
    const many = (word: string): string => `${word}1 ${word}2 `.repeat(100_000);
    expect(() => rougeL(many('a'), many('b'))).toThrow(
      expect.objectContaining({ code: 'EVALUATOR_INPUT_TOO_LARGE' }),
    );
  });
});

describe('the measures of a ranking', () => {
  it('are those of scikit-learn, with binary and graded relevance', () => {
    expect(vectors.rankings.length).toBe(80);
    for (const vector of vectors.rankings) {
      const { retrieved, k } = vector;
      const ranking = { retrieved, relevant: new Map(Object.entries(vector.relevant)) };
      const got = {
        precision: precisionAt(k, ranking),
        recall: recallAt(k, ranking),
        reciprocalRank: reciprocalRank(ranking),
        ndcg: ndcgAt(k, { ...ranking, gain: 'linear' }),
        ndcgExponential: ndcgAt(k, { ...ranking, gain: 'exponential' }),
      };
      for (const [name, value] of Object.entries(got)) {
        expect([name, Math.abs(value - vector[name as keyof typeof got]) < 1e-9]).toEqual([
          name,
          true,
        ]);
      }
    }
  });

  it('count empty places as misses and an id that comes twice once', () => {
    const relevant = new Map([
      ['a', 1],
      ['b', 1],
    ]);
    expect(precisionAt(5, { retrieved: ['a'], relevant })).toBe(0.2);
    expect(recallAt(3, { retrieved: ['a', 'a', 'x', 'b'], relevant })).toBe(1);
    expect(reciprocalRank({ retrieved: ['x', 'x', 'b'], relevant })).toBe(0.5);
    expect(ndcgAt(2, { retrieved: ['a', 'a', 'b'], relevant, gain: 'linear' })).toBe(1);
    expect(reciprocalRank({ retrieved: [], relevant })).toBe(0);
  });
});

describe('the figures of a classification', () => {
  const pairsOf = (vector: (typeof vectors.classifications)[number]) =>
    vector.expected.map((expected, at) => ({ expected, given: vector.given[at] ?? '', n: 1 }));

  it('are those of scikit-learn over the expected labels', () => {
    expect(vectors.classifications).toHaveLength(40);
    for (const vector of vectors.classifications) {
      const got = classificationOf(pairsOf(vector));
      expect(got?.accuracy).toBeCloseTo(vector.accuracy, 12);
      expect(got?.macroF1).toBeCloseTo(vector.macroF1, 12);
      for (const { label, precision, recall, f1, n } of vector.classes) {
        const own = got?.classes.find((each) => each.label === label);
        expect(own?.expected).toBe(n);
        expect(own?.precision ?? 0).toBeCloseTo(precision, 12);
        expect(own?.recall).toBeCloseTo(recall, 12);
        expect(own?.f1).toBeCloseTo(f1, 12);
      }
    }
  });

  it('are the same in the report, with the confusion matrix of scikit-learn', () => {
    for (const vector of vectors.classifications) {
      const tally = new ConfusionTally({ path: '', ignoreCase: false, trim: true });
      for (const { expected, given } of pairsOf(vector)) tally.add({ expected, got: given });
      const report = tally.report();
      if (report === null) continue;
      expect(report.macroF1).toBeCloseTo(vector.macroF1, 12);
      vector.matrix.forEach((row, i) =>
        row.forEach((n, j) => {
          const [from, to] = [vector.labels[i], vector.labels[j]].map((label) =>
            report.labels.indexOf(label ?? ''),
          );
          expect(report.counts[from ?? -1]?.[to ?? -1]).toBe(n);
        }),
      );
    }
  });

  it('are none where the labels are texts', () => {
    const pairs = Array.from({ length: 101 }, (_unused, at) => ({
      expected: `text ${at}`,
      given: 'x',
      n: 1,
    }));
    expect(classificationOf(pairs)).toBeUndefined();
    expect(classificationOf([])).toBeUndefined();
  });
});
