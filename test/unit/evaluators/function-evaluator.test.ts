import { describe, expect, it } from '@jest/globals';

import type { EvaluatorFunction } from '../../../src/contracts/config.js';
import { AssayError } from '../../../src/core/errors/assay-error.js';
import { build, codeHash, contextOf, evaluate, scoreOf } from './support.js';

// What a team's JavaScript really returns is not bound by our types.
const returning = (value: unknown, scores?: string[]) =>
  build({
    kind: 'function',
    run: () => value,
    ...(scores === undefined ? {} : { scores }),
  });
const one = { output: 'x' };

describe('a function evaluator', () => {
  it.each([
    [0.5, { value: { type: 'NUMERIC', value: 0.5 } }, undefined],
    [true, { value: { type: 'BOOLEAN', value: true } }, true],
    [false, { value: { type: 'BOOLEAN', value: false } }, false],
    ['good', { value: { type: 'CATEGORICAL', value: 'good' } }, undefined],
    [{ value: false, passed: true }, { value: { type: 'BOOLEAN', value: false } }, true],
    [{ value: 3, passed: true }, { value: { type: 'NUMERIC', value: 3 } }, true],
  ])('gives %j as a typed score', async (result, wanted, passed) => {
    const score = await scoreOf(await returning(result), one);
    expect(score).toMatchObject({ name: 'it', evaluator: 'it', ...wanted });
    expect(score.passed).toBe(passed);
  });

  it('brings its reasons into the comment, and has none where it gives none', async () => {
    const result = {
      value: 1,
      reasoning: 'short',
      passedItems: ['a'],
      failedItems: ['b'],
      suggestions: ['c'],
    };
    expect((await scoreOf(await returning(result), one)).comment).toEqual({
      reasoning: 'short',
      passed_items: ['a'],
      failed_items: ['b'],
      suggestions: ['c'],
    });
    expect(await scoreOf(await returning(1), one)).not.toHaveProperty('comment');
  });

  it('does not apply where it returns undefined or an empty list', async () => {
    expect(await evaluate(await returning(undefined), one)).toEqual([]);
    expect(await evaluate(await returning([]), one)).toEqual([]);
  });

  it('names the parts of several scores after itself', async () => {
    const evaluator = await returning(
      [
        { name: 'precision', value: 0.5 },
        { name: 'it', value: true },
      ],
      ['it', 'precision'],
    );
    expect((await evaluate(evaluator, one)).map(({ name }) => name)).toEqual([
      'it.precision',
      'it',
    ]);
  });

  it('takes a score without a name for the only one that is declared', async () => {
    expect((await scoreOf(await returning(1, ['quality']), one)).name).toBe('it.quality');
  });

  it.each([
    ['NaN', Number.NaN],
    ['Infinity', { value: Infinity }],
    ['null', null],
    ['an empty text', ''],
    ['a text too long for a category', 'x'.repeat(501)],
    ['an object without a value', { passed: true }],
    ['a misspelt field', { value: 1, reason: 'x' }],
    ['a function', () => 1],
    ['a bigint', 1n],
    ['a list in a list', [[1]]],
    ['a name that is not declared', { name: 'other', value: 1 }],
    ['two scores of one name', [1, 2]],
  ])('refuses %s', async (_case, result) => {
    await expect(evaluate(await returning(result), one)).rejects.toMatchObject({
      code: 'EVALUATOR_RESULT_INVALID',
    });
  });

  it('says which value is no number', async () => {
    await expect(evaluate(await returning({ value: NaN }), one)).rejects.toThrow(
      'its value is NaN, which is no finite number',
    );
    await expect(evaluate(await returning({ name: 'X', score: -Infinity }), one)).rejects.toThrow(
      'its value is -Infinity, which is no finite number',
    );
  });

  it('refuses a score without a name where several are declared', async () => {
    const evaluator = await returning(1, ['a', 'b']);
    await expect(evaluate(evaluator, one)).rejects.toMatchObject({
      code: 'EVALUATOR_RESULT_INVALID',
    });
  });

  it('turns what it throws into EVALUATOR_FAILED: the message cut, the error itself inside', async () => {
    const thrown = new Error(`bad ${'x'.repeat(5000)}`);
    for (const run of [
      () => {
        throw thrown;
      },
      () => Promise.reject(thrown),
    ]) {
      const error: unknown = await evaluate(await build({ kind: 'function', run }), one).catch(
        (caught: unknown) => caught,
      );
      expect(error).toMatchObject({ code: 'EVALUATOR_FAILED', cause: thrown });
      expect((error as AssayError).message.length).toBeLessThan(600);
      expect(JSON.stringify((error as AssayError).toJSON())).not.toContain('.test.ts');
    }
  });

  it('lets errors of its model calls through as they are', async () => {
    const limited = new AssayError('MODEL_RATE_LIMITED', 'wait', { retryAfterMs: 5000 });
    const run: EvaluatorFunction = async (_evaluation, { models }) => {
      await models.chat({ model: 'small', messages: [] });
      return 1;
    };
    const context = contextOf(() => {
      throw limited;
    });
    const evaluator = await build({ kind: 'function', run });
    await expect(evaluate(evaluator, one, context)).rejects.toBe(limited);
  });

  it('gives the model’s answer without the records behind it', async () => {
    const run: EvaluatorFunction = async (_evaluation, { models }) => {
      const answer = await models.chat({ model: 'small', messages: [] });
      return Object.keys(answer).sort().join(' ');
    };
    const context = contextOf(() => '{}');
    const score = await scoreOf(await build({ kind: 'function', run }), one, context);
    expect(score.value).toEqual({ type: 'CATEGORICAL', value: 'json text' });
  });

  it('raises the reason of an abort, not a failure of the evaluator', async () => {
    const controller = new AbortController();
    const run: EvaluatorFunction = (_evaluation, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('fetch was aborted')));
      });
    const evaluator = await build({ kind: 'function', run });
    const pending = evaluate(evaluator, one, contextOf(undefined, controller.signal));
    controller.abort(new Error('cancelled'));
    await expect(pending).rejects.toThrow('cancelled');
  });

  it('cannot change the stored output', async () => {
    const output = { category: 'bug' };
    const run: EvaluatorFunction = (evaluation) => {
      (evaluation.output as { category: string }).category = 'changed';
      return true;
    };
    await evaluate(await build({ kind: 'function', run }), { output });
    expect(output).toEqual({ category: 'bug' });
  });

  it('is identified by its code, its score names and the models that it may call', async () => {
    expect((await returning(1)).identity).toEqual({
      name: 'it',
      kind: 'function',
      required: true,
      options: { scores: ['it'] },
      code: codeHash,
      models: {
        small: {
          provider: 'openai',
          model: 'gpt-4o-mini',
          parameters: { seed: 1, temperature: 1 },
        },
      },
      implementation: 1,
    });
  });
});
