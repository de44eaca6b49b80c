import { AssayError } from '../core/errors/assay-error.js';
import type { Json } from '../core/json/json.js';
import { given, oneScore, type Building, type Built } from './building.js';
import { partName, pathOption, readExpected, readOutput } from './judged-value.js';
import { booleanScore, scoreComment, shown, shownNumber } from './score-text.js';

/**
 * Equality of numbers within a tolerance: |output − expected| ≤ max(absolute, relative × |expected|), as Python's
 * math.isclose with the expectation as the measure. BOOLEAN; does not apply where nothing is expected.
 *
 * A text is read as a number: with thousands in commas, an exponent, a Unicode minus; `take` finds the first or the last
 * number in a longer text. An output without a number fails; an expectation without one is an error.
 */
export function buildNumericMatch({ name, config }: Building<'numeric_match'>): Built {
  const { path, absolute, relative, take, required } = config;
  return oneScore({
    name,
    required,
    identity: {
      name,
      kind: config.kind,
      required,
      options: { ...pathOption(path), ...given({ absolute, relative, take }) },
    },
    evaluate({ output, expected: whole }) {
      const wanted = readExpected(whole, path);
      if (wanted === undefined || wanted === null) return [];
      const expected = numberIn(wanted, 'whole');
      if (expected === undefined) throw noNumber(name, wanted);
      const part = readOutput(output, path);
      const actual = part.found ? numberIn(part.value, take) : undefined;
      const tolerance = Math.max(absolute, relative * Math.abs(expected));
      const off = actual === undefined ? undefined : Math.abs(actual - expected);
      // 0.1 + 0.2 is off 0.3 by 4e-17: what binary fractions cannot hold is no error of the output.
      const slack = 4 * Number.EPSILON * Math.max(Math.abs(expected), Math.abs(actual ?? 0));
      const passed = off !== undefined && off <= tolerance + slack;
      const reasoning = !part.found
        ? part.reason
        : off === undefined
          ? `No number in ${shown(part.value)}; expected ${expected}.`
          : `Expected ${expected} ± ${shownNumber(tolerance)}, got ${String(actual)}, off by ${shownNumber(off)}.`;
      const comment = scoreComment({ reasoning, [passed ? 'passed' : 'failed']: [partName(path)] });
      return booleanScore({ evaluator: name, passed, comment });
    },
  });
}

const figure = String.raw`[-+]?(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?`;
const wholeFigure = new RegExp(String.raw`^${figure}\.?$`, 'i');
// Not inside a word or another number: `v2`, `1.2.3` and `3-4` do not hold the numbers 2, 1.2 and -4.
const figures = new RegExp(
  String.raw`(?<![\p{L}\p{N}_.,]|[\p{L}\p{N}]-)${figure}(?![\p{L}\p{N}_]|[.,]\d)`,
  'giu',
);
/** Text beyond this is no number with words around it. */
const longest = 1_000_000;

function numberIn(value: Json, take: 'whole' | 'first' | 'last'): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.length > longest) return undefined;
  const text = value.replaceAll('\u2212', '-').trim();
  if (take === 'whole') return wholeFigure.test(text) ? read(text) : undefined;
  const found = [...text.matchAll(figures)].flatMap(([match]) => read(match) ?? []);
  return take === 'first' ? found[0] : found.at(-1);
}

function read(text: string): number | undefined {
  const value = Number(text.replaceAll(',', ''));
  return Number.isFinite(value) ? value : undefined;
}

const noNumber = (name: string, expected: Json): AssayError =>
  new AssayError('EVALUATOR_INPUT_INVALID', `"${name}" expects ${shown(expected)}: no number.`, {
    mend: 'Point `path` at a number in the expected value.',
  });
