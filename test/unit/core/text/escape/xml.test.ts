import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { escapeXml } from '../../../../../src/core/text/escape/xml.js';
import { anyText, hostile } from './hostile.js';

// XML 1.0, production 2 (Char).
const notChar = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

describe('text in XML 1.0', () => {
  it('holds only characters that XML allows, and no markup', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const written = escapeXml(text);
        expect(written).not.toMatch(notChar);
        expect(written).not.toMatch(/[<>"'\n\t]/);
        expect(written).not.toMatch(/&(?!(?:amp|lt|gt|quot|apos|#10|#9);)/);
      }),
    );
  });

  it('shows what XML forbids even as a reference', () => {
    expect(escapeXml('\u0001\u000b\ufffe\uffff')).toBe('␁␋\ufffd\ufffd');
  });

  it('neither ends nor opens a CDATA section', () => {
    expect(escapeXml(hostile.xmlIllegal)).not.toMatch(/\]\]>|<!\[CDATA/);
  });
});
