import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { diffWords, type Stretch } from '../../../../src/core/report/html/diff.js';

const whole = (stretches: readonly Stretch[]): string => stretches.map(({ text }) => text).join('');
const changed = (stretches: readonly Stretch[]): readonly string[] =>
  stretches.filter((each) => each.changed).map(({ text }) => text);

describe('the difference of two texts', () => {
  it('is in the words that differ', () => {
    const diff = diffWords(
      'We send the money back within ten days.',
      'We send the whole money back in ten days.',
    );
    expect(changed(diff?.left ?? [])).toEqual(['within']);
    expect(changed(diff?.right ?? [])).toEqual(['whole ', 'in']);
  });

  it('keeps both texts, and what is not marked is the same on both sides', () => {
    const words = fc.array(
      fc.constantFrom('the', 'a', 'reply', 'is', 'late', '.', '\n', '日', ' '),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(words, words, (a, b) => {
        const [left, right] = [a.join(' '), b.join(' ')];
        const diff = diffWords(left, right);
        if (diff === undefined) return;
        expect(whole(diff.left)).toBe(left);
        expect(whole(diff.right)).toBe(right);
        const wordsOf = (stretches: readonly Stretch[]): string =>
          stretches
            .filter((each) => !each.changed)
            .map(({ text }) => text.replace(/[^\p{L}]/gu, ''))
            .join('');
        expect(wordsOf(diff.left)).toBe(wordsOf(diff.right));
      }),
    );
  });

  it('of equal texts marks nothing', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const diff = diffWords(text, text);
        expect(changed(diff?.left ?? [])).toEqual([]);
      }),
    );
  });

  it('is not given where hardly a word is common, nor for texts of thousands of words', () => {
    expect(diffWords('one two three four', 'five six seven eight')).toBeUndefined();
    const long = 'word '.repeat(5_000);
    const start = process.cpuUsage();
    expect(diffWords(long, `${long}end`)).toBeUndefined();
    expect(process.cpuUsage(start).user).toBeLessThan(500_000);
  });

  it('takes no second for the worst texts that it accepts', () => {
    const text = (seed: number): string =>
      Array.from({ length: 550 }, (_, i) => `w${(i * i * seed) % 97}`).join(' ');
    const start = process.cpuUsage();
    diffWords(text(7), text(13));
    expect(process.cpuUsage(start).user).toBeLessThan(1_000_000);
  });
});
