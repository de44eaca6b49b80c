import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Json } from '../../../../src/core/json/json.js';
import { wellFormed, wellFormedJson } from '../../../../src/core/text/well-formed.js';

// Any UTF-16 units, halves of pairs and NUL included.
const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0, 0xd83d, 0xde00)))
  .map((units) => String.fromCharCode(...units));

describe('wellFormed', () => {
  it('replaces a high half without its low half', () => {
    expect(wellFormed('a\uD83Db')).toEqual({ text: 'a\uFFFDb', changed: true });
  });

  it('replaces a low half without its high half', () => {
    expect(wellFormed('\uDE00')).toEqual({ text: '\uFFFD', changed: true });
  });

  it('replaces NUL', () => {
    expect(wellFormed('a\0b')).toEqual({ text: 'a\uFFFDb', changed: true });
  });

  it('leaves a whole pair and all other characters alone and says so', () => {
    const text = 'naïve 😀 \u0001 \uFFFD';
    expect(wellFormed(text)).toEqual({ text, changed: false });
  });

  it('gives, for any text, a well-formed one of equal length that it leaves alone the second time', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const once = wellFormed(text);
        expect(once.text.isWellFormed()).toBe(true);
        expect(once.text).not.toContain('\0');
        expect(once.text).toHaveLength(text.length);
        expect(once.changed).toBe(once.text !== text);
        expect(wellFormed(once.text)).toEqual({ text: once.text, changed: false });
      }),
    );
  });
});

describe('wellFormedJson', () => {
  it('reaches texts and keys at any depth', () => {
    expect(wellFormedJson({ 'k\0': [{ deep: '\uD800' }], n: 1 })).toEqual({
      value: { 'k\uFFFD': [{ deep: '\uFFFD' }], n: 1 },
      changed: true,
    });
  });

  it('gives an untouched value back uncopied', () => {
    const value: Json = { a: ['x', null, true, 1.5] };
    expect(wellFormedJson(value)).toEqual({ value, changed: false });
    expect(wellFormedJson(value).value).toBe(value);
  });

  it('loses no member when two keys become equal', () => {
    const { value } = wellFormedJson({ 'a\0': 1, 'a\uD800': 2, 'a\uFFFD': 3 });
    expect(Object.values(value as object)).toEqual([1, 2, 3]);
  });

  it('keeps a member named __proto__', () => {
    const { value } = wellFormedJson(JSON.parse('{"__proto__":"\\u0000"}') as Json);
    expect(JSON.stringify(value)).toBe('{"__proto__":"\uFFFD"}');
  });
});
