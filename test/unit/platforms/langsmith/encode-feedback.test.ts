import { describe, expect, it } from '@jest/globals';

import type { ScoreValue } from '../../../../src/contracts/records.js';
import { context, encode, feedbackIn, platform, sessions } from './run-fixture.js';

const scored = (value: ScoreValue, name = 'tone') =>
  feedbackIn(encode({ scores: [{ name, evaluator: 'tone', value }] }).scores)[0];

describe('the scores of a cell', () => {
  it('are feedback on its root run that names its session', () => {
    const { spans, scores } = encode();
    const list = feedbackIn(scores);
    expect(list.map(({ key }) => key)).toEqual(['category', 'tone', 'kind']);
    for (const feedback of list) {
      expect(feedback).toMatchObject({
        run_id: spans.traceId,
        trace_id: spans.traceId,
        session_id: sessions[0],
      });
    }
    expect(JSON.parse(list[1]?.comment ?? '')).toMatchObject({ passed_items: ['greets'] });
    expect(scores?.ids).toEqual(list.map(({ id }) => id));
  });

  it.each([
    [{ type: 'NUMERIC', value: 0.75 }, { score: 0.75 }],
    [
      { type: 'NUMERIC', value: 1 / 3 },
      { score: 0.3333, value: 1 / 3 },
    ],
    [{ type: 'NUMERIC', value: 1e7 }, { value: 1e7 }],
    [
      { type: 'BOOLEAN', value: false },
      { score: 0, value: false },
    ],
    [{ type: 'CATEGORICAL', value: 'calm' }, { value: 'calm' }],
  ] as const)('keep %j, rounded only where the server would refuse it', (value, shown) => {
    const { score, value: exact } = scored(value) ?? {};
    expect({
      ...(score === undefined ? {} : { score }),
      ...(exact === undefined ? {} : { value: exact }),
    }).toEqual(shown);
  });

  it('have ids of what they say, not of when', () => {
    const same = scored({ type: 'NUMERIC', value: 0.5 });
    expect(scored({ type: 'NUMERIC', value: 0.5 })?.id).toBe(same?.id);
    expect(scored({ type: 'NUMERIC', value: 0.6 })?.id).not.toBe(same?.id);
    const later = encode({
      endedAt: '2026-11-20T11:00:00.000Z',
      scores: [{ name: 'tone', evaluator: 'tone', value: { type: 'NUMERIC', value: 0.5 } }],
    });
    expect(feedbackIn(later.scores)[0]?.id).toBe(same?.id);
  });

  it('are two where two long names become one key', () => {
    const long = 'n'.repeat(300);
    const value = { type: 'NUMERIC', value: 1 } as const;
    const [one, two] = [scored(value, `${long}1`), scored(value, `${long}2`)];
    expect(one?.key).toBe(two?.key);
    expect(one?.key.length).toBeLessThanOrEqual(180);
    expect(one?.id).not.toBe(two?.id);
  });

  it('of the run as a whole belong to its sessions and to no run', () => {
    const comment = { passed_items: [], failed_items: [], reasoning: 'n', suggestions: [] };
    const scores = Array.from({ length: 30 }, (_, index) => ({
      repetition: 2,
      name: `score-${index}`,
      evaluator: 'e',
      value: index,
      comment,
    }));
    const encoded = (timestamp: string) =>
      platform.encodeRunScores({ scores, run: context, timestamp });
    const records = encoded('2026-11-20T10:00:00.000Z');
    expect(records.map(({ runId, ids }) => [runId, ids.length])).toEqual([
      [sessions[1], 25],
      [sessions[1], 5],
    ]);
    const [first] = feedbackIn({ kind: 'scores', traceId: '', body: '[]', ids: [], ...records[0] });
    expect(first).toMatchObject({ session_id: sessions[1], key: 'score-0' });
    expect(first).not.toHaveProperty('run_id');
    // A verdict that is decided again is the same record.
    expect(encoded('2026-11-21T10:00:00.000Z').map(({ ids }) => ids)).toEqual(
      records.map(({ ids }) => ids),
    );
  });
});
