import { describe, expect, it } from '@jest/globals';

import { terminalLine, terminalText } from '../../../../../src/core/text/escape/terminal.js';
import { hostile } from './hostile.js';

describe('text on a terminal', () => {
  it('sets no colour, title, link or cursor', () => {
    const written = terminalText(hostile.ansi);
    expect(written).not.toContain('\u001b');
    expect(written).not.toContain('\u009b');
    expect(written).toContain('␛[31mred');
  });

  it('cannot write over its own line', () => {
    expect(terminalLine(hostile.carriage)).toBe('real line ⏎ fake line␈␈');
  });

  it('keeps lines and tabs where lines are asked for', () => {
    expect(terminalText('a\n\tb')).toBe('a\n\tb');
    expect(terminalLine('a\n\tb')).toBe('a ⏎  b');
  });
});
