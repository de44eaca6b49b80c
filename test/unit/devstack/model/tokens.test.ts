import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { countTokens, cutToTokens, tokenPieces } from '../../../../src/devstack/model/tokens.js';

describe('the tokenizer', () => {
  it('gives the text again when its pieces are joined, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const pieces = tokenPieces(text);
        expect(pieces.join('')).toBe(text);
        expect(pieces).toHaveLength(countTokens(text));
      }),
    );
  });

  it('counts near to what real tokenizers count for plain prose', () => {
    expect(tokenPieces('Where is order 48213?')).toEqual([
      'Where',
      ' is',
      ' order',
      ' 482',
      '13',
      '?',
    ]);
  });

  it('cuts after the limit, never within an emoji', () => {
    expect(cutToTokens('ab 😀 cd', 3)).toEqual({ text: 'ab 😀', cut: true });
    expect(cutToTokens('ab', 3)).toEqual({ text: 'ab', cut: false });
  });
});
