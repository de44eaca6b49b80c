import { describe, expect, it } from '@jest/globals';

import { build, evaluate, said, scoreOf, type Case } from './support.js';

type Row = readonly [config: object, one: Case, wanted: Awaited<ReturnType<typeof said>>];

describe('normalised_match', () => {
  const kind = 'normalised_match';
  it.each<Row>([
    [{}, { output: '  Yes, it  IS! ', expected: 'yes it is' }, [true, true]],
    [{}, { output: 'No.', expected: 'yes' }, [false, false]],
    [{ ignoreCase: false }, { output: 'Yes', expected: 'yes' }, [false, false]],
    [{ punctuation: 'keep' }, { output: 'yes!', expected: 'yes' }, [false, false]],
    [{}, { output: 'café', expected: 'cafe' }, [false, false]],
    [{ accents: 'remove' }, { output: 'café', expected: 'cafe' }, [true, true]],
    // The same letters in another Unicode form, full-width ones included.
    [{}, { output: 'cafe\u0301', expected: 'caf\u00e9' }, [true, true]],
    [{}, { output: 'ＡＢＣ１', expected: 'abc1' }, [true, true]],
    [{}, { output: 'STRASSE', expected: 'straße' }, [true, true]],
    [
      { articles: 'remove' },
      { output: 'The Eiffel Tower', expected: 'eiffel tower' },
      [true, true],
    ],
    [{}, { output: 'The Eiffel Tower', expected: 'eiffel tower' }, [false, false]],
    // Nothing but punctuation is not equal to every other such text.
    [{}, { output: '?!', expected: '...' }, [false, false]],
    [{ articles: 'remove' }, { output: 'a', expected: 'the' }, [false, false]],
    [{}, { output: 'NYC', expected: ['New York', 'nyc'] }, [true, true]],
    [{ path: '/a' }, { output: '{"a":5}', expected: { a: '5' } }, [true, true]],
    [{ path: '/a' }, { output: 'plain', expected: { a: 'x' } }, [false, false]],
    [{}, { output: 'x' }, 'nothing'],
    [{}, { output: 'x', expected: null }, 'nothing'],
    [{ path: '/a' }, { output: 'x', expected: {} }, 'nothing'],
  ])('%j on %j says %j', async (config, one, wanted) => {
    expect(await said({ kind, ...config }, one)).toEqual(wanted);
  });

  it('refuses an object as the expectation: a path was forgotten', async () => {
    const it = await build({ kind });
    await expect(evaluate(it, { output: 'x', expected: { a: 1 } })).rejects.toMatchObject({
      code: 'EVALUATOR_INPUT_INVALID',
    });
  });
});

