import { AssayError } from '../../core/errors/assay-error.js';

/** The most that is compared: words of the one times words of the other; some 50 ms, which are all cells' of this worker. */
const mostSteps = 100_000_000;

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
  // The same either way round. A row of bits a distinct word: over the longer text that was 1.25 GB for 100,000 words to 1,000.
  const [short, long] = left.length < right.length ? [left, right] : [right, left];
  return start + end + lengthOfSubsequence(short, long);
}

// `a` is the shorter one: with at most 10,000 words, by `mostSteps`, its rows take 12.5 MB at most.
// Hyyrö (2004), "Bit-parallel LCS-length computation revisited": a row of the usual table in bits, 32 places at a step.
function lengthOfSubsequence(a: readonly string[], b: readonly string[]): number {
  const width = Math.ceil(a.length / 32);
  const places = new Map<string, Uint32Array>();
  a.forEach((word, at) => {
    const bits = places.get(word) ?? new Uint32Array(width);
    bits[at >>> 5] = ((bits[at >>> 5] ?? 0) | (1 << (at & 31))) >>> 0;
    places.set(word, bits);
  });
  const row = new Uint32Array(width).fill(0xffffffff);
  for (const word of b) {
    const bits = places.get(word);
    if (bits === undefined) continue;
    let carry = 0;
    for (let at = 0; at < width; at += 1) {
      const before = row[at] ?? 0;
      const met = (before & (bits[at] ?? 0)) >>> 0;
      const sum = before + met + carry;
      carry = sum > 0xffffffff ? 1 : 0;
      row[at] = (sum | (before & ~met)) >>> 0;
    }
  }
  let length = 0;
  for (let at = 0; at < a.length; at += 1) {
    if ((((row[at >>> 5] ?? 0) >>> (at & 31)) & 1) === 0) length += 1;
  }
  return length;
}
