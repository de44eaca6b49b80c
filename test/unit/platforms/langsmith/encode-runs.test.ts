import { describe, expect, it } from '@jest/globals';

import { onlySpans } from '../../../../src/platforms/otlp-subset.js';
import { cell, judgeCall, targetCall } from '../langfuse/cell-fixture.js';
import { encode, entryNamed, metadataOf, runsIn, sessions } from './run-fixture.js';

const timeOf = (id: string): number => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);

describe('the runs of a cell', () => {
  it('are the same bytes each time, and other ones for another revision', () => {
    expect(encode().spans).toEqual(encode().spans);
    const other = encode({ revision: 2 }).spans;
    expect(other.ids.some((id) => encode().spans.ids.includes(id))).toBe(false);
  });

  it('have ids of version 7 whose time is their start', () => {
    for (const { run } of runsIn(encode().spans)) {
      expect(run.id).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
      expect(timeOf(run.id)).toBe(Date.parse(run.start_time.replace(/\d{3}Z$/, 'Z')));
    }
  });

  it('stand below each other by dotted orders whose last part is their own', () => {
    const runs = runsIn(encode().spans).map(({ run }) => run);
    const byId = new Map(runs.map((run) => [run.id, run]));
    for (const run of runs) {
      const own = `${run.start_time.replaceAll(/[-:.]/g, '')}${run.id}`;
      const parent = byId.get(run.parent_run_id ?? '');
      expect(run.dotted_order).toBe(parent === undefined ? own : `${parent.dotted_order}.${own}`);
      expect(run.trace_id).toBe(encode().spans.traceId);
    }
    expect(runs.filter((run) => run.parent_run_id === undefined)).toHaveLength(1);
  });

  it('never begin before what they stand below, though a call is older than its cell', () => {
    const old = { ...targetCall, startedAt: '2026-11-20T09:00:00.000Z', replayed: true };
    const { spans } = encode({ calls: [old, judgeCall] });
    const root = entryNamed(spans, 'triage-nightly');
    const call = entryNamed(spans, 'gpt-4o-mini');
    expect(call.run.start_time >= root.run.start_time).toBe(true);
    expect(metadataOf(call)).toMatchObject({ 'assay.called_at': '2026-11-20T09:00:00.000Z' });
    const [first, second] = [call.run.start_time, call.run.end_time];
    expect(second >= first).toBe(true);
  });

  it('name the session of the repetition and, on the root alone, the example', () => {
    const entries = runsIn(encode({ repetition: 2 }).spans);
    expect(new Set(entries.map(({ run }) => run.session_id))).toEqual(new Set([sessions[1]]));
    expect(entries.filter(({ run }) => run.reference_example_id !== undefined)).toHaveLength(1);
  });

  it('show model, usage and cost by the names that LangSmith reads', () => {
    const call = entryNamed(encode().spans, 'gpt-4o-mini');
    expect(call.run.run_type).toBe('llm');
    expect(call.inputs).toEqual({ messages: targetCall.input });
    expect(call.outputs).toEqual({ messages: [targetCall.output] });
    expect(call.extra['invocation_params']).toEqual({ model: 'gpt-4o-mini', temperature: 0.2 });
    expect(call.events).toEqual([{ name: 'new_token', time: targetCall.firstTokenAt }]);
    expect(metadataOf(call)).toMatchObject({
      ls_provider: 'openai',
      ls_model_name: 'gpt-4o-mini',
      ls_model_type: 'chat',
      revision_id: 'v7',
      environment: 'ci',
      usage_metadata: {
        input_tokens: 100,
        output_tokens: 20,
        total_tokens: 120,
        input_token_details: { cache_read: 60 },
        output_token_details: { reasoning: 5 },
        total_cost: 0.000_027,
      },
    });
  });

  it.each([
    ['target_error', 'target_error: TARGET_FAILED: It threw.'],
    ['skipped', undefined],
  ] as const)('say why a cell ended as %s', (status, said) => {
    const error = {
      code: 'TARGET_FAILED',
      title: 'The target threw',
      message: 'It threw.',
      problems: [],
    } as const;
    const { output: _none, ...without } = cell;
    const { spans } = encode({
      ...without,
      status,
      ...(status === 'target_error' ? { error } : {}),
      scores: [],
      calls: [],
    });
    expect(entryNamed(spans, 'triage-nightly').error).toBe(said);
  });

  it('put what is no object under a name, since the server takes nothing else', () => {
    const { spans } = encode({ output: ['a', 'b'] });
    expect(entryNamed(spans, 'triage-nightly').outputs).toEqual({ output: ['a', 'b'] });
  });

  it('are made to fit a request, and say what was cut and made well-formed', () => {
    const long = 'x'.repeat(3_000_000);
    const { spans } = encode({
      output: { text: `${long}\uD800` },
      calls: Array.from({ length: 5 }, () => ({ ...targetCall, output: long })),
    });
    expect(Buffer.byteLength(spans.body)).toBeLessThan(5_000_000);
    const marks = metadataOf(entryNamed(spans, 'triage-nightly'));
    expect(marks).toMatchObject({ 'assay.cut': 'output', 'assay.sanitised': true });
    expect(spans.body.isWellFormed()).toBe(true);
  });

  it('can be taken apart by their ids, as the publisher does to send what is missing', () => {
    const { spans } = encode();
    const wanted = spans.ids.slice(1, 3);
    const part = JSON.parse(onlySpans(spans.body, new Set(wanted))) as readonly {
      readonly spanId: string;
    }[];
    expect(part.map(({ spanId }) => spanId)).toEqual(wanted);
  });
});