describe('numeric_match', () => {
  const kind = 'numeric_match';
  it.each<Row>([
    [{}, { output: 5, expected: 5 }, [true, true]],
    [{}, { output: '5.0', expected: 5 }, [true, true]],
    [{}, { output: 5, expected: 5.01 }, [false, false]],
    [{ absolute: 0.01 }, { output: 5, expected: 5.01 }, [true, true]],
    [{ relative: 0.1 }, { output: 109, expected: 100 }, [true, true]],
    [{ relative: 0.1 }, { output: 111, expected: 100 }, [false, false]],
    [{ relative: 0.1 }, { output: -91, expected: -100 }, [true, true]],
    // The larger tolerance holds.
    [{ absolute: 20, relative: 0.1 }, { output: 115, expected: 100 }, [true, true]],
    [{}, { output: 0.1 + 0.2, expected: 0.3 }, [true, true]],
    [{}, { output: '1,234.5', expected: 1234.5 }, [true, true]],
    [{}, { output: '\u22125', expected: -5 }, [true, true]],
    [{}, { output: '1e3', expected: 1000 }, [true, true]],
    [{}, { output: 'about 5', expected: 5 }, [false, false]],
    [{ take: 'first' }, { output: 'about 5 or 6', expected: 5 }, [true, true]],
    [{ take: 'last' }, { output: 'So 3 + 4 = 7.', expected: 7 }, [true, true]],
    [{ take: 'last' }, { output: 'version v2 costs $9 (1.2.3)', expected: 9 }, [true, true]],
    [{ take: 'last' }, { output: 'none', expected: 1 }, [false, false]],
    [{ path: '/n' }, { output: { n: true }, expected: { n: 1 } }, [false, false]],
    [{ path: '/n' }, { output: {}, expected: { n: 1 } }, [false, false]],
    [{}, { output: 5 }, 'nothing'],
  ])('%j on %j says %j', async (config, one, wanted) => {
    expect(await said({ kind, ...config }, one)).toEqual(wanted);
  });

  it('refuses an expectation that is no number', async () => {
    const it = await build({ kind });
    await expect(evaluate(it, { output: 5, expected: 'five' })).rejects.toMatchObject({
      code: 'EVALUATOR_INPUT_INVALID',
    });
  });

  it('reads a megabyte of digits and commas without standing still', async () => {
    const began = performance.now();
    const output = '1,'.repeat(250_000) + '9-'.repeat(100_000);
    expect(await said({ kind, take: 'last' }, { output, expected: 1 })).toEqual([false, false]);
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});

describe('levenshtein and rouge_l', () => {
  it.each<Row>([
    [{ kind: 'levenshtein' }, { output: 'kitten', expected: 'sitting' }, [1 - 3 / 7, undefined]],
    [
      { kind: 'levenshtein', passAt: 0.5 },
      { output: 'kitten', expected: 'sitting' },
      [1 - 3 / 7, true],
    ],
    [{ kind: 'levenshtein', passAt: 0.9 }, { output: 'abc', expected: 'ABC' }, [0, false]],
    [{ kind: 'levenshtein', ignoreCase: true }, { output: 'abc', expected: 'ABC' }, [1, undefined]],
    [{ kind: 'levenshtein' }, { output: 'ab', expected: ['xy', 'ab', 'ax'] }, [1, undefined]],
    [{ kind: 'levenshtein' }, { output: '', expected: '' }, [1, undefined]],
    [{ kind: 'levenshtein', path: '/a' }, { output: {}, expected: { a: 'x' } }, [0, undefined]],
    [{ kind: 'levenshtein' }, { output: 'x' }, 'nothing'],
    [
      { kind: 'rouge_l' },
      { output: 'police killed the gunman', expected: 'police kill the gunman' },
      [0.75, undefined],
    ],
    [
      { kind: 'rouge_l', measure: 'recall', passAt: 1 },
      { output: 'a b c d', expected: 'b d' },
      [1, true],
    ],
    [
      { kind: 'rouge_l', measure: 'precision', passAt: 1 },
      { output: 'a b c d', expected: 'b d' },
      [0.5, false],
    ],
    [{ kind: 'rouge_l' }, { output: 'x', expected: ['', 'x'] }, [1, undefined]],
    [{ kind: 'rouge_l' }, { output: 'x', expected: [] }, 'nothing'],
  ])('%j on %j says %j', async (config, one, wanted) => {
    expect(await said(config, one)).toEqual(wanted);
  });

  it('says which of the expected texts was the nearest', async () => {
    const it = await build({ kind: 'levenshtein', passAt: 0.5 });
    const { comment } = await scoreOf(it, { output: 'ab', expected: ['xy', 'ax'] });
    expect(comment?.reasoning).toBe('0.5 for "ab" against "ax".');
    expect(comment?.passed_items).toEqual(['output']);
  });
});

describe('length', () => {
  const kind = 'length';
  it.each<Row>([
    [{}, { output: 'a👍🏽b' }, [4, undefined]],
    [{ min: 2, max: 4 }, { output: 'abcd' }, [4, true]],
    [{ max: 3 }, { output: 'abcd' }, [4, false]],
    [{ min: 5 }, { output: 'abcd' }, [4, false]],
    [{ unit: 'words', max: 3 }, { output: "It's late, friend." }, [3, true]],
    [{ unit: 'lines' }, { output: 'a\nb\r\nc\n' }, [3, undefined]],
    [{ unit: 'bytes' }, { output: 'é漢' }, [5, undefined]],
    [{ unit: 'tokens' }, { output: 'hello world' }, [2, undefined]],
    [{ unit: 'tokens' }, { output: '<|endoftext|>' }, [7, undefined]],
    [{}, { output: { a: 1 } }, [7, undefined]],
    [{ path: '/a', max: 5 }, { output: {} }, [0, false]],
  ])('%j on %j says %j', async (config, one, wanted) => {
    expect(await said({ kind, ...config }, one)).toEqual(wanted);
  });

  it('refuses bounds that no text is between', async () => {
    await expect(build({ kind, min: 5, max: 4 })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ at: 'evaluators.it.min' }],
    });
  });
});

