import { AssayError } from '../core/errors/assay-error.js';
import type { Json } from '../core/json/json.js';
import { oneScore, type Building, type Built } from './building.js';
import { partName, pathOption, readExpected, readOutput } from './judged-value.js';
import { booleanScore, scoreComment, shown } from './score-text.js';

/**
 * Whether texts occur in the output at `path`: `all` of them, `any`, or `none`. BOOLEAN.
 *
 * The texts are the config's, else what the item expects at `path` (a text, a number, a truth, or a list of them);
 * with nothing expected it does not apply. In JSON a text is looked for in each value, not in keys and not across
 * values. An output with nothing at `path` fails in every mode, `none` too: a missing answer is no clean answer.
 */
export function buildContains({ name, config }: Building<'contains'>): Built {
  const { path, text, mode, ignoreCase, required } = config;
  const fixed = text === undefined ? undefined : [text].flat();
  if (fixed?.includes('') === true) {
    const message = 'An empty text is in every output.';
    return { problems: [{ at: `evaluators.${name}.text`, message, mend: 'Remove it.' }] };
  }
  return oneScore({
    name,
    required,
    identity: {
      name,
      kind: config.kind,
      required,
      options: {
        ...pathOption(path),
        ...(fixed === undefined ? {} : { text: fixed }),
        mode,
        ignoreCase,
      },
    },
    evaluate: ({ output, expected }) => {
      const wanted = fixed ?? wantedTexts(readExpected(expected, path), name);
      if (wanted.length === 0) return Promise.resolve([]);
      const part = readOutput(output, path);
      const values = part.found ? leaves(part.value) : [];
      const fold = (value: string): string => (ignoreCase ? value.toLowerCase() : value);
      const folded = values.map(fold);
      const isIn = (one: string): boolean => folded.some((value) => value.includes(fold(one)));
      const present = wanted.filter(isIn);
      const absent = wanted.filter((one) => !isIn(one));
      const holds =
        mode === 'all'
          ? absent.length === 0
          : mode === 'any'
            ? present.length > 0
            : present.length === 0;
      const [good, bad] = mode === 'none' ? [absent, present] : [present, absent];
      const comment = part.found
        ? scoreComment({
            reasoning: `${partName(path)} holds ${present.length} of ${wanted.length} texts (${mode} wanted): ${shown(part.value)}.`,
            passed: good,
            failed: bad,
          })
        : scoreComment({ reasoning: part.reason, failed: wanted });
      return Promise.resolve(
        booleanScore({ evaluator: name, passed: part.found && holds, comment }),
      );
    },
  });
}

function wantedTexts(expected: Json | undefined, name: string): readonly string[] {
  if (expected === undefined || expected === null) return [];
  const list: readonly Json[] = Array.isArray(expected)
    ? (expected as readonly Json[])
    : [expected];
  return list
    .map((entry) => {
      if (typeof entry === 'object') {
        throw new AssayError(
          'EVALUATOR_FAILED',
          `"${name}" needs a text or a list of texts as the expected value, not ${shown(entry)}.`,
          { mend: 'Point `path` at the text in the expected value, or set `text`.' },
        );
      }
      return String(entry);
    })
    .filter((entry) => entry !== '');
}

function leaves(value: Json): readonly string[] {
  if (typeof value !== 'object') return [String(value)];
  return value === null ? [] : Object.values(value).flatMap((entry: Json) => leaves(entry));
}
