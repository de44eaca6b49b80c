import { describe, expect, it } from '@jest/globals';

import { contextOf, build, evaluate, models, said, scoreOf, type Case } from './support.js';
import type { EmbedRequest } from '../../../src/models/port.js';
import type { EvaluatorContext } from '../../../src/evaluators/port.js';

type Row = readonly [config: object, one: Case, wanted: Awaited<ReturnType<typeof said>>];
const figures = { latencyMs: 1234.5, costPico: 2_500_000_000n, calls: [] };

describe('latency and cost', () => {
  it.each<Row>([
    [{ kind: 'latency' }, { output: 'x', target: figures }, [1234.5, undefined]],
    [{ kind: 'latency', maxMs: 1234.5 }, { output: 'x', target: figures }, [1234.5, true]],
    [{ kind: 'latency', maxMs: 1000 }, { output: 'x', target: figures }, [1234.5, false]],
    [{ kind: 'cost' }, { output: 'x', target: figures }, [0.0025, undefined]],
    [{ kind: 'cost', maxUsd: 0.0025 }, { output: 'x', target: figures }, [0.0025, true]],
    [{ kind: 'cost', maxUsd: 0.002 }, { output: 'x', target: figures }, [0.0025, false]],
    [{ kind: 'cost', maxUsd: 0 }, { output: 'x', target: { ...figures, costPico: 0n } }, [0, true]],
  ])('%j on a cell with %j says %j', async (config, one, wanted) => {
    expect(await said(config, one)).toEqual(wanted);
  });

  it('take an unknown price for an error, never for nothing', async () => {
    const unknown = { ...figures, costPico: undefined };
    await expect(said({ kind: 'cost' }, { output: 'x', target: unknown })).rejects.toMatchObject({
      code: 'EVALUATOR_INPUT_INVALID',
      mend: expect.stringContaining('price'),
    });
  });

  it('say that their scores hang on the cell and not on the output alone', async () => {
    expect((await build({ kind: 'latency' })).identity.sees).toEqual(['figures']);
    expect((await build({ kind: 'cost' })).identity.sees).toEqual(['figures']);
  });
});

describe('embedding_similarity', () => {
  const kind = 'embedding_similarity';
  const asked: EmbedRequest[] = [];
  const contextWith = (vectors: Record<string, readonly number[]>): EvaluatorContext => ({
    ...contextOf(),
    models: {
      ...contextOf().models,
      embed: (request) => {
        asked.push(request);
        const list = [request.input].flat().map((text) => vectors[text] ?? []);
        return Promise.resolve({ vectors: list, record: undefined as never });
      },
    },
  });
  const vectors = {
    out: [3, 4],
    near: [6, 8],
    far: [-4, 3],
    back: [-3, -4],
    zero: [0, 0],
    long: [1, 2, 3],
  };

  it.each<Row>([
    [{}, { output: 'out', expected: 'near' }, [1, undefined]],
    [{ passAt: 0.5 }, { output: 'out', expected: 'far' }, [0, false]],
    [{}, { output: 'out', expected: 'back' }, [-1, undefined]],
    [{ passAt: 0.9 }, { output: 'out', expected: ['far', 'near'] }, [1, true]],
    [{ path: '/a' }, { output: { a: 'out' }, expected: { a: 'near' } }, [1, undefined]],
  ])('%j on %j says %j', async (config, one, wanted) => {
    expect(await said({ kind, model: 'small', ...config }, one, contextWith(vectors))).toEqual(
      wanted,
    );
  });

  it('asks once for the output and all expected texts', async () => {
    asked.length = 0;
    const config = { kind, model: 'small', parameters: { dimensions: 2 } };
    await said(config, { output: 'out', expected: ['far', 'near'] }, contextWith(vectors));
    expect(asked).toMatchObject([
      { model: 'small', input: ['out', 'far', 'near'], parameters: { dimensions: 2 } },
    ]);
  });

  it('calls nothing for an empty output, or where nothing is expected', async () => {
    const config = { kind, model: 'small', passAt: 0.5 };
    expect(await said(config, { output: ' ', expected: 'near' })).toEqual([0, false]);
    expect(await said({ ...config, path: '/a' }, { output: {}, expected: { a: 'x' } })).toEqual([
      0,
      false,
    ]);
    expect(await said(config, { output: 'out' })).toBe('nothing');
    expect(await said(config, { output: 'out', expected: '' })).toBe('nothing');
  });

  it.each(['zero', 'long', 'unknown'])(
    'refuses vectors that cannot be compared (%s)',
    async (expected) => {
      await expect(
        said({ kind, model: 'small' }, { output: 'out', expected }, contextWith(vectors)),
      ).rejects.toMatchObject({ code: 'EVALUATOR_RESULT_INVALID' });
    },
  );

  it('names the model in its identity, and refuses one that is not there', async () => {
    const { identity } = await build({ kind, model: 'small', parameters: { dimensions: 2 } });
    expect(identity.models).toEqual({
      asked: {
        provider: 'openai',
        model: 'gpt-4o-mini',
        parameters: { ...models['small']?.parameters, dimensions: 2 },
      },
    });
    await expect(build({ kind, model: 'none' })).rejects.toMatchObject({
      problems: [{ at: 'evaluators.it.model', mend: 'Known models: small.' }],
    });
  });
});

