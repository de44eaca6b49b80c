import { describe, expect, it } from '@jest/globals';

import type { EvaluatorConfig } from '../../../src/contracts/config.js';
import type { ScoreRecord } from '../../../src/contracts/records.js';
import { AssayError } from '../../../src/core/errors/assay-error.js';
import { buildEvaluators } from '../../../src/evaluators/build-evaluators.js';
import { withParts } from '../../../src/evaluators/parts.js';
import type { Evaluator, EvaluatorContext, PartOutcome } from '../../../src/evaluators/port.js';
import type { HttpCallRequest } from '../../../src/models/http-call.js';
import { build, codeHash, contextOf, evaluate, models, parse, said, scoreOf } from './support.js';

describe('an HTTP evaluator', () => {
  const kind = 'http';
  const url = 'https://judge.example.com/score?key=secret';
  const answering = (answer: unknown, asked: HttpCallRequest[] = []): EvaluatorContext => ({
    ...contextOf(),
    http: {
      request: (request) => {
        asked.push(request);
        if (answer instanceof Error) return Promise.reject(answer);
        return Promise.resolve(typeof answer === 'string' ? answer : JSON.stringify(answer));
      },
    },
  });

  it('posts the case and takes the score', async () => {
    const asked: HttpCallRequest[] = [];
    const it = await build({
      kind,
      url,
      headers: { authorization: 'env:KEY' },
      costPerRequestUsd: 0.01,
    });
    const one = { input: { q: 1 }, output: 'x', expected: 'y', metadata: { lang: 'en' } };
    const answer = { value: 0.25, passed: false, reasoning: 'too short', failedItems: ['length'] };
    expect(await scoreOf(it, one, answering(answer, asked))).toEqual({
      name: 'it',
      evaluator: 'it',
      value: { type: 'NUMERIC', value: 0.25 },
      passed: false,
      comment: {
        passed_items: [],
        failed_items: ['length'],
        reasoning: 'too short',
        suggestions: [],
      },
    });
    expect(asked).toMatchObject([
      {
        name: 'it',
        url,
        method: 'POST',
        headers: { authorization: 'env:KEY' },
        body: { input: { q: 1 }, output: 'x', expected: 'y', metadata: { lang: 'en' } },
        costPerRequestUsd: 0.01,
      },
    ]);
    await scoreOf(it, { output: 'x' }, answering(1, asked));
    expect(Object.keys(asked[1]?.body as object)).toEqual(['input', 'output', 'metadata']);
  });

  it.each([
    ['a number', 0.5, [0.5, true]],
    ['a truth', false, [false, false]],
    ['a category', '"polite"', ['polite', undefined]],
    [
      'the shape of autoevals',
      { name: 'X', score: 0.2, metadata: { rationale: 'why' } },
      [0.2, false],
    ],
    ['null where it does not apply', null, 'nothing'],
    ['an empty list', [], 'nothing'],
  ])('takes %s', async (_what, answer, wanted) => {
    expect(await said({ kind, url, passAt: 0.5 }, { output: 'x' }, answering(answer))).toEqual(
      wanted,
    );
  });

  it.each([
    ['no JSON', 'fine', 'EVALUATOR_RESULT_INVALID'],
    ['no score', { verdict: 'good' }, 'EVALUATOR_RESULT_INVALID'],
    ['a score of another name', { name: 'other', value: 1 }, 'EVALUATOR_RESULT_INVALID'],
    ['too late', new AssayError('TARGET_TIMEOUT', 'late'), 'EVALUATOR_TIMEOUT'],
    ['not at all', new AssayError('TARGET_FAILED', 'refused'), 'EVALUATOR_FAILED'],
    ['from a forbidden address', new AssayError('ADDRESS_FORBIDDEN', 'no'), 'ADDRESS_FORBIDDEN'],
    [
      'with a wait, which stays one',
      new AssayError('EVALUATOR_RATE_LIMITED', 'later', { retryAfterMs: 5_000 }),
      'EVALUATOR_RATE_LIMITED',
    ],
  ])('fails where it answers %s', async (_what, answer, code) => {
    await expect(said({ kind, url }, { output: 'x' }, answering(answer))).rejects.toMatchObject({
      code,
    });
  });

  it('keeps keys out of its identity', async () => {
    const { identity } = await build({
      kind,
      url,
      headers: { 'x-api-key': 'abc', 'x-tenant': 'acme' },
    });
    expect(JSON.stringify(identity)).not.toMatch(/secret|abc|acme/);
    expect(identity.sees).toEqual(['metadata']);
    const other = await build({
      kind,
      url: `${url}2`,
      headers: { 'x-api-key': 'abc', 'x-tenant': 'acme' },
    });
    expect(other.identity).not.toEqual(identity);
  });
});

