import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { readComment } from '../../../src/cli/trace/score-comment.js';
import { traceText } from '../../../src/cli/trace/trace-text.js';
import { traceTree, type TraceNode } from '../../../src/cli/trace/trace-tree.js';
import type { ObservationView, TraceView } from '../../../src/contracts/trace-view.js';
import { dangerous, hostile } from '../core/text/escape/hostile.js';
import { recorded } from './streams.js';

function observation(
  id: string,
  parentId: string | undefined,
  change: Partial<ObservationView> = {},
): ObservationView {
  return {
    id,
    parentId,
    type: 'SPAN',
    name: id,
    startedAt: '2026-03-02T09:00:00.000Z',
    latencyMs: undefined,
    level: 'DEFAULT',
    statusMessage: undefined,
    model: undefined,
    promptName: undefined,
    promptVersion: undefined,
    inputTokens: undefined,
    outputTokens: undefined,
    totalCost: undefined,
    input: undefined,
    output: undefined,
    ...change,
  };
}

const idsOf = (nodes: readonly TraceNode[]): readonly string[] =>
  nodes.flatMap((node) => [node.observation.id, ...idsOf(node.children)]);

describe('the tree of a trace', () => {
  it('shows every observation exactly once, whatever the parents say', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const parent = fc.option(fc.constantFrom(...ids, 'missing'), { nil: undefined });
    fc.assert(
      fc.property(fc.array(parent, { minLength: 6, maxLength: 6 }), (parents) => {
        const rows = ids.map((id, index) => observation(id, parents[index]));
        expect([...idsOf(traceTree(rows))].sort()).toEqual(ids);
      }),
    );
  });

  it('puts children below their parent in their order', () => {
    const rows = [
      observation('root', undefined),
      observation('x', 'root'),
      observation('y', 'root'),
      observation('x1', 'x'),
    ];
    expect(idsOf(traceTree(rows))).toEqual(['root', 'x', 'x1', 'y']);
  });
});

const trace: TraceView = {
  id: 'trace-1',
  name: 'nightly',
  url: 'http://127.0.0.1:3000/project/p/traces/trace-1',
  observations: [
    observation('root', undefined, { latencyMs: 1_500, input: '{"word":"hello"}' }),
    observation('call', 'root', {
      type: 'GENERATION',
      name: 'target/call/1',
      latencyMs: 812,
      model: 'gpt-4o-mini',
      inputTokens: 1_412,
      outputTokens: 35,
      totalCost: 0.00012,
      promptName: 'triage',
      promptVersion: 3,
    }),
    observation('bad', 'root', { level: 'ERROR', statusMessage: 'the model refused' }),
  ],
  scores: [
    {
      id: 's1',
      name: 'tone',
      value: 0.5,
      dataType: 'NUMERIC',
      comment: JSON.stringify({
        passed_items: ['polite'],
        failed_items: ['names the next step'],
        reasoning: 'one of two\nholds',
        suggestions: ['say what comes next'],
      }),
    },
    { id: 's2', name: 'human', value: true, dataType: 'BOOLEAN', comment: 'fine by me' },
  ],
};

describe('a trace as text', () => {
  it('tells times, model, tokens, cost, prompt, errors and the reasons of scores', () => {
    const text = traceText(trace, recorded().sink, { io: false });
    expect(text).toContain('SPAN root  1.5 s');
    expect(text).toContain(
      '├ GENERATION target/call/1  812 ms  gpt-4o-mini  1,412 → 35 tokens  $0.00012  prompt triage v3',
    );
    expect(text).toContain('ERROR: the model refused');
    expect(text).toContain('    one of two\n    holds\n    ✓ polite\n    ✗ names the next step');
    expect(text).toContain('    → say what comes next');
    expect(text).toContain('    fine by me');
    expect(text).not.toContain('{"word":"hello"}');
  });

  it('shows inputs and outputs only when asked, and cuts them with their length', () => {
    const long = {
      ...trace,
      observations: [observation('a', undefined, { output: 'x'.repeat(5_000) })],
    };
    expect(traceText(trace, recorded().sink, { io: true })).toContain('input: {"word":"hello"}');
    const text = traceText(long, recorded().sink, { io: true });
    expect(text).toContain('… (5,000 characters)');
    expect(text.length).toBeLessThan(1_000);
  });

  it('obeys nothing in texts of the platform', () => {
    for (const text of Object.values(hostile)) {
      const shown = traceText(
        {
          id: text,
          name: text,
          url: text,
          observations: [
            observation('a', undefined, {
              type: text,
              name: text,
              level: 'ERROR',
              statusMessage: text,
              model: text,
              promptName: text,
              input: text,
              output: text,
            }),
          ],
          scores: [{ id: text, name: text, value: text, dataType: text, comment: text }],
        },
        recorded().sink,
        { io: true },
      );
      expect(shown).not.toMatch(dangerous);
    }
  });
});

describe('the comment of a score', () => {
  it.each(['', 'free text', '{', '[]', '{"reasoning":1}', 'null'])(
    'is its reasoning where it is not ours: %j',
    (text) => {
      expect(readComment(text)).toEqual({
        passed_items: [],
        failed_items: [],
        reasoning: text,
        suggestions: [],
      });
    },
  );
});
