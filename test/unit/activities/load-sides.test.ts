import { describe, expect, it } from '@jest/globals';

import { addPage, withoutSkipped } from '../../../src/activities/regression/load-sides.js';
import { RunScoresBuilder } from '../../../src/core/regression/run-scores.js';

const page = {
  items: ['a', 'a', 'b', 'c'],
  hashes: ['1', '1', '2', '3'],
  repetitions: [1, 2, 1, 1],
  statuses: ['ok', 'ok', 'target_error', 'ok'],
  latencies: [10, 30, null, 5],
  costs: [0.5, null, null, 0.25],
  scores: [
    { tone: [0.5, true], label: ['kind', null], broken: [null, null] },
    { tone: [1, true], label: ['rude', false] },
    {},
    { tone: [0, false] },
  ],
} as const;

describe('a page of cells', () => {
  it('is summed by item: scores of every kind, cost and latency where they are known', () => {
    const builder = new RunScoresBuilder();
    addPage(builder, page);
    const { items, planned, scores, cost, latency } = builder.build();
    expect(items).toEqual(['a', 'b', 'c']);
    expect([...planned]).toEqual([2, 1, 1]);
    expect(scores.get('tone')).toMatchObject({ types: ['NUMERIC'] });
    expect([...(scores.get('tone')?.values?.sum ?? [])]).toEqual([1.5, 0, 0]);
    expect([...(scores.get('tone')?.passes?.sum ?? [])]).toEqual([2, 0, 0]);
    expect(scores.get('label')).toMatchObject({ types: ['CATEGORICAL'], unmapped: 2 });
    // A number that JSON could not hold.
    expect(scores.get('broken')).toMatchObject({ types: ['NUMERIC'], unusable: 1 });
    expect([...(cost?.n ?? [])]).toEqual([1, 0, 1]);
    expect([...(latency?.sum ?? [])]).toEqual([40, 0, 5]);
  });

  it('tells in how many cells a judge abstained, of items that are compared', () => {
    const abstained = [['tone'], null, ['tone'], ['tone', 'calm']];
    const builder = new RunScoresBuilder();
    addPage(builder, { ...page, abstained }, new Set(['b']));
    expect([...builder.build().abstained]).toEqual([
      ['tone', 2],
      ['calm', 1],
    ]);
  });

  it('leaves out items that changed', () => {
    const builder = new RunScoresBuilder();
    addPage(builder, page, new Set(['a']));
    expect(builder.build().items).toEqual(['b', 'c']);
  });

  it('keeps what is known of the cells that were run where others were skipped', () => {
    const statuses = ['ok', 'skipped', 'skipped', 'ok'] as const;
    const abstained = [['tone'], null, ['calm'], ['calm']];
    const seen = { ran: new Set<string>(), notRun: new Set<string>() };
    expect(withoutSkipped({ ...page, statuses, abstained }, seen)).toEqual({
      items: ['a', 'c'],
      hashes: ['1', '3'],
      repetitions: [1, 1],
      statuses: ['ok', 'ok'],
      latencies: [10, 5],
      costs: [0.5, 0.25],
      scores: [page.scores[0], page.scores[3]],
      abstained: [['tone'], ['calm']],
    });
    expect([...seen.ran]).toEqual(['a', 'c']);
    expect([...seen.notRun]).toEqual(['a', 'b']);
  });
});
