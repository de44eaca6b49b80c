import { remembering } from './remembering.js';

// The same pattern for text without any other letter; a tenth of the time.
const asciiWord = /[a-z0-9]+(?:'[a-z]+)?/g;
const wordPattern = /[\p{L}\p{N}]+(?:['’][\p{L}]+)?/gu;
// eslint-disable-next-line no-control-regex
const ascii = /^[\x00-\x7f]*$/;
// Scripts that put no spaces between words.
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}ー]/u;
const segmenter = new Intl.Segmenter('ja', { granularity: 'word' });

const unfoldable: Readonly<Record<string, string>> = {
  ß: 'ss',
  ı: 'i',
  ł: 'l',
  ø: 'o',
  æ: 'ae',
  œ: 'oe',
  đ: 'd',
};

/** Lower case without diacritics, full-width forms made plain: what two spellings of a word share. */
export const fold = (text: string): string => {
  const lower = text.toLowerCase();
  // Most text is ASCII, and normalising is the dearest step here.
  if (ascii.test(lower)) return lower;
  return lower
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .replace(/[ßıłøæœđ]/g, (letter) => unfoldable[letter] ?? letter)
    .replaceAll('’', "'");
};

/** Of no language: what is longer is noise, and every prefix of it would be looked up. */
const longestWord = 40;

/** V8 copies the whole run into each of its segments: a run is cut in pieces before, or a long one ends the process. */
const longestRun = 200;

const cutUnspaced = (run: string): readonly string[] => {
  const words: string[] = [];
  for (let at = 0; at < run.length; at += longestRun)
    for (const part of segmenter.segment(run.slice(at, at + longestRun)))
      if (part.isWordLike === true) words.push(part.segment);
  return words;
};

/** The folded words of a text in their order, of any language. */
export const wordsOf: (text: string) => readonly string[] = remembering((text) => {
  const folded = fold(text);
  // No word of theirs needs a second look.
  if (ascii.test(folded)) {
    return (folded.match(asciiWord) ?? []).map((word) => word.slice(0, longestWord));
  }
  const words: string[] = [];
  for (const match of folded.matchAll(wordPattern)) {
    const word = match[0];
    if (unspaced.test(word)) for (const part of cutUnspaced(word)) words.push(part);
    else words.push(word.slice(0, longestWord));
  }
  return words;
});

const suffixes = [
  'ations', 'ation', 'ments', 'ment', 'ings', 'ing', 'ingen', 'ungen', 'ung', 'ciones', 'cion', 'zioni',
  'zione', 'coes', 'cao', 'ements', 'ement', 'ies', 'ied', 'ed', 'es', 'en', 'er', 'em', 'ly', 's', 'e', 'a',
  'o', 'i', 'n', 'y', 't',
].sort((left, right) => right.length - left.length); // prettier-ignore

/** A light stem: the best-known endings of European languages off, doubled ends undoubled, seven letters at most. */
export const stem = (word: string): string => {
  if (unspaced.test(word) || /\d/.test(word)) return word;
  const plain = word.replace(/'.*$/, '');
  if (plain.length < 4) return plain;
  const suffix = suffixes.find((end) => plain.endsWith(end) && plain.length - end.length >= 3);
  const base = suffix === undefined ? plain : plain.slice(0, plain.length - suffix.length);
  return base.replace(/([bdfgklmnprstz])\1$/, '$1').slice(0, 7);
};
