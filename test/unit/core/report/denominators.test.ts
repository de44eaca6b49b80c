import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { ReportCell } from '../../../../src/core/report/report-input.js';
import type { CallRecord, CellStatus } from '../../../../src/contracts/records.js';
import { cell, failure, header, numeric, report, truth } from './cells.js';
import { sampleCells, sampleHeader } from './sample-run.js';

const statuses: readonly CellStatus[] = ['ok', 'target_error', 'evaluator_error', 'skipped'];

/** Any cell that the engine could give: with or without scores and failures of the three evaluators. */
const anyCell = fc.record({
  status: fc.constantFrom(...statuses),
  category: fc.option(fc.boolean()),
  tone: fc.option(fc.double({ noNaN: true, min: 0, max: 1 })),
  toneFails: fc.boolean(),
  attempts: fc.integer({ min: 1, max: 4 }),
});

function cellsOf(drawn: readonly ReturnType<typeof anyCell.generate>['value'][]): ReportCell[] {
  return drawn.map((one, i) =>
    cell(`item-${i}`, {
      status: one.status,
      attempts: one.attempts,
      scores:
        one.status === 'ok' || one.status === 'evaluator_error'
          ? [
              ...(one.category === null ? [] : [truth('category', one.category)]),
              ...(one.tone === null || one.toneFails ? [] : [numeric('tone', one.tone)]),
            ]
          : [],
      evaluatorFailures:
        one.toneFails && one.status !== 'target_error' && one.status !== 'skipped'
          ? [{ evaluator: 'tone', required: true, error: failure('EVALUATOR_FAILED', 'no') }]
          : [],
      ...(one.status === 'ok' ? {} : { error: failure('TARGET_FAILED', 'it threw') }),
    }),
  );
}

describe('the denominators of a report', () => {
  it('add up: every planned cell stands in one status, and for each evaluator in one place', () => {
    fc.assert(
      fc.property(fc.array(anyCell, { maxLength: 30 }), fc.nat(5), (drawn, missing) => {
        const planned = drawn.length + missing;
        const { cells, evaluators, failures } = report(cellsOf(drawn), header(planned));
        const { ok, target_error, evaluator_error, skipped, pending } = cells;
        expect(ok + target_error + evaluator_error + skipped + pending).toBe(planned);
        expect(pending).toBe(missing);
        expect(cells.passed + cells.notPassed + cells.ungraded).toBe(ok);
        expect(evaluators).toHaveLength(3);
        for (const { scored, notApplicable, errored, notReached, ...evaluator } of evaluators) {
          expect(evaluator.planned).toBe(planned);
          expect(scored + notApplicable + errored + notReached).toBe(planned);
          expect(Math.min(scored, notApplicable, errored, notReached)).toBeGreaterThanOrEqual(0);
        }
        const inPatterns = failures.patterns.reduce((sum, { n }) => sum + n, failures.otherCells);
        expect(inPatterns).toBe(failures.cells);
      }),
      { numRuns: 200 },
    );
  });

  it('hold no NaN, infinity or undefined for any run, the empty one included', () => {
    fc.assert(
      fc.property(fc.array(anyCell, { maxLength: 4 }), (drawn) => {
        const model = report(cellsOf(drawn), header(drawn.length));
        // JSON turns NaN and infinities into null and drops undefined: then it would not come back equal.
        expect(JSON.parse(JSON.stringify(model))).toEqual(model);
      }),
      { numRuns: 200 },
    );
  });

  it('refuse more cells than were planned', () => {
    expect(() => report([cell('a'), cell('b')], header(1))).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
  });

  it('say for the sample run what was put in', () => {
    const all = sampleCells();
    const { cells, evaluators, latencyMs } = report(all, sampleHeader);
    expect(cells).toMatchObject({ planned: 180, ok: 175, target_error: 4, pending: 1 });
    const [category, tone, urgency] = evaluators;
    expect(category).toMatchObject({ scored: 175, notApplicable: 0, errored: 0, notReached: 5 });
    expect(tone).toMatchObject({ scored: 172, notApplicable: 0, errored: 3, notReached: 5 });
    expect(urgency).toMatchObject({ scored: 145, notApplicable: 30, errored: 0, notReached: 5 });
    const right = all.filter((each) =>
      each.scores.some(({ name, passed }) => name === 'category' && passed === true),
    ).length;
    expect(category?.scores[0]?.passRate).toMatchObject({ passed: right, n: 175 });
    expect(latencyMs?.n).toBe(175);
  });
});

