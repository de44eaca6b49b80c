import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { escapeHtml } from '../../../../../src/core/text/escape/html.js';
import { visible } from '../../../../../src/core/text/escape/visible.js';
import { anyText, hostile } from './hostile.js';

const decoded: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&#96;': '`',
  '&amp;': '&',
};

describe('text in HTML', () => {
  it('opens no tag, leaves no attribute and decodes to what it was', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const written = escapeHtml(text);
        expect(written).not.toMatch(/[<>"'`]/);
        const read = written.replace(
          /&(?:lt|gt|quot|#39|#96|amp);/g,
          (entity) => decoded[entity] ?? '',
        );
        expect(read).toBe(visible(text));
      }),
    );
  });

  it('shows a closing script tag as text', () => {
    expect(escapeHtml(hostile.script)).toContain('&lt;/script&gt;');
  });

  it('does not take an entity of the text for one of its own', () => {
    expect(escapeHtml('&lt;')).toBe('&amp;lt;');
  });
});