describe('a scorer of the shape of autoevals', () => {
  const kind = 'scorer';
  const returning = (result: unknown) => ({ kind, run: () => Promise.resolve(result) });

  it('gets input, output, expected, metadata and its own arguments', async () => {
    let got: unknown;
    const run = (args: never) => {
      got = args;
      return { name: 'Closeness', score: 0.75, metadata: { rationale: 'Nearly.', choice: 'B' } };
    };
    const it = await build({ kind, run, path: '/reply', args: { criteria: 'kind' }, passAt: 0.7 });
    const score = await scoreOf(it, {
      input: { q: 'hi' },
      output: { reply: 'a' },
      expected: { reply: 'b' },
      metadata: { lang: 'en' },
    });
    expect(got).toEqual({
      input: { q: 'hi' },
      output: 'a',
      expected: 'b',
      metadata: { lang: 'en' },
      criteria: 'kind',
    });
    expect(score).toEqual({
      name: 'it',
      evaluator: 'it',
      value: { type: 'NUMERIC', value: 0.75 },
      passed: true,
      comment: {
        passed_items: [],
        failed_items: [],
        reasoning: 'Nearly.\nchoice: B',
        suggestions: [],
      },
    });
  });

  it('does not apply where its score is null', async () => {
    expect(await said(returning({ name: 'X', score: null }), { output: 'x' })).toBe('nothing');
    expect(await said(returning(undefined), { output: 'x' })).toBe('nothing');
    const picky = { ...returning({ name: 'X', score: 1 }), judgeWithoutExpected: false };
    expect(await said(picky, { output: 'x' })).toBe('nothing');
    expect(await said(picky, { output: 'x', expected: 'y' })).toEqual([1, undefined]);
  });

  it.each([
    ['NaN', { name: 'X', score: Number.NaN }, 'EVALUATOR_RESULT_INVALID'],
    ['a text for a score', { name: 'X', score: 'good' }, 'EVALUATOR_RESULT_INVALID'],
    [
      'an error that it caught',
      { name: 'X', score: 0, error: new Error('no key') },
      'EVALUATOR_FAILED',
    ],
  ])('refuses %s', async (_what, result, code) => {
    await expect(said(returning(result), { output: 'x' })).rejects.toMatchObject({ code });
  });

  it('says what it threw', async () => {
    const run = () => Promise.reject(new Error('no key'));
    await expect(said({ kind, run }, { output: 'x' })).rejects.toMatchObject({
      code: 'EVALUATOR_FAILED',
      message: '"it" threw: no key',
    });
  });

  it('is taken from a function evaluator as well, together with a threshold', async () => {
    const run = () => ({ name: 'X', score: 0.4, metadata: {} });
    expect(await said({ kind: 'function', run, passAt: 0.4 }, { output: 'x' })).toEqual([
      0.4,
      true,
    ]);
    const several = { kind: 'function', run: () => [{ name: 'a', score: 1 }], scores: ['a', 'b'] };
    expect((await evaluate(await build(several), { output: 'x' })).map(({ name }) => name)).toEqual(
      ['it.a'],
    );
  });
});

const score = (name: string, value: number | boolean | string, passed?: boolean): PartOutcome => {
  const types = { number: 'NUMERIC', boolean: 'BOOLEAN', string: 'CATEGORICAL' } as const;
  const record = {
    name,
    evaluator: name.split('.')[0] ?? name,
    value: { type: types[typeof value as keyof typeof types], value },
    ...(passed === undefined ? {} : { passed }),
  } as ScoreRecord;
  return { scores: [record] };
};