describe('retrieval', () => {
  const config = { kind: 'retrieval', retrieved: '/ids', relevant: '/relevant' };
  const scores = async (more: object, one: Case): Promise<Record<string, unknown>> =>
    Object.fromEntries(
      (await evaluate(await build({ ...config, ...more }), one)).map(({ name, value, passed }) => [
        name,
        passed === undefined ? value.value : [value.value, passed],
      ]),
    );

  it('gives each measure at each cutoff', async () => {
    const one = { output: { ids: ['x', 'a', 'b'] }, expected: { relevant: ['a', 'b', 'c', 'd'] } };
    expect(await scores({ k: [1, 2] }, one)).toEqual({
      'it.precision_at_1': 0,
      'it.precision_at_2': 0.5,
      'it.recall_at_1': 0,
      'it.recall_at_2': 0.25,
      'it.mrr': 0.5,
      'it.ndcg_at_1': 0,
      'it.ndcg_at_2': expect.closeTo(1 / Math.log2(3) / (1 + 1 / Math.log2(3)), 12),
    });
    expect(await scores({ k: 2, metrics: ['recall'], passAt: { recall_at_2: 0.25 } }, one)).toEqual(
      {
        'it.recall_at_2': [0.25, true],
      },
    );
  });

  it.each([
    ['a list of ids', ['a', 'b']],
    ['objects with ids', [{ id: 'a' }, { id: 'b', grade: 1 }]],
    ['grades by id', { a: 1, b: 1, c: 0 }],
  ])('reads what is relevant from %s', async (_form, relevant) => {
    const output = { ids: [{ id: 'b', score: 0.9 }, 'c'] };
    expect(
      await scores({ k: 2, metrics: ['recall', 'precision'] }, { output, expected: { relevant } }),
    ).toEqual({
      'it.recall_at_2': 0.5,
      'it.precision_at_2': 0.5,
    });
  });

  it('weighs grades, linearly or exponentially', async () => {
    const one = { output: { ids: ['low', 'high'] }, expected: { relevant: { low: 1, high: 3 } } };
    const linear = (1 + 3 / Math.log2(3)) / (3 + 1 / Math.log2(3));
    const exponential = (1 + 7 / Math.log2(3)) / (7 + 1 / Math.log2(3));
    expect(await scores({ k: 2, metrics: ['ndcg'] }, one)).toEqual({
      'it.ndcg_at_2': expect.closeTo(linear, 12),
    });
    expect(await scores({ k: 2, metrics: ['ndcg'], gain: 'exponential' }, one)).toEqual({
      'it.ndcg_at_2': expect.closeTo(exponential, 12),
    });
  });

  it('scores 0 where nothing was retrieved, and does not apply where nothing is relevant', async () => {
    const more = { k: 1, metrics: ['recall'] };
    const expected = { relevant: ['a'] };
    for (const output of [{}, { ids: [] }, { ids: null }, 'text']) {
      expect(await scores(more, { output, expected })).toEqual({ 'it.recall_at_1': 0 });
    }
    for (const nothing of [{}, { relevant: [] }, { relevant: { a: 0 } }]) {
      expect(await scores(more, { output: { ids: ['a'] }, expected: nothing })).toEqual({});
    }
  });

  it.each<[string, Case]>([
    ['ids that are no list', { output: { ids: 'a' }, expected: { relevant: ['a'] } }],
    ['entries without an id', { output: { ids: [{ name: 'a' }] }, expected: { relevant: ['a'] } }],
    ['grades that are no numbers', { output: { ids: [] }, expected: { relevant: { a: 'high' } } }],
    ['negative grades', { output: { ids: [] }, expected: { relevant: { a: -1 } } }],
    ['a text for relevant ids', { output: { ids: [] }, expected: { relevant: 'a' } }],
  ])('refuses %s', async (_what, one) => {
    await expect(scores({}, one)).rejects.toMatchObject({ code: 'EVALUATOR_INPUT_INVALID' });
  });

  it('refuses a threshold for a score that it does not give', async () => {
    await expect(
      build({ ...config, k: 3, metrics: ['recall'], passAt: { recall_at_5: 1, ndcg: 1 } }),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [
        { at: 'evaluators.it.passAt.recall_at_5', mend: 'Its scores are recall_at_3.' },
        { at: 'evaluators.it.passAt.ndcg' },
      ],
    });
  });
});

