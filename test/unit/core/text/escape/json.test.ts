import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { harmlessJson } from '../../../../../src/core/text/escape/json.js';
import { anyText, dangerous, hostile } from './hostile.js';

describe('JSON text', () => {
  it('holds nothing that a terminal obeys, and reads back the same', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = harmlessJson(JSON.stringify({ [text]: text }));
        expect(json).not.toMatch(dangerous);
        expect(JSON.parse(json)).toEqual({ [text]: text });
      }),
    );
  });

  it('does not end the script of a page that it is pasted into', () => {
    const json = harmlessJson(JSON.stringify([hostile.script, hostile.htmlComment]));
    expect(json).not.toMatch(/<[/!]/);
    expect(JSON.parse(json)).toEqual([hostile.script, hostile.htmlComment]);
  });

  it('keeps the line ends of an indented document', () => {
    expect(harmlessJson('{\n  "a": "\u009b31m\u202e"\n}\n')).toBe(
      '{\n  "a": "\\u009b31m\\u202e"\n}\n',
    );
  });
});
