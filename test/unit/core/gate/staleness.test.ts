import { describe, expect, it } from '@jest/globals';

import type { EvaluatorIdentity, Manifest } from '../../../../src/contracts/manifest.js';
import { changedEvaluators, staleReasons } from '../../../../src/core/gate/staleness.js';

type Compared = Pick<Manifest, 'dataset' | 'evaluators' | 'repetitions'>;

const judge = (rubric: string, required = true): EvaluatorIdentity => ({
  name: 'tone',
  kind: 'llm_judge',
  required,
  options: { passAt: 0.5 },
  judge: { model: { provider: 'openai', model: 'small', parameters: {} }, rubric },
});
const judgeOf = (identity: EvaluatorIdentity) => {
  if (identity.judge === undefined) throw new Error('is no judge');
  return identity.judge;
};
const exact: EvaluatorIdentity = {
  name: 'exact',
  kind: 'exact_match',
  required: true,
  options: {},
};

const manifest = (change: Partial<Compared> = {}): Compared => ({
  dataset: { name: 'tickets', itemsHash: 'a'.repeat(64), items: 200 },
  evaluators: [exact, judge('- is polite')],
  repetitions: 1,
  ...change,
});

describe('a base', () => {
  it('is fresh where dataset and evaluators are the same, whatever decides and in which order', () => {
    const head = manifest({ evaluators: [judge('- is polite', false), exact], repetitions: 3 });
    expect(staleReasons(manifest(), head)).toEqual([]);
  });

  it('is fresh where a judge got other anchors: they change none of its scores', () => {
    const plain = judge('- is polite');
    const anchored = {
      ...plain,
      judge: { ...judgeOf(plain), anchors: [{ id: 'a', input: {}, output: 'x', passed: true }] },
    };
    const head = manifest({ evaluators: [exact, anchored] });
    expect(staleReasons(manifest(), head)).toEqual([]);
  });

  it('is stale with the reason where a judge has another rubric', () => {
    const head = manifest({ evaluators: [exact, judge('- is kind')] });
    expect(staleReasons(manifest(), head)).toEqual([
      { at: 'evaluators.tone', message: 'is another now: its rubric changed' },
    ]);
    expect([...changedEvaluators(manifest(), head)]).toEqual(['tone']);
  });

  it('is stale where the head has an evaluator no more, and not where it has one more', () => {
    expect(staleReasons(manifest(), manifest({ evaluators: [exact] }))).toEqual([
      { at: 'evaluators.tone', message: 'gives no scores any more' },
    ]);
    const more = manifest({ evaluators: [exact, judge('- is polite'), { ...exact, name: 'new' }] });
    expect(staleReasons(manifest(), more)).toEqual([]);
  });

  it('is stale where the dataset changed, and says how', () => {
    const items = (itemsHash: string, count: number): Compared =>
      manifest({ dataset: { name: 'tickets', itemsHash: itemsHash.repeat(64), items: count } });
    expect(staleReasons(items('a', 200), items('b', 210))).toEqual([
      {
        at: 'dataset',
        message: 'had 200 items and has 210 (content aaaaaaaa there, bbbbbbbb here)',
      },
    ]);
    expect(staleReasons(items('a', 200), items('b', 200))[0]?.message).toContain(
      'has as many items, but others',
    );
  });
});
