import { describe, expect, it } from '@jest/globals';

import { renderPairs, renderTable } from '../../../src/cli/io/table.js';
import type { ResultCell } from '../../../src/cli/results/result-cell.js';
import { printResultTable } from '../../../src/cli/results/result-rows.js';
import { dangerous, hostile } from '../core/text/escape/hostile.js';
import { recorded } from './streams.js';

function cellOf(itemId: string, change: Partial<ResultCell> = {}): ResultCell {
  return {
    cellId: '1',
    itemId,
    ordinal: 0,
    repetition: 1,
    revision: 1,
    status: 'ok',
    evaluatorFailures: [],
    scores: [
      {
        name: 'category',
        evaluator: 'category',
        value: { type: 'BOOLEAN', value: true },
        passed: true,
      },
      { name: 'tone', evaluator: 'tone', value: { type: 'NUMERIC', value: 0.625 }, passed: false },
      { name: 'kind', evaluator: 'kind', value: { type: 'CATEGORICAL', value: 'refund' } },
    ],
    calls: [],
    startedAt: '2026-03-02T09:00:00.000Z',
    endedAt: '2026-03-02T09:00:01.000Z',
    latencyMs: 1_234,
    targetCostPico: undefined,
    judgeCostPico: undefined,
    usage: { inputTokens: 0, outputTokens: 0 },
    sanitised: false,
    attempts: 1,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    item: { id: itemId, input: {}, metadata: {} },
    itemHash: 'a'.repeat(64),
    platformItemId: undefined,
    ...change,
  };
}

// The store's cells come from an async generator.
// eslint-disable-next-line @typescript-eslint/require-await
async function* many(cells: Iterable<ResultCell>): AsyncGenerator<ResultCell> {
  yield* cells;
}

describe('the table of results', () => {
  it('has item, status, scores, latency and the whole trace id', async () => {
    const { sink, text } = recorded();
    expect(await printResultTable(many([cellOf('ticket-1')]), sink)).toBe(1);
    const [head = '', row = ''] = text().split('\n');
    expect(head.trim().split(/\s{2,}/)).toEqual([
      'Item',
      'Rep',
      'Status',
      'Scores',
      'Latency',
      'Trace',
    ]);
    expect(row).toContain('category ✓  tone 0.625 ✗  kind refund');
    expect(row).toMatch(/1\.2 s {2}0af7651916cd43dd8448eb211c80319c$/);
  });

  it('says why a cell is not ok', async () => {
    const { sink, text } = recorded();
    const error = { code: 'TARGET_FAILED', title: 'x', message: 'boom', problems: [] };
    await printResultTable(
      many([cellOf('a', { status: 'target_error', scores: [], error })]),
      sink,
    );
    expect(text()).toContain('TARGET_FAILED: boom');
  });

  it('says of each evaluator that failed why it did, once', async () => {
    const { sink, text } = recorded();
    const error = {
      code: 'EVALUATOR_RESULT_INVALID',
      title: 'x',
      message: 'its value is NaN',
      problems: [],
    };
    const evaluatorFailures = [{ evaluator: 'words', required: true, error }];
    await printResultTable(
      many([cellOf('a', { status: 'evaluator_error', scores: [], error, evaluatorFailures })]),
      sink,
    );
    expect(text()).toContain('words: EVALUATOR_RESULT_INVALID: its value is NaN');
    expect(text().split('is NaN')).toHaveLength(2);
  });

  it('keeps its columns over thousands of rows and wide characters, a line each', async () => {
    const { sink, text } = recorded({ terminal: true, columns: 120, colour: false });
    function* cells() {
      for (let index = 0; index < 2_500; index += 1) yield cellOf(`項目 ${index}`);
    }
    expect(await printResultTable(many(cells()), sink)).toBe(2_500);
    const lines = text().trimEnd().split('\n');
    expect(lines).toHaveLength(2_501);
    // Two columns of the terminal for each of the two ideographs.
    const places = lines.slice(1).map((line) => line.indexOf('0af7651916') + 2);
    expect(new Set(places).size).toBe(1);
  });

  it('takes no further cell once the reader has gone', async () => {
    const { stream, sink } = recorded();
    let taken = 0;
    function* cells() {
      for (;;) {
        taken += 1;
        if (taken === 150) {
          stream.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
        }
        yield cellOf(`item-${taken}`);
      }
    }
    await printResultTable(many(cells()), sink);
    expect(taken).toBeLessThan(400);
  });

  it('obeys nothing in names, values and messages', async () => {
    for (const text of Object.values(hostile)) {
      const { sink, text: written } = recorded();
      const cell = cellOf(text, {
        status: 'target_error',
        error: { code: text, title: text, message: text, problems: [] },
        scores: [{ name: text, evaluator: text, value: { type: 'CATEGORICAL', value: text } }],
      });
      await printResultTable(many([cell]), sink);
      expect(written()).not.toMatch(dangerous);
      expect(written().trimEnd().split('\n')).toHaveLength(2);
    }
  });
});

describe('tables', () => {
  it('have no borders and no space at the end of lines', () => {
    const columns = [
      { heading: 'Name' },
      { heading: 'N', align: 'right' as const },
      { heading: 'Z' },
    ];
    expect(
      renderTable(columns, [
        ['a', '1', ''],
        ['long name', '10', 'z'],
      ]),
    ).toBe('Name        N  Z\na           1\nlong name  10  z');
  });

  it('put values under each other', () => {
    expect(
      renderPairs([
        ['a', '1'],
        ['long', '2'],
      ]),
    ).toBe('a     1\nlong  2');
  });
});
