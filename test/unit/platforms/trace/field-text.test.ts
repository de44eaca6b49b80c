import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Json } from '../../../../src/core/json/json.js';
import { createFieldTexts } from '../../../../src/platforms/trace/field-text.js';

const fieldText = (value: Json, maxBytes: number) => createFieldTexts().text(value, maxBytes);
const encodedBytes = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2;

describe('a field that is too long', () => {
  it('leaves a text alone that fits exactly', () => {
    const text = '"'.repeat(500);
    expect(fieldText(text, 1_000)).toMatchObject({ text, cut: false });
    expect(fieldText(text, 999).cut).toBe(true);
  });

  it('never exceeds its limit, halves no pair, and says how much is missing', () => {
    const characters = fc.constantFrom('a', '"', '\\', '\u0001', 'ß', '😀', '\n');
    fc.assert(
      fc.property(
        fc.array(characters, { minLength: 300, maxLength: 3_000 }).map((list) => list.join('')),
        fc.integer({ min: 200, max: 2_000 }),
        (text, limit) => {
          const result = fieldText(text, limit);
          expect(encodedBytes(result.text)).toBeLessThanOrEqual(Math.max(limit, 0));
          expect(result.text.isWellFormed()).toBe(true);
          expect(result.cut).toBe(encodedBytes(text) > limit);
          if (result.cut) expect(result.text).toContain(`of ${text.length} characters]`);
        },
      ),
    );
  });
});

describe('the text of a field', () => {
  it('gives texts as they are and all else as JSON, as the SDK does', () => {
    expect(fieldText('4', 100).text).toBe('4');
    expect(fieldText(4, 100).text).toBe('4');
    expect(fieldText({ a: [null] }, 100).text).toBe('{"a":[null]}');
  });
});
