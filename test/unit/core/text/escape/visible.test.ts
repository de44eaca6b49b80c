import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  ciText,
  githubMessage,
  githubProperty,
} from '../../../../../src/core/text/escape/ci-command.js';
import { csvCell } from '../../../../../src/core/text/escape/csv.js';
import { escapeHtml } from '../../../../../src/core/text/escape/html.js';
import {
  markdownCellCode,
  markdownCode,
  markdownFence,
  markdownLink,
  markdownText,
} from '../../../../../src/core/text/escape/markdown.js';
import { terminalLine, terminalText } from '../../../../../src/core/text/escape/terminal.js';
import { visible, visibleLine } from '../../../../../src/core/text/escape/visible.js';
import { escapeXml } from '../../../../../src/core/text/escape/xml.js';
import { anyText, dangerous, hostile, large } from './hostile.js';

const writers: Readonly<Record<string, (text: string) => string>> = {
  visible,
  visibleLine,
  markdownText,
  markdownCode,
  markdownCellCode,
  markdownFence,
  markdownLink: (text) => markdownLink(text, text),
  escapeHtml,
  escapeXml,
  csvCell,
  terminalLine,
  terminalText,
  ciText,
  githubMessage,
  githubProperty,
};

describe('every channel', () => {
  it.each(Object.entries(writers))(
    '%s writes well-formed text without controls or reordering marks',
    (_, write) => {
      fc.assert(
        fc.property(anyText, (text) => {
          const written = write(text);
          expect(written.isWellFormed()).toBe(true);
          expect(written).not.toMatch(dangerous);
        }),
        { numRuns: 300 },
      );
    },
  );

  it.each(Object.entries(writers))(
    '%s takes half a megabyte in well under a second',
    (_, write) => {
      const worst = [large, '`'.repeat(524_288), ' '.repeat(524_288), '\n'.repeat(524_288)];
      for (const text of [...worst, '::'.repeat(262_144), '##['.repeat(174_762)]) {
        const start = process.cpuUsage();
        write(text);
        const { user } = process.cpuUsage(start);
        expect(user).toBeLessThan(1_000_000);
      }
    },
  );
});

describe('what cannot be seen', () => {
  it('is shown, not dropped', () => {
    expect(visible(hostile.nul)).toBe('before␀after');
    expect(visible('\u001b[31m')).toBe('␛[31m');
    expect(visible('\u007f\u009b')).toBe('␡\\u{9b}');
    expect(visible('a\u202eb')).toBe('a\\u{202e}b');
    expect(visible('\ud800')).toBe('\ufffd');
    expect(visible('pay\u200bpal \ufeff\u00ad')).toBe('pay\\u{200b}pal \\u{feff}\\u{ad}');
    expect(visible('a\u{e0101}b')).toBe('a\\u{e0101}b');
  });

  it('leaves ordinary text of all scripts alone, emoji of several code points included', () => {
    const text = 'Grüße, 日本語, עברית, العربية, हिन्दी, 👩‍👩‍👧 — “quotes”\n\tindented';
    expect(visible(text)).toBe(text);
  });

  it('on one line has its line ends shown', () => {
    expect(visibleLine('a\r\nb\rc\nd\te')).toBe('a ⏎ b ⏎ c ⏎ d e');
  });
});
