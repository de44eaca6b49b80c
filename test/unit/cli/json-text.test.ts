import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { jsonText } from '../../../src/cli/io/json-text.js';
import { anyText, dangerous } from '../core/text/escape/hostile.js';

describe('JSON for machines', () => {
  it('is one line that no terminal obeys, and reads back the same', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = jsonText({ text });
        expect(json).not.toMatch(dangerous);
        expect(json).not.toContain('\n');
        expect(JSON.parse(json)).toEqual({ text });
      }),
    );
  });

  it('writes amounts in bigint as text', () => {
    expect(jsonText({ pico: 12n })).toBe('{"pico":"12"}');
  });
});
