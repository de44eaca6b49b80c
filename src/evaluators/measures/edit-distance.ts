import { distance } from 'fastest-levenshtein';

import { AssayError } from '../../core/errors/assay-error.js';

/**
 * The most that two texts may differ in, as the product of what is left of their lengths without common ends. The time
 * grows with it (bit-parallel, 32 at a step), and it is the time of all cells of this worker: this much takes some 100 ms.
 */
const mostSteps = 50_000_000;

/**
 * The Levenshtein distance of two texts in code points: insertions, deletions and replacements of one each.
 *
 * The algorithm is Myers' (1999), "A fast bit-vector algorithm for approximate string matching", of fastest-levenshtein.
 *
 * @throws AssayError EVALUATOR_INPUT_TOO_LARGE
 */
export function editDistance(a: string, b: string): number {
  const [left, right] = withoutCommonEnds(inUnits(a, b));
  if (left.length * right.length > mostSteps) throw tooLarge(a, b);
  return distance(left, right);
}

/** 1 − distance ÷ length of the longer text, in code points; 1 for two empty texts. */
export function editSimilarity(a: string, b: string): number {
  const longer = Math.max(codePoints(a), codePoints(b));
  return longer === 0 ? 1 : 1 - editDistance(a, b) / longer;
}

export function codePoints(text: string): number {
  let pairs = 0;
  for (let at = 0; at < text.length; at += 1) {
    if ((text.codePointAt(at) ?? 0) > 0xffff) {
      pairs += 1;
      at += 1;
    }
  }
  return text.length - pairs;
}

const surrogate = /[\ud800-\udfff]/;

// The library compares UTF-16 units, to which one emoji is two letters: code points get units of their own.
function inUnits(a: string, b: string): readonly [string, string] {
  if (!surrogate.test(a) && !surrogate.test(b)) return [a, b];
  const units = new Map<string, string>();
  const translate = (text: string): string => {
    const out: string[] = [];
    for (const point of text) {
      let unit = units.get(point);
      if (unit === undefined) {
        if (units.size > 0xffff) throw tooLarge(a, b);
        unit = String.fromCharCode(units.size);
        units.set(point, unit);
      }
      out.push(unit);
    }
    return out.join('');
  };
  return [translate(a), translate(b)];
}

// Does not change the distance, and long texts that differ in one place are the usual ones.
function withoutCommonEnds([a, b]: readonly [string, string]): readonly [string, string] {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a.charCodeAt(start) === b.charCodeAt(start)) start += 1;
  let end = 0;
  while (
    end < shorter - start &&
    a.charCodeAt(a.length - 1 - end) === b.charCodeAt(b.length - 1 - end)
  ) {
    end += 1;
  }
  return [a.slice(start, a.length - end), b.slice(start, b.length - end)];
}

function tooLarge(a: string, b: string): AssayError {
  return new AssayError(
    'EVALUATOR_INPUT_TOO_LARGE',
    `Texts of ${a.length} and ${b.length} characters are too long and too different for an edit distance.`,
    { mend: 'Compare a part with `path`, or use rouge_l or embedding_similarity.' },
  );
}
