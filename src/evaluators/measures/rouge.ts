import { AssayError } from '../../core/errors/assay-error.js';

/** The most steps of one comparison: words of the one times words of the other; some 50 ms. */
const mostSteps = 30_000_000;

/** ROUGE-L of one text against a reference; each in [0, 1]. */
export interface RougeL {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/**
 * ROUGE-L on the level of the whole text: with LCS the longest common subsequence of words, recall = LCS ÷ words of the
 * reference, precision = LCS ÷ words of the text, F1 = 2PR ÷ (P + R). All 0 where either has no words.
 *
 * Source: Lin (2004), "ROUGE: A Package for Automatic Evaluation of Summaries", section 3.1, with β = 1 as Google's
 * rouge-score has it. Words are lower-case runs of letters and digits of any script, as rouge-score's without stemming are for
 * ASCII; in scripts without spaces each character is a word.
 *
 * @throws AssayError EVALUATOR_INPUT_TOO_LARGE
 */
export function rougeL(text: string, reference: string): RougeL {
  const given = words(text);
  const wanted = words(reference);
  if (given.length === 0 || wanted.length === 0) return { precision: 0, recall: 0, f1: 0 };
  const common = longestCommonSubsequence(given, wanted);
  const precision = common / given.length;
  const recall = common / wanted.length;
  const f1 = common === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { precision, recall, f1 };
}

const word =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]\p{M}*|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}])[\p{L}\p{N}]\p{M}*)+/gu;

function words(text: string): readonly string[] {
  return text.normalize('NFC').toLowerCase().match(word) ?? [];
}

function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  let start = 0;
  const shorter = Math.min(a.length, b.length);
  while (start < shorter && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const left = a.slice(start, a.length - end);
  const right = b.slice(start, b.length - end);
  if (left.length * right.length > mostSteps) {
    throw new AssayError(
      'EVALUATOR_INPUT_TOO_LARGE',
      `Texts of ${a.length} and ${b.length} words are too long and too different for ROUGE-L.`,
      { mend: 'Compare a part with `path`, or use embedding_similarity.' },
    );
  }
  return start + end + lengthOfSubsequence(numbered(left, right));
}

// Numbers compare faster than words, and these are compared up to thirty million times.
function numbered(a: readonly string[], b: readonly string[]): readonly [Uint32Array, Uint32Array] {
  const numbers = new Map<string, number>();
  const numberOf = (text: string): number => {
    const known = numbers.get(text) ?? numbers.size;
    numbers.set(text, known);
    return known;
  };
  return [Uint32Array.from(a, numberOf), Uint32Array.from(b, numberOf)];
}

function lengthOfSubsequence([a, b]: readonly [Uint32Array, Uint32Array]): number {
  const row = new Uint32Array(b.length + 1);
  for (const one of a) {
    let diagonal = 0;
    for (let at = 1; at <= b.length; at += 1) {
      const above = row[at] ?? 0;
      row[at] = b[at - 1] === one ? diagonal + 1 : Math.max(above, row[at - 1] ?? 0);
      diagonal = above;
    }
  }
  return row[b.length] ?? 0;
}
