import { describe, expect, it } from '@jest/globals';

import type { CallRecord } from '../../../src/contracts/records.js';
import type { Json } from '../../../src/core/json/json.js';
import { build, evaluate, said, scoreOf, type Case } from './support.js';

type Row = readonly [config: object, one: Case, wanted: Awaited<ReturnType<typeof said>>];

describe('json_valid', () => {
  const kind = 'json_valid';
  it.each<Row>([
    [{}, { output: '{"a":1}' }, [true, true]],
    [{}, { output: '"text"' }, [true, true]],
    [{}, { output: { a: 1 } }, [true, true]],
    [{}, { output: 'Here you are: {"a":1}' }, [false, false]],
    [{}, { output: '```json\n{}\n```' }, [false, false]],
    [{}, { output: '' }, [false, false]],
    [{ type: 'object' }, { output: '{"a":1}' }, [true, true]],
    [{ type: 'object' }, { output: '[1]' }, [false, false]],
    [{ type: 'array' }, { output: [1] }, [true, true]],
    [{ type: 'array' }, { output: 'null' }, [false, false]],
    [{ path: '/a' }, { output: { a: '{"b":2}' } }, [true, true]],
    [{ path: '/a' }, { output: {} }, [false, false]],
  ])('%j on %j says %j', async (config, one, wanted) => {
    expect(await said({ kind, ...config }, one)).toEqual(wanted);
  });
});

describe('json_diff', () => {
  const kind = 'json_diff';
  const expected = { name: 'Ada', age: 36, tags: ['x', 'y'], address: { city: 'London' } };
  it.each<Row>([
    [{}, { output: expected, expected }, [1, true]],
    [{}, { output: JSON.stringify(expected), expected }, [1, true]],
    [{}, { output: { ...expected, age: 37 }, expected }, [0.8, false]],
    [{ passAt: 0.8 }, { output: { ...expected, age: 37 }, expected }, [0.8, true]],
    [{ tolerance: 1 }, { output: { ...expected, age: 37 }, expected }, [1, true]],
    [{}, { output: { ...expected, more: 1 }, expected }, [5 / 6, false]],
    [{ extra: 'ignore' }, { output: { ...expected, more: 1 }, expected }, [1, true]],
    [
      { ignore: ['/address', '/tags/1'] },
      { output: { name: 'Ada', age: 36, tags: ['x', 'z'] }, expected },
      [1, true],
    ],
    [{}, { output: { tags: [] }, expected: { tags: {} } }, [0, false]],
    [{}, { output: { a: null }, expected: { a: null } }, [1, true]],
    [{}, { output: 'text', expected }, [0, false]],
    [{}, { output: 5, expected: 5 }, [1, true]],
    [{ path: '/address' }, { output: { address: { city: 'Paris' } }, expected }, [0, false]],
    [{ path: '/address' }, { output: {}, expected }, [0, false]],
    [{}, { output: {} }, 'nothing'],
    [{ ignore: [''] }, { output: {}, expected }, 'nothing'],
  ])('%j on %j says %j', async (config, one, wanted) => {
    expect(await said({ kind, ...config }, one)).toEqual(wanted);
  });

  it('lists each field with what was expected and what came', async () => {
    const { comment } = await scoreOf(await build({ kind }), {
      output: { name: 'Ada', age: 37, 'a/b': 1 },
      expected: { name: 'Ada', age: 36, tags: ['x'] },
    });
    expect(comment).toMatchObject({
      passed_items: ['/name'],
      failed_items: ['/age (expected 36, got 37)', '/tags/0 (missing)', '/a~1b (not expected: 1)'],
      reasoning: '1 of 4 fields are equal.',
    });
  });
});

describe('json_schema', () => {
  it.each([
    ['https://schemas.example.com/ticket.json', 'https'],
    ['file:///etc/passwd', 'file'],
  ])('refuses a $ref to %s and fetches nothing', async ($ref) => {
    const schema = { type: 'object', properties: { a: { $ref } } };
    await expect(build({ kind: 'json_schema', schema })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [
        {
          at: 'evaluators.it.schema',
          message: `The schema refers to ${$ref}, and nothing is fetched from elsewhere.`,
          mend: expect.stringContaining('$defs'),
        },
      ],
    });
  });

  it('takes a $ref that stays inside, also by an $id that looks like an address', async () => {
    const schema = {
      $id: 'https://schemas.example.com/root.json',
      $defs: { id: { $id: 'id.json', type: 'integer' } },
      properties: { a: { $ref: '#/$defs/id' }, b: { $ref: 'id.json' } },
    };
    const it = await build({ kind: 'json_schema', schema });
    expect((await scoreOf(it, { output: { a: 1, b: 2 } })).passed).toBe(true);
    expect((await scoreOf(it, { output: { a: 1, b: 'x' } })).passed).toBe(false);
  });
});

