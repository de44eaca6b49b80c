import { describe, expect, it } from '@jest/globals';

import type { ReportCell } from '../../../../src/core/report/report-input.js';
import { TopList } from '../../../../src/core/report/top-list.js';
import type { CallRecord } from '../../../../src/contracts/records.js';
import { cell, failure, header, report, truth } from './cells.js';

function repeated(itemId: string, outcomes: readonly boolean[]): readonly ReportCell[] {
  return outcomes.map((passed, i) =>
    cell(itemId, {
      repetition: i + 1,
      output: passed ? 'right' : `wrong ${i}`,
      scores: [truth('category', passed), truth('tone', true)],
    }),
  );
}

function runOf(cells: readonly ReportCell[], repetitions: number) {
  const plain = header(cells.length);
  return report(cells, { ...plain, manifest: { ...plain.manifest, repetitions } });
}

describe('flaky items', () => {
  it('are those that pass in some repetitions only, nearest to a coin toss first', () => {
    const { flaky } = runOf(
      [
        ...repeated('always', [true, true, true, true]),
        ...repeated('seldom', [true, false, false, false]),
        ...repeated('half', [false, true, true, false]),
        ...repeated('never', [false, false, false, false]),
      ],
      4,
    );
    expect(flaky).toMatchObject({ items: 4, mixed: 2, otherOutputs: 3 });
    expect(flaky?.worst.map(({ itemId }) => itemId)).toEqual(['half', 'seldom']);
    expect(flaky?.worst[0]).toMatchObject({
      graded: 4,
      passed: 2,
      outcomes: [false, true, true, false],
      outputs: 3,
      scores: [{ name: 'category', graded: 4, passed: 2 }],
    });
  });

  it('are not told where no item was graded twice', () => {
    expect(runOf(repeated('once', [true]), 1).flaky).toBeNull();
  });

  it('are told of 2,000 in a list of 50', () => {
    const cells = Array.from({ length: 2_000 }, (_, i) =>
      repeated(`item-${String(i).padStart(4, '0')}`, [true, false]),
    ).flat();
    const { flaky } = runOf(cells, 2);
    expect(flaky?.mixed).toBe(2_000);
    expect(flaky?.worst).toHaveLength(50);
    expect(flaky?.worst[0]?.itemId).toBe('item-0000');
  });
});

describe('the worst items', () => {
  it('are ordered by the share of repetitions that went wrong, errors among them', () => {
    const { worstItems } = runOf(
      [
        ...repeated('fine', [true, true]),
        ...repeated('half', [true, false]),
        ...repeated('bad', [false, false]),
        cell('erred', { status: 'target_error', error: failure('X', 'no'), repetition: 1 }),
        cell('erred', { status: 'target_error', error: failure('X', 'no'), repetition: 2 }),
        cell('skipped', { status: 'skipped', error: failure('EXPERIMENT_CANCELLED', 'x') }),
      ],
      2,
    );
    expect(worstItems.map(({ itemId }) => itemId)).toEqual(['bad', 'erred', 'half']);
    expect(worstItems[0]).toMatchObject({ cells: 2, errors: 0, graded: 4, failed: 2 });
    expect(worstItems[1]).toMatchObject({ cells: 2, errors: 2, graded: 0, failed: 0 });
  });

  it('point at the trace of a cell that went wrong', () => {
    const [good, bad] = repeated('half', [true, false]);
    const { worstItems } = runOf(
      [
        { ...good, traceId: 'a'.repeat(32) },
        { ...bad, traceId: 'b'.repeat(32), traceUrl: 'https://x.example/b' },
      ] as readonly ReportCell[],
      2,
    );
    expect(worstItems[0]).toMatchObject({
      traceId: 'b'.repeat(32),
      traceUrl: 'https://x.example/b',
    });
  });
});

describe('the cost of a cell', () => {
  const call = (costPico: bigint | undefined): CallRecord => ({
    path: 'target/call/1',
    kind: 'chat',
    purpose: 'target',
    provider: 'p',
    model: 'm',
    parameters: {},
    input: '',
    startedAt: '2026-03-02T09:00:00.000Z',
    endedAt: '2026-03-02T09:00:01.000Z',
    ...(costPico === undefined ? {} : { costPico }),
  });

  it('is told of cells whose every price is known, and of no other', () => {
    const { cellDollars } = report(
      [
        cell('a', { calls: [call(2_000_000_000n), call(1_000_000_000n)] }),
        cell('b', { calls: [call(1_000_000_000n)] }),
        cell('half', { calls: [call(1_000_000_000n), call(undefined)] }),
        cell('none', { calls: [] }),
      ],
      header(4),
    );
    expect(cellDollars).toMatchObject({ n: 2, mean: 0.002, max: 0.003 });
    expect(cellDollars?.histogram.reduce((sum, { n }) => sum + n, 0)).toBe(2);
  });
});

describe('a list of the first few', () => {
  it('is the same in whatever order they come, and makes no entry for the others', () => {
    const values = Array.from({ length: 500 }, (_, i) => (i * 7919) % 500);
    let made = 0;
    const list = new TopList<number, number>(10, (a, b) => a - b);
    for (const value of values) {
      list.offer(value, () => {
        made += 1;
        return value;
      });
    }
    expect(list.entries).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(made).toBeLessThan(200);
  });
});
