import { describe, expect, it } from '@jest/globals';

import type { ReportCell } from '../../../../src/core/report/report-input.js';
import { cell, failure, header, numeric, report, truth } from './cells.js';
import { sampleCells, sampleHeader } from './sample-run.js';

function labelled(i: number, pair: { expected: string; got: string }): ReportCell {
  const item = {
    id: `item-${i}`,
    input: { i },
    expected: { category: pair.expected },
    metadata: { language: pair.expected === pair.got ? 'en' : 'fr', id: `x-${i}` },
  };
  return cell(item.id, {
    item,
    output: { category: pair.got },
    scores: [truth('category', pair.expected === pair.got)],
  });
}

const pairs = [
  ...Array.from({ length: 8 }, () => ({ expected: 'billing', got: 'billing' })),
  ...Array.from({ length: 5 }, () => ({ expected: 'refund', got: 'billing' })),
  ...Array.from({ length: 3 }, () => ({ expected: 'refund', got: 'refund' })),
  { expected: 'billing', got: 'nonsense' },
];

describe('the matrix of labels', () => {
  const model = report(
    pairs.map((pair, i) => labelled(i, pair)),
    header(pairs.length),
  );
  const confusion = model.evaluators[0]?.confusion;

  it('counts expected against given labels', () => {
    expect(confusion?.labels).toEqual(['billing', 'refund', 'nonsense']);
    expect(confusion?.counts).toEqual([
      [8, 0, 1],
      [5, 3, 0],
      [0, 0, 0],
    ]);
    expect(confusion).toMatchObject({ n: 17, correct: 11, path: '/category' });
  });

  it('gives precision, recall and F1 of each expected label as their definitions do', () => {
    const [billing, refund] = confusion?.classes ?? [];
    expect(billing).toMatchObject({ expected: 9, given: 13, correct: 8 });
    expect(billing?.precision).toBeCloseTo(8 / 13, 12);
    expect(billing?.recall).toBeCloseTo(8 / 9, 12);
    expect(billing?.f1).toBeCloseTo((2 * (8 / 13) * (8 / 9)) / (8 / 13 + 8 / 9), 12);
    expect(refund).toMatchObject({ precision: 1, recall: 3 / 8 });
    expect(confusion?.macroF1).toBeCloseTo(((billing?.f1 ?? 0) + (refund?.f1 ?? 0)) / 2, 12);
  });

  it('has a row for outputs without a label', () => {
    const cells = pairs.map((pair, i) =>
      i === 0 ? { ...labelled(i, pair), output: 'no object' } : labelled(i, pair),
    );
    expect(report(cells, header(17)).evaluators[0]?.confusion?.labels).toContain('(no label)');
  });

  it('is not made of free text', () => {
    const texts = Array.from({ length: 40 }, (_, i) => ({ expected: `text ${i}`, got: 'x' }));
    const free = report(
      texts.map((pair, i) => labelled(i, pair)),
      header(40),
    );
    expect(free.evaluators[0]?.confusion).toBeNull();
    // Nor are failures then split into forty groups of one.
    expect(free.failures.patterns.map(({ n, pair }) => [n, pair])).toEqual([[40, null]]);
  });
});

