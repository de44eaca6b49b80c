import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  markdownCellCode,
  markdownCode,
  markdownFence,
  markdownLink,
  markdownText,
} from '../../../../../src/core/text/escape/markdown.js';
import { visible, visibleLine } from '../../../../../src/core/text/escape/visible.js';
import { anyText, hostile } from './hostile.js';

const unescapedMarkup = /(?<!\\)(?:\\\\)*[`*_[\]<|~$]/;

describe('prose in markdown', () => {
  it('holds no markup, on one line', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const written = markdownText(text);
        expect(written).not.toMatch(unescapedMarkup);
        expect(written).not.toContain('\n');
      }),
    );
  });

  it('begins no heading, quote, list or rule', () => {
    for (const start of ['# a', '> a', '- a', '+ a', '1. a', '23) a', '===', '---', ': a']) {
      expect(markdownText(start)).toMatch(/^(?:\\|\d+\\)/);
    }
  });

  it('calls nobody and refers to no issue', () => {
    expect(markdownText(hostile.mention)).toBe('@&#8203;octocat fixes #&#8203;12 and GH-&#8203;34');
  });

  it('makes no link of an address', () => {
    expect(markdownText(hostile.autolink)).toBe(
      'see https\\://x.example/?a=1 and www\\.x.example and a@&#8203;x.example',
    );
  });

  it('reads as it is where it is plain', () => {
    const plain = "The reply is polite (mostly), and it's short: good!";
    expect(markdownText(plain)).toBe(plain);
  });
});

describe('a code span', () => {
  it('cannot be left by any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const written = markdownCode(text);
        if (written === '*(empty)*') {
          expect(visibleLine(text).trim()).toBe('');
          return;
        }
        // CommonMark: the span ends at the next run of exactly as many backticks.
        const fence = /^`+/.exec(written)?.[0] ?? '';
        const inner = written.slice(fence.length, -fence.length);
        const runs = [...inner.matchAll(/`+/g)].map((run) => run[0].length);
        expect(runs).not.toContain(fence.length);
        expect(written.endsWith(fence)).toBe(true);
        expect(inner.startsWith('`') || inner.endsWith('`')).toBe(false);
        expect(inner).not.toContain('\n');
        const stripped = /^ .* $/.test(inner) && inner.trim() !== '' ? inner.slice(1, -1) : inner;
        expect(stripped).toBe(visibleLine(text));
      }),
    );
  });

  it('in a table holds no pipe', () => {
    expect(markdownCellCode(hostile.pipes)).not.toContain('|');
  });
});

describe('a fenced block', () => {
  it('holds its text and cannot be left by any', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const lines = markdownFence(text, 'json').split('\n');
        const fence = (lines[0] ?? '').replace(/json$/, '');
        expect(fence).toMatch(/^`{3,}$/);
        expect(lines.at(-1)).toBe(fence);
        const body = lines.slice(1, -1);
        for (const line of body) {
          expect(/^ {0,3}(`+)\s*$/.exec(line)?.[1]?.length ?? 0).toBeLessThan(fence.length);
        }
        expect(body.join('\n')).toBe(visible(text));
      }),
    );
  });
});

describe('a link', () => {
  it('goes to http(s) only', () => {
    for (const address of [
      'javascript:alert(1)',
      ' javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'vbscript:x',
      'not an address',
      'https://',
    ]) {
      expect(markdownLink('trace', address)).toBe('trace');
    }
  });

  it('cannot be ended by its address', () => {
    const written = markdownLink('trace', 'https://x.example/a>) [b](c)|`d\\e');
    expect(written).toMatch(/^\[trace\]\(<https:\/\/x\.example\/[^<>|`\\\s]*>\)$/);
  });

  it('keeps an ordinary address as it is', () => {
    const url = 'https://langfuse.example.com/project/p1/traces/abc?x=1&y=2#top';
    expect(markdownLink('trace', url)).toBe(`[trace](<${url}>)`);
  });
});