describe('tool_calls', () => {
  const kind = 'tool_calls';
  const a = { name: 'search', args: { q: 'tea', n: 3 } };
  const b = { name: 'open', args: { id: 7 } };
  const c = { name: 'close', args: {} };
  const calls = (...list: Json[]): Json => ({ tool_calls: list });
  it.each<Row>([
    [{}, { output: calls(a, b), expected: calls(a, b) }, [true, true]],
    [{}, { output: calls(b, a), expected: calls(a, b) }, [false, false]],
    [{}, { output: calls(a, c, b), expected: calls(a, b) }, [false, false]],
    [{ mode: 'in_order' }, { output: calls(a, c, b), expected: calls(a, b) }, [true, true]],
    [{ mode: 'in_order' }, { output: calls(b, a), expected: calls(a, b) }, [false, false]],
    [{ mode: 'any_order' }, { output: calls(b, c, a), expected: calls(a, b) }, [true, true]],
    [{ mode: 'any_order' }, { output: calls(b), expected: calls(a, b) }, [false, false]],
    [{ mode: 'same_set' }, { output: calls(b, a), expected: calls(a, b) }, [true, true]],
    [{ mode: 'same_set' }, { output: calls(b, a, c), expected: calls(a, b) }, [false, false]],
    [{ mode: 'subset' }, { output: calls(b), expected: calls(a, b) }, [true, true]],
    [{ mode: 'subset' }, { output: calls(c), expected: calls(a, b) }, [false, false]],
    // Twice the same call is two calls.
    [{ mode: 'same_set' }, { output: calls(a), expected: calls(a, a) }, [false, false]],
    [
      {},
      { output: calls({ name: 'search', args: { n: 3, q: 'tea' } }), expected: calls(a) },
      [true, true],
    ],
    [
      {},
      { output: calls({ name: 'search', args: { q: 'tea' } }), expected: calls(a) },
      [false, false],
    ],
    [
      { args: 'subset' },
      { output: calls(a), expected: calls({ name: 'search', args: { q: 'tea' } }) },
      [true, true],
    ],
    [
      { args: 'subset' },
      { output: calls({ name: 'search', args: {} }), expected: calls(a) },
      [false, false],
    ],
    [
      { args: 'ignore' },
      { output: calls({ name: 'search', args: 5 }), expected: calls(a) },
      [true, true],
    ],
    // The first call that fits is not always the right one.
    [
      { mode: 'same_set', args: 'subset' },
      {
        output: calls(a, { name: 'search', args: {} }),
        expected: calls({ name: 'search', args: {} }, a),
      },
      [true, true],
    ],
    // An empty list says that no tool must be called; no list says nothing.
    [{}, { output: 'Hello', expected: calls() }, [true, true]],
    [{}, { output: calls(a), expected: calls() }, [false, false]],
    [{}, { output: 'Hello', expected: calls(a) }, [false, false]],
    [{}, { output: calls(a), expected: {} }, 'nothing'],
    [{ path: '/steps', expectedPath: '' }, { output: { steps: [a] }, expected: [a] }, [true, true]],
  ])('%j on %j says %j', async (config, one, wanted) => {
    expect(await said({ kind, ...config }, one)).toEqual(wanted);
  });

  it.each<[string, Json]>([
    [
      'OpenAI',
      { id: '1', type: 'function', function: { name: 'search', arguments: '{"q":"tea","n":3}' } },
    ],
    ['Anthropic', { type: 'tool_use', id: '1', name: 'search', input: { q: 'tea', n: 3 } }],
    ['the AI SDK', { toolCallId: '1', toolName: 'search', input: { q: 'tea', n: 3 } }],
    ['LangChain', { name: 'search', args: { q: 'tea', n: 3 }, id: '1' }],
  ])('reads the calls of %s', async (_library, call) => {
    expect(await said({ kind }, { output: calls(call), expected: calls(a) })).toEqual([true, true]);
  });

  it('names what is missing and what nobody expected', async () => {
    const { comment } = await scoreOf(await build({ kind }), {
      output: calls(a, c),
      expected: calls(a, b),
    });
    expect(comment).toMatchObject({
      passed_items: ['search({"q":"tea","n":3})'],
      failed_items: ['missing: open({"id":7})', 'not expected: close({})'],
    });
  });

  it('reads the calls in the model answers of the trace, and says where there is none at hand', async () => {
    const call = (output: Json): CallRecord => ({
      path: 'target/call/1',
      kind: 'chat',
      purpose: 'target',
      provider: 'openai',
      model: 'm',
      parameters: {},
      input: null,
      output,
      startedAt: '',
      endedAt: '',
    });
    const asked = {
      content: '',
      tool_calls: [{ function: { name: 'open', arguments: '{"id":7}' } }],
    };
    const target = { latencyMs: 1, costPico: 0n, calls: [call('text'), call(asked)] };
    const config = { kind, from: 'trace' };
    const one = { output: 'done', expected: calls(b) };
    expect(await said(config, { ...one, target })).toEqual([true, true]);
    await expect(
      said(config, { ...one, target: { ...target, calls: undefined } }),
    ).rejects.toMatchObject({ code: 'EVALUATOR_INPUT_INVALID' });
    expect((await build(config)).identity.sees).toEqual(['calls']);
  });

  it('refuses what is no list of calls', async () => {
    const it = await build({ kind });
    for (const one of [
      { output: calls(5), expected: calls(a) },
      { output: { tool_calls: 'search' }, expected: calls(a) },
      { output: calls(a), expected: { tool_calls: { a: 1 } } },
    ]) {
      await expect(evaluate(it, one)).rejects.toMatchObject({ code: 'EVALUATOR_INPUT_INVALID' });
    }
    const many = calls(...Array.from({ length: 501 }, () => a));
    await expect(evaluate(it, { output: many, expected: calls(a) })).rejects.toMatchObject({
      code: 'EVALUATOR_INPUT_TOO_LARGE',
    });
  });
});