const buildAll = (configs: Record<string, object>, names = Object.keys(configs)) =>
  buildEvaluators({
    configs: Object.fromEntries(Object.entries(configs).map(([name, one]) => [name, parse(one)])),
    names,
    models,
    codeHash,
    readText: () => Promise.reject(new Error('no file')),
  });

describe('a composite', () => {
  const parts = {
    a: { kind: 'exact_match' },
    b: { kind: 'levenshtein', passAt: 0.5 },
    c: { kind: 'retrieval', retrieved: '/r', relevant: '/r', k: 3 },
  };
  const composite = async (config: object): Promise<Evaluator> => {
    const [built] = await buildAll({ ...parts, it: { kind: 'composite', ...config } }, ['it']);
    if (built === undefined) throw new Error('nothing was built');
    return built;
  };
  const outcomes = new Map<string, PartOutcome>([
    ['a', score('a', true, true)],
    ['b', score('b', 0.25, false)],
    ['c', score('c.recall_at_3', 0.5)],
  ]);
  const valueOf = async (config: object, of = outcomes) => {
    const [one] = await evaluate(await composite(config), { output: 'x', parts: of });
    return one === undefined ? 'nothing' : [one.value.value, one.passed];
  };

  it.each([
    [{ mode: 'weighted_mean', of: ['a', 'b'] }, [0.625, undefined]],
    [{ mode: 'weighted_mean', of: { a: 3, b: 1 }, passAt: 0.8 }, [0.8125, true]],
    [{ mode: 'weighted_mean', of: { a: 1, b: 1, 'c.recall_at_3': 2 } }, [0.5625, undefined]],
    [{ mode: 'all', of: ['a', 'b'] }, [false, false]],
    [{ mode: 'any', of: ['a', 'b'] }, [true, true]],
    [{ mode: 'any', of: ['b'], not: true }, [true, true]],
  ])('%j is %j', async (config, wanted) => {
    expect(await valueOf(config)).toEqual(wanted);
  });

  it('leaves out what does not apply, with its weight, and says so', async () => {
    const some = new Map<string, PartOutcome>([
      ['a', { scores: [] }],
      ['b', score('b', 0.25, false)],
    ]);
    expect(await valueOf({ mode: 'weighted_mean', of: { a: 9, b: 1 } }, some)).toEqual([
      0.25,
      undefined,
    ]);
    expect(await valueOf({ mode: 'all', of: ['a'] }, some)).toBe('nothing');
    const [one] = await evaluate(await composite({ mode: 'all', of: ['a', 'b'] }), {
      output: 'x',
      parts: some,
    });
    expect(one?.comment?.reasoning).toContain('Not applying: a.');
  });

  it.each(['all', 'any', 'weighted_mean'])(
    'abstains where a part of %s abstained or was never asked, also turned round: nobody said that the whole passed',
    async (mode) => {
      const one: PartOutcome = {
        scores: [{ name: 'b.abstained', evaluator: 'b', value: { type: 'BOOLEAN', value: true } }],
      };
      const asked = new Map<string, PartOutcome>([
        ['a', score('a', true, true)],
        ['b', one],
      ]);
      const unasked = new Map([['a', score('a', true, true)]]);
      for (const parts of [asked, unasked]) {
        for (const not of mode === 'weighted_mean' ? [false] : [false, true]) {
          const made = await evaluate(await composite({ mode, of: ['a', 'b'], not }), {
            output: 'x',
            parts,
          });
          expect(made).toMatchObject([{ name: 'it.abstained', evaluator: 'it' }]);
          expect(made[0]?.comment?.reasoning).toContain('b');
        }
      }
    },
  );

  it('fails where a part failed: a mean of what is left would be another score', async () => {
    const failure = new AssayError('EVALUATOR_TIMEOUT', 'it took too long').toJSON();
    const some = new Map<string, PartOutcome>([...outcomes, ['b', { failure }]]);
    await expect(valueOf({ mode: 'weighted_mean', of: ['a', 'b'] }, some)).rejects.toMatchObject({
      code: 'EVALUATOR_FAILED',
      message: expect.stringContaining('it took too long'),
    });
  });

  it('refuses to ask whether a score passed that does not say', async () => {
    await expect(valueOf({ mode: 'all', of: ['c.recall_at_3'] })).rejects.toMatchObject({
      code: 'EVALUATOR_INPUT_INVALID',
    });
  });

  it('lists everything that is wrong with it at once', async () => {
    const configs = {
      ...parts,
      none: { kind: 'composite', mode: 'all', of: ['gone', 'c', 'a', 'a'] },
      weights: { kind: 'composite', mode: 'any', of: { a: 2 }, passAt: 0.5 },
      one: { kind: 'composite', mode: 'all', of: ['two', 'a'] },
      two: { kind: 'composite', mode: 'all', of: ['a', 'one'] },
      self: { kind: 'composite', mode: 'all', of: ['self'] },
      empty: { kind: 'composite', mode: 'weighted_mean', of: {} },
    };
    await expect(buildAll(configs)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [
        { at: 'evaluators.none.of', message: 'No evaluator of the config gives a score "gone".' },
        { at: 'evaluators.none.of', mend: expect.stringContaining('c.precision_at_3') },
        { at: 'evaluators.none.of', message: '"a" is named twice.' },
        { at: 'evaluators.weights.of' },
        { at: 'evaluators.weights.passAt' },
        { at: 'evaluators.one.of', message: '"two" is made of "one" in turn.' },
        { at: 'evaluators.two.of', message: '"one" is made of "two" in turn.' },
        { at: 'evaluators.self.of' },
        { at: 'evaluators.empty.of' },
      ],
    });
  });

  it('is another evaluator once a part is, and sees what its parts see', async () => {
    const plain = await composite({ mode: 'all', of: ['a'] });
    const of = { kind: 'composite', mode: 'all', of: ['a'] };
    const identity = async (a: object) =>
      (await buildAll({ a, it: of }, ['it'])).map((each) => each.identity)[0];
    expect(await identity({ kind: 'exact_match' })).toEqual(plain.identity);
    expect(await identity({ kind: 'exact_match', trim: false })).not.toEqual(plain.identity);
    // Whether a part is required decides no score.
    expect(await identity({ kind: 'exact_match', required: false })).toEqual(plain.identity);
    const own = await identity({ kind: 'function', run: () => 1 });
    expect(own?.sees).toEqual(['metadata']);
    expect((await identity({ kind: 'latency', maxMs: 5 }))?.sees).toEqual(['figures']);
  });

  it('brings its parts into a run, before itself and each once', () => {
    const configs: Record<string, EvaluatorConfig> = {
      a: parse({ kind: 'exact_match' }),
      'a.b': parse({ kind: 'exact_match' }),
      m: parse({ kind: 'composite', mode: 'all', of: ['a', 'a.b.c'] }),
      top: parse({ kind: 'composite', mode: 'weighted_mean', of: { m: 1, a: 2 } }),
    };
    expect(withParts(['top', 'a'], configs)).toEqual(['a', 'a.b', 'm', 'top']);
    expect(withParts(['gone', 'a'], configs)).toEqual(['gone', 'a']);
  });
});