describe('classification', () => {
  const kind = 'classification';
  it.each<Row>([
    [{}, { output: 'bug', expected: 'bug' }, ['bug', true]],
    [{}, { output: 'refund', expected: 'bug' }, ['refund', false]],
    [{ path: '/c' }, { output: '{"c":" bug "}', expected: { c: 'bug' } }, ['bug', true]],
    [
      { path: '/c', ignoreCase: true },
      { output: { c: 'Bug' }, expected: { c: 'BUG' } },
      ['bug', true],
    ],
    [{ path: '/c' }, { output: 'prose', expected: { c: 'bug' } }, ['(no label)', false]],
    [{ path: '/c' }, { output: { c: { d: 1 } }, expected: { c: 'bug' } }, ['(no label)', false]],
    [{}, { output: 'x'.repeat(61), expected: 'bug' }, ['(no label)', false]],
    [{}, { output: true, expected: true }, ['true', true]],
    [{ path: '/c' }, { output: { c: 'bug' }, expected: {} }, 'nothing'],
    [{}, { output: 'bug', expected: null }, 'nothing'],
  ])('%j on %j says %j', async (config, one, wanted) => {
    expect(await said({ kind, ...config }, one)).toEqual(wanted);
  });

  it('names the expected label alone, from which the figures of the run are counted', async () => {
    const right = await scoreOf(await build({ kind }), { output: 'bug', expected: 'bug' });
    expect(right.comment).toMatchObject({ passed_items: ['bug'], failed_items: [] });
    const wrong = await scoreOf(await build({ kind }), { output: 'x', expected: 'bug' });
    expect(wrong.comment).toMatchObject({ passed_items: [], failed_items: ['bug'] });
  });

  it('refuses an expectation that is no label', async () => {
    const it = await build({ kind });
    for (const expected of [{ c: 'bug' }, 'x'.repeat(61), '']) {
      await expect(evaluate(it, { output: 'bug', expected })).rejects.toMatchObject({
        code: 'EVALUATOR_INPUT_INVALID',
      });
    }
  });
});
