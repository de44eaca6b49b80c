import { distance } from 'fastest-levenshtein';

/** Whether a word is another one but for a slip of the keys: two letters at most, one in short words. */
export function isTypo(word: string, other: string): boolean {
  const most = Math.min(word.length, other.length) < 4 ? 1 : 2;
  // Long texts are no words; and the distance costs their product.
  if (word === other || Math.max(word.length, other.length) > 200) return false;
  return Math.abs(word.length - other.length) <= most && distance(word, other) <= most;
}