describe('failed evaluations', () => {
  const model = report(
    pairs.map((pair, i) => labelled(i, pair)),
    header(pairs.length),
  );

  it('stand in groups of what was taken for what, largest first', () => {
    expect(model.failures).toMatchObject({ cells: 6, graded: 17 });
    expect(
      model.failures.patterns.map(({ n, pair, scores }) => [n, pair?.expected, pair?.got, scores]),
    ).toEqual([
      [5, 'refund', 'billing', ['category']],
      [1, 'billing', 'nonsense', ['category']],
    ]);
  });

  it('are broken down by metadata fields of few values, not by ids', () => {
    expect(model.breakdowns.map(({ field }) => field)).toEqual(['language']);
    const [en, fr] = model.breakdowns[0]?.values ?? [];
    expect(en).toMatchObject({ value: 'en', cells: 11, overall: { passed: 11, n: 11 } });
    expect(fr).toMatchObject({ value: 'fr', cells: 6, overall: { passed: 0, n: 6 } });
  });

  it('become findings where a field or a pair stands out', () => {
    expect(model.findings).toEqual([
      expect.objectContaining({ kind: 'field', field: 'language', value: 'fr', score: 'category' }),
      { kind: 'pair', score: 'category', expected: 'refund', got: 'billing', n: 5, of: 6 },
    ]);
  });

  it('keep the worst few of each group: most failed scores, then the lowest value', () => {
    const cells = Array.from({ length: 20 }, (_, i) =>
      cell(`item-${String(i).padStart(2, '0')}`, {
        scores: [{ ...numeric('quality', ((i * 7) % 20) / 20), passed: false }],
      }),
    );
    const [pattern] = report(cells, header(20)).failures.patterns;
    expect(pattern?.n).toBe(20);
    expect(pattern?.examples.map(({ scores }) => scores[0]?.value)).toEqual([
      '0',
      '0.05',
      '0.1',
      '0.15',
      '0.2',
    ]);
    const reversed = report([...cells].reverse(), header(20)).failures.patterns[0];
    expect(reversed?.examples).toEqual(pattern?.examples);
  });

  it('name the criteria that judges name most', () => {
    const model2 = report(sampleCells(), sampleHeader);
    expect(model2.failures.criteria[0]).toMatchObject({
      evaluator: 'tone',
      text: 'The reply names the next step',
      n: 8,
    });
  });

  it('take a criterion that is spelt in several ways as one, with the cells that it was named for', () => {
    const spellings = ['Names the next step', 'names the  next step.', 'NAMES THE NEXT STEP'];
    const cells = spellings.map((text, i) =>
      cell(`item-${i}`, {
        scores: [
          {
            ...truth('tone', false),
            comment: {
              passed_items: [],
              failed_items: [text, text],
              reasoning: '',
              suggestions: [],
            },
          },
        ],
      }),
    );
    expect(report(cells, header(3)).failures.criteria).toEqual([
      {
        evaluator: 'tone',
        text: 'Names the next step',
        n: 3,
        examples: [0, 1, 2].map((i) => ({ itemId: `item-${i}`, repetition: 1 })),
      },
    ]);
  });

  it('list 200 of 3,000, each once, the worst first, each with its group', () => {
    const cells = Array.from({ length: 3_000 }, (_, i) =>
      cell(`item-${String((i * 7919) % 3_000).padStart(4, '0')}`, {
        scores: [truth('a', false), ...(i % 3 === 0 ? [truth('b', false)] : [])],
      }),
    );
    const { failures } = report(cells, header(3_000));
    const told = [...failures.patterns.flatMap(({ examples }) => examples), ...failures.more];
    expect(failures.cells).toBe(3_000);
    expect(told).toHaveLength(200);
    expect(new Set(told.map(({ itemId }) => itemId)).size).toBe(200);
    // Of the cells with two failed scores there are a thousand.
    expect(failures.more.every(({ scores }) => scores.length === 2)).toBe(true);
    for (const { pattern, scores } of failures.more) {
      expect(failures.patterns[pattern ?? -1]?.scores).toEqual(scores.map(({ name }) => name));
    }
  });

  it('keep of endless judgements a bounded part', () => {
    const long = 'x'.repeat(50_000);
    const cells = [
      cell('item', {
        scores: Array.from({ length: 30 }, (_, i) => ({
          ...truth(`judge-${i}`, false),
          comment: {
            passed_items: [],
            failed_items: Array.from({ length: 30 }, () => long),
            reasoning: long,
            suggestions: Array.from({ length: 30 }, () => long),
          },
        })),
      }),
    ];
    const [example] = report(cells, header(1)).failures.patterns[0]?.examples ?? [];
    expect(example?.scores).toHaveLength(10);
    expect(example?.scores[0]?.reasoning).toMatchObject({ length: 50_000 });
    expect(JSON.stringify(example).length).toBeLessThan(8_000);
  });

  it('say where full verification found less than expected, and nothing where none was asked for', () => {
    const full = report(sampleCells(), sampleHeader).findings;
    expect(full[0]).toEqual({
      kind: 'publication',
      platform: 'langfuse',
      what: 'scores',
      verified: 497,
      expected: 498,
    });
    const off = report(sampleCells(), { ...sampleHeader, verify: 'off' }).findings;
    expect(off.some(({ kind }) => kind === 'publication')).toBe(false);
  });
});

describe('errors', () => {
  it('are grouped by who erred and by code, with like messages counted as one', () => {
    const cells = [
      ...[1, 2, 3].map((i) =>
        cell(`t${i}`, {
          status: 'target_error',
          error: failure('TARGET_FAILED', `Timeout after ${i}00 ms at "host-${i}"`),
        }),
      ),
      cell('e', {
        status: 'evaluator_error',
        error: failure('EVALUATOR_FAILED', 'no verdict'),
        evaluatorFailures: [
          { evaluator: 'tone', required: true, error: failure('EVALUATOR_FAILED', 'no verdict') },
        ],
      }),
    ];
    const { errors } = report(cells, header(4));
    expect(errors.map(({ phase, evaluator, code, n }) => [phase, evaluator, code, n])).toEqual([
      ['target', null, 'TARGET_FAILED', 3],
      ['evaluator', 'tone', 'EVALUATOR_FAILED', 1],
    ]);
    expect(errors[0]?.messages).toEqual([{ text: 'Timeout after 100 ms at "host-1"', n: 3 }]);
    expect(errors[0]?.examples.map(({ itemId }) => itemId)).toEqual(['t1', 't2', 't3']);
  });
});
