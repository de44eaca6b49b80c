import { AssayError } from '../core/errors/assay-error.js';
import type { Json } from '../core/json/json.js';
import { readExpected, readOutput } from './judged-value.js';
import type { EvaluationInput } from './port.js';
import { shown } from './score-text.js';

/** A value as text: text as it is, anything else as its compact JSON. */
export function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The text of an output, and the texts that it is compared with, of which the best counts. */
export interface ComparedTexts {
  /** At least one. */
  readonly expected: readonly string[];
  /** Undefined where the output has nothing there. */
  readonly actual: string | undefined;
  /** Why there is none. */
  readonly missing: string;
}

/**
 * What an evaluator of texts compares at a path; undefined where the item expects nothing there (null and an empty list
 * included).
 *
 * @throws AssayError EVALUATOR_INPUT_INVALID where an object is expected: that is a path that was forgotten.
 */
export function comparedTexts(
  { output, expected: whole }: Pick<EvaluationInput, 'output' | 'expected'>,
  { name, path }: { readonly name: string; readonly path: string | undefined },
): ComparedTexts | undefined {
  const expected = expectedTexts(readExpected(whole, path), name);
  if (expected.length === 0) return undefined;
  const part = readOutput(output, path);
  return part.found
    ? { expected, actual: textOf(part.value), missing: '' }
    : { expected, actual: undefined, missing: part.reason };
}

/** The texts that an item expects: one, or a list of which any will do. */
function expectedTexts(expected: Json | undefined, name: string): readonly string[] {
  if (expected === undefined || expected === null) return [];
  const list: readonly Json[] = Array.isArray(expected)
    ? (expected as readonly Json[])
    : [expected];
  return list.map((entry) => {
    if (typeof entry === 'object') {
      throw new AssayError(
        'EVALUATOR_INPUT_INVALID',
        `"${name}" needs a text or a list of texts as the expected value, not ${shown(entry)}.`,
        { mend: 'Point `path` at the text in output and expected value.' },
      );
    }
    return String(entry);
  });
}

/** The best of several comparisons; the first of those that are equally good. */
export function bestOf<Compared extends { readonly value: number }>(
  all: readonly Compared[],
): Compared {
  const [first, ...rest] = all;
  if (first === undefined) throw new AssayError('INTERNAL', 'There is nothing to choose from.');
  return rest.reduce((best, one) => (one.value > best.value ? one : best), first);
}
