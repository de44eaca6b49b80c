import { describe, expect, it } from '@jest/globals';

import { build, evaluate, scoreOf, type Case } from './support.js';

const passes = async (config: object, one: Case): Promise<boolean> =>
  (await scoreOf(await build({ kind: 'contains', ...config }), one)).passed === true;

describe('contains', () => {
  it('wants all texts, any or none of them', async () => {
    const text = ['refund', 'receipt'];
    const cases = [
      ['all', 'Your refund and receipt', true],
      ['all', 'Your refund', false],
      ['any', 'Your refund', true],
      ['any', 'Hello', false],
      ['none', 'Hello', true],
      ['none', 'Your refund', false],
    ] as const;
    for (const [mode, output, wanted] of cases) {
      expect([mode, output, await passes({ text, mode }, { output })]).toEqual([
        mode,
        output,
        wanted,
      ]);
    }
  });

  it('says which texts were found', async () => {
    const evaluator = await build({ kind: 'contains', text: ['refund', 'receipt'] });
    const { comment } = await scoreOf(evaluator, { output: 'A refund' });
    expect(comment).toMatchObject({ passed_items: ['refund'], failed_items: ['receipt'] });
    const none = await build({ kind: 'contains', text: ['refund', 'receipt'], mode: 'none' });
    expect((await scoreOf(none, { output: 'A refund' })).comment).toMatchObject({
      passed_items: ['receipt'],
      failed_items: ['refund'],
    });
  });

  it('counts in a comment what is too much to list', async () => {
    const text = Array.from({ length: 60 }, (_unused, at) => `text ${at}.`);
    const { comment } = await scoreOf(await build({ kind: 'contains', text }), { output: 'x' });
    expect(comment?.failed_items).toHaveLength(51);
    expect(comment?.failed_items.at(-1)).toBe('… and 10 more');
  });

  it('takes the texts from what the item expects', async () => {
    expect(await passes({}, { output: 'order 42 is late', expected: ['order', 42] })).toBe(true);
    expect(await passes({ path: '/a' }, { output: { a: 'xyz' }, expected: { a: 'y' } })).toBe(true);
  });

  it('does not apply where nothing is expected', async () => {
    const evaluator = await build({ kind: 'contains' });
    expect(await evaluate(evaluator, { output: 'a' })).toEqual([]);
    expect(await evaluate(evaluator, { output: 'a', expected: [] })).toEqual([]);
    expect(await evaluate(evaluator, { output: 'a', expected: '' })).toEqual([]);
    expect(await evaluate(evaluator, { output: 'a', expected: null })).toEqual([]);
  });

  it('ignores case unless told otherwise', async () => {
    expect(await passes({ text: 'REFUND' }, { output: 'refund' })).toBe(true);
    expect(await passes({ text: 'REFUND', ignoreCase: false }, { output: 'refund' })).toBe(false);
  });

  it('looks into the values of JSON, not into its keys or punctuation', async () => {
    const output = { reply: 'say "hi"', tags: ['a', { deep: 7 }] };
    expect(await passes({ text: 'say "hi"' }, { output })).toBe(true);
    expect(await passes({ text: '7' }, { output })).toBe(true);
    expect(await passes({ text: 'reply' }, { output })).toBe(false);
    expect(await passes({ text: '","' }, { output })).toBe(false);
  });

  it('fails an output with nothing at the path in every mode', async () => {
    for (const mode of ['all', 'any', 'none']) {
      expect(await passes({ text: 'x', mode, path: '/a' }, { output: {} })).toBe(false);
      expect(await passes({ text: 'x', mode, path: '/a' }, { output: 'plain' })).toBe(false);
    }
  });

  it('refuses an expected object instead of passing it over', async () => {
    const evaluator = await build({ kind: 'contains' });
    await expect(evaluate(evaluator, { output: 'a', expected: { a: 1 } })).rejects.toMatchObject({
      code: 'EVALUATOR_FAILED',
    });
  });

  it('refuses an empty text in the config', async () => {
    await expect(build({ kind: 'contains', text: ['a', ''] })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ at: 'evaluators.it.text' }],
    });
  });
});