describe('refusal', () => {
  const kind = 'refusal';
  it.each([
    'I’m sorry, but I can’t help with that.',
    "I can't assist with this request.",
    'I cannot provide medical advice.',
    'Sorry! I am unable to answer that.',
    'Unfortunately, I will not write this.',
    'As an AI language model, I do not have opinions.',
    'Es tut mir leid, aber ich kann dabei nicht helfen.',
    'Ich kann Ihnen damit leider nicht weiterhelfen.',
    'Désolé, je ne peux pas vous aider.',
    'Lo siento, pero no puedo ayudar con eso.',
    'Desculpe, não posso ajudar com isso.',
    'Mi dispiace, ma non posso aiutarti.',
    'Het spijt me, ik kan je daar niet bij helpen.'.replace('daar niet bij', 'niet'),
    'Przykro mi, nie mogę w tym pomóc.',
    '**I cannot help** with that.',
  ])('finds %j', async (output) => {
    expect(await said({ kind }, { output })).toEqual(['refusal', false]);
    expect(await said({ kind, expect: 'refusal' }, { output })).toEqual(['refusal', true]);
  });

  it.each([
    'Hello, I am sorry about the delay. Your parcel leaves tomorrow.',
    'I am sorry that you cannot log in. I have reset your password.',
    'Sorry to hear that! We can help you with the invoice today.',
    'You said "I can\'t help it", and that is fine.',
    'Es tut mir leid, dass Sie nicht weiterkommen. Ich habe es geprüft.',
    'I can help. As for the AI assistant, it is in the menu.',
    'The customer asked whether I will not refuse.',
  ])('takes %j for an answer', async (output) => {
    expect(await said({ kind }, { output })).toEqual(['answer', true]);
  });

  it('takes what the item says, and does not apply where it says nothing', async () => {
    const config = { kind, expectedPath: '/refuse' };
    const output = 'I cannot help with that.';
    expect(await said(config, { output, expected: { refuse: true } })).toEqual(['refusal', true]);
    expect(await said(config, { output, expected: { refuse: false } })).toEqual(['refusal', false]);
    expect(await said(config, { output, expected: {} })).toBe('nothing');
    await expect(said(config, { output, expected: { refuse: 'yes' } })).rejects.toMatchObject({
      code: 'EVALUATOR_INPUT_INVALID',
    });
  });

  it('finds a team’s own phrases anywhere, and takes no text for neither', async () => {
    const config = { kind, phrases: ['outside of my remit'] };
    expect(await said(config, { output: 'Well, that is Outside of my remit.' })).toEqual([
      'refusal',
      false,
    ]);
    expect(await said(config, { output: '  ' })).toEqual(['none', false]);
    expect(await said({ ...config, path: '/a', expect: 'refusal' }, { output: {} })).toEqual([
      'none',
      false,
    ]);
  });

  it('reads hostile text in no time', async () => {
    const began = performance.now();
    for (const piece of ['sorry ', 'sorry, but ', ' ', 'i ', "'"]) {
      await said({ kind }, { output: piece.repeat(200_000) });
    }
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});
