import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Json } from '../../../src/core/json/json.js';
import { build, evaluate, scoreOf } from './support.js';

const passes = async (config: object, one: { output: Json; expected: Json }): Promise<boolean> =>
  (await scoreOf(await build({ kind: 'exact_match', ...config }), one)).passed === true;

describe('exact_match', () => {
  it('gives a BOOLEAN score with the same truth as passed', async () => {
    const evaluator = await build({ kind: 'exact_match' });
    expect(await scoreOf(evaluator, { output: 'a', expected: 'a' })).toEqual({
      name: 'it',
      evaluator: 'it',
      value: { type: 'BOOLEAN', value: true },
      passed: true,
      comment: {
        passed_items: ['output'],
        failed_items: [],
        reasoning: 'Equal to "a".',
        suggestions: [],
      },
    });
    const failed = await scoreOf(evaluator, { output: 'b', expected: 'a' });
    expect(failed).toMatchObject({ value: { type: 'BOOLEAN', value: false }, passed: false });
    expect(failed.comment).toMatchObject({
      failed_items: ['output'],
      reasoning: 'Expected "a", got "b".',
    });
  });

  it('does not apply where the item expects nothing, or nothing at the path', async () => {
    const whole = await build({ kind: 'exact_match' });
    const part = await build({ kind: 'exact_match', path: '/category' });
    expect(await evaluate(whole, { output: 'a' })).toEqual([]);
    expect(await evaluate(part, { output: { category: 'x' } })).toEqual([]);
    expect(await evaluate(part, { output: { category: 'x' }, expected: { urgency: 1 } })).toEqual(
      [],
    );
    expect(await evaluate(part, { output: { category: 'x' }, expected: 'x' })).toEqual([]);
  });

  it('takes null for a value that can be expected', async () => {
    expect(await passes({ path: '/a' }, { output: { a: null }, expected: { a: null } })).toBe(true);
    expect(await passes({ path: '/a' }, { output: {}, expected: { a: null } })).toBe(false);
  });

  it('compares JSON whatever the order of its keys, and lists by their order', async () => {
    const expected = { a: 1, b: [1, 2] };
    expect(await passes({}, { output: { b: [1, 2], a: 1 }, expected })).toBe(true);
    expect(await passes({}, { output: { b: [2, 1], a: 1 }, expected })).toBe(false);
  });

  it('trims and folds every text inside JSON, as the options say', async () => {
    const one = { output: { a: [' Billing\n'] }, expected: { a: ['billing'] } };
    expect(await passes({}, one)).toBe(false);
    expect(await passes({ ignoreCase: true }, one)).toBe(true);
    expect(await passes({ ignoreCase: true, trim: false }, one)).toBe(false);
  });

  it('never folds keys', async () => {
    expect(await passes({ ignoreCase: true }, { output: { A: 1 }, expected: { a: 1 } })).toBe(
      false,
    );
  });

  it('reads a text output as JSON where JSON is expected of it', async () => {
    expect(await passes({}, { output: '{"a": 1}', expected: { a: 1 } })).toBe(true);
    expect(await passes({}, { output: '5', expected: 5 })).toBe(true);
    expect(await passes({}, { output: 5, expected: '5' })).toBe(true);
    expect(await passes({ path: '/a' }, { output: '{"a": "x"}', expected: { a: 'x' } })).toBe(true);
  });

  it('keeps types apart inside JSON', async () => {
    expect(await passes({ path: '/a' }, { output: { a: 5 }, expected: { a: '5' } })).toBe(false);
    expect(await passes({}, { output: { a: 5 }, expected: { a: '5' } })).toBe(false);
  });

  it('fails text that is no JSON with the reason, and never mends it', async () => {
    const evaluator = await build({ kind: 'exact_match', path: '/category' });
    const output = '```json\n{"category": "billing"}\n```';
    const score = await scoreOf(evaluator, { output, expected: { category: 'billing' } });
    expect(score.passed).toBe(false);
    expect(score.comment?.reasoning).toBe(
      'The output is text, not JSON, so it has nothing at /category. Expected "billing".',
    );
  });

  it('names the places that differ', async () => {
    const evaluator = await build({ kind: 'exact_match' });
    const score = await scoreOf(evaluator, {
      output: { a: 1, 'x/y': { z: 2 }, extra: true },
      expected: { a: 1, 'x/y': { z: 1 }, gone: 0 },
    });
    expect(score.comment?.failed_items).toEqual([
      '/x~1y/z',
      '/gone (missing)',
      '/extra (not expected)',
    ]);
  });

  it('cuts values in comments, never inside a surrogate pair', async () => {
    const evaluator = await build({ kind: 'exact_match' });
    const score = await scoreOf(evaluator, { output: '😀'.repeat(5000), expected: 'x' });
    const reasoning = score.comment?.reasoning ?? '';
    expect(reasoning.length).toBeLessThan(260);
    expect(reasoning.isWellFormed()).toBe(true);
  });

  it('holds every JSON value equal to itself', async () => {
    const evaluator = await build({ kind: 'exact_match' });
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const one = { output: value as Json, expected: structuredClone(value) as Json };
        expect((await scoreOf(evaluator, one)).passed).toBe(true);
      }),
    );
  });
});