describe('an evaluator turned round', () => {
  it.each([
    [{ kind: 'contains', text: 'secret', not: true }, 'no word of it', [true, true]],
    [{ kind: 'contains', text: 'secret', not: true }, 'the secret', [false, false]],
    [{ kind: 'levenshtein', passAt: 0.9, not: true }, 'copy', [false, false]],
    [{ kind: 'levenshtein', passAt: 0.9, not: true }, 'original', [true, true]],
    // A missing answer is no good one.
    [{ kind: 'contains', path: '/a', text: 'secret', not: true }, 'text', [false, false]],
  ])('%j on %j says %j', async (config, output, wanted) => {
    expect(await said(config, { output, expected: 'copy' })).toEqual(wanted);
  });

  it('does not apply where the plain one does not, and has an identity of its own', async () => {
    expect(await said({ kind: 'exact_match', not: true }, { output: 'x' })).toBe('nothing');
    const plain = await build({ kind: 'exact_match' });
    const turned = await build({ kind: 'exact_match', not: true });
    expect(turned.identity.options).toEqual({ ...plain.identity.options, not: true });
  });

  it('refuses a score that neither passes nor fails', async () => {
    await expect(
      said({ kind: 'levenshtein', not: true }, { output: 'x', expected: 'y' }),
    ).rejects.toMatchObject({ code: 'EVALUATOR_RESULT_INVALID' });
  });
});