describe('the scores of a report', () => {
  it('keep each score of one evaluator apart, with its own n', () => {
    const cells = [
      cell('a', {
        scores: [
          { ...numeric('tone', 0.5), name: 'tone.polite' },
          { ...numeric('tone', 1), name: 'tone.brief' },
        ],
      }),
      cell('b', { scores: [{ ...numeric('tone', 0.7), name: 'tone.polite' }] }),
    ];
    const tone = report(cells, header(2)).evaluators[1];
    expect(tone?.scored).toBe(2);
    expect(tone?.scores.map(({ name, n }) => [name, n])).toEqual([
      ['tone.brief', 1],
      ['tone.polite', 2],
    ]);
  });

  it('give a mean and no interval for one value, and say nothing for none', () => {
    const one = report([cell('a', { scores: [numeric('tone', 0.5)] })], header(1)).evaluators[1];
    expect(one?.scores[0]?.numeric).toMatchObject({ n: 1, mean: 0.5, interval: null, sd: null });
    const none = report([cell('a')], header(1)).evaluators[1];
    expect(none?.scores).toEqual([]);
    expect(none?.notApplicable).toBe(1);
  });

  it('leave values out that no figure can hold, and count them', () => {
    const values = [Number.NaN, Infinity, -Infinity, 1e200, 0.25, 0.75];
    const cells = values.map((value, i) => cell(String(i), { scores: [numeric('tone', value)] }));
    const score = report(cells, header(6)).evaluators[1]?.scores[0];
    expect(score).toMatchObject({ n: 6, unusable: 4 });
    expect(score?.numeric).toMatchObject({ n: 2, mean: 0.5 });
  });

  it('take the repetitions of one item as one cluster', () => {
    const cells = ['a', 'b', 'c', 'd'].flatMap((itemId, i) =>
      [1, 2, 3].map((repetition) =>
        cell(itemId, { repetition, scores: [truth('category', i < 3)] }),
      ),
    );
    const model = report(cells, header(12));
    const rate = model.evaluators[0]?.scores[0]?.passRate;
    expect(rate).toMatchObject({ passed: 9, n: 12, rate: 0.75 });
    // Repetitions that agree say no more than one each: the interval is about that of 3 of 4.
    expect(rate?.interval.low).toBeLessThan(0.32);
    expect(model.steadiness).toEqual({ items: 4, alwaysPassed: 3, neverPassed: 1, mixed: 0 });
  });

  it('count items that pass in some repetitions only', () => {
    const cells = [true, false, true].map((passed, i) =>
      cell('a', { repetition: i + 1, scores: [truth('category', passed)] }),
    );
    expect(report(cells, header(3)).steadiness).toEqual({
      items: 1,
      alwaysPassed: 0,
      neverPassed: 0,
      mixed: 1,
    });
  });

  it('count values one by one where there are few', () => {
    const values = [1, 5, 5, 3];
    const cells = values.map((value, i) => cell(String(i), { scores: [numeric('tone', value)] }));
    const figures = report(cells, header(4)).evaluators[1]?.scores[0]?.numeric;
    expect(figures?.values).toEqual([
      { value: 1, n: 1 },
      { value: 3, n: 1 },
      { value: 5, n: 2 },
    ]);
    expect(figures?.histogram.reduce((sum, { n }) => sum + n, 0)).toBe(4);
  });
});

describe('calls and costs of a report', () => {
  const call = (changes: Partial<CallRecord>): CallRecord => ({
    path: 'target/call/1',
    kind: 'chat',
    purpose: 'target',
    provider: 'openai',
    model: 'small',
    parameters: {},
    input: null,
    startedAt: '2026-03-02T09:00:00.000Z',
    endedAt: '2026-03-02T09:00:01.000Z',
    ...changes,
  });

  it('count known and unknown costs apart, by purpose and model', () => {
    const usage = { inputTokens: 10, outputTokens: 5, cachedInputTokens: 4, reasoningTokens: 2 };
    const calls = [
      call({ usage, costPico: 1_500_000_000_000n }),
      call({ usage, costPico: 1n, replayed: true }),
      call({ usage }),
      call({ error: failure('MODEL_UNREACHABLE', 'gone') }),
      call({ purpose: 'judge', model: 'large', usage, costPico: 2n }),
    ];
    const { calls: totals } = report([cell('a', { calls })], header(1));
    expect(totals.target).toMatchObject({
      calls: 4,
      failed: 1,
      replayed: 1,
      inputTokens: 30,
      cachedInputTokens: 12,
      outputTokens: 15,
      reasoningTokens: 6,
      withoutUsage: 1,
      costDollars: '1.500000000001',
      costKnown: 2,
      costUnknown: 1,
    });
    expect(totals.judge).toMatchObject({ calls: 1, costDollars: '0.000000000002', costKnown: 1 });
    expect(totals.total).toMatchObject({ calls: 5, costDollars: '1.500000000003' });
    expect(totals.models.map(({ model, calls: n }) => [model, n])).toEqual([
      ['small', 4],
      ['large', 1],
    ]);
  });
});
