import { AssayError } from '../core/errors/assay-error.js';
import type { Json } from '../core/json/json.js';
import { oneScore, type Building, type Built } from './building.js';
import { partName, pathOption, readOutput } from './judged-value.js';
import { booleanScore, cut, scoreComment, shown } from './score-text.js';
import { messageOf } from './thrown.js';
import type { RegexAnswer } from './threads/thread-source.js';

/**
 * Whether a regular expression matches anywhere in the output at `path`. BOOLEAN; applies to every item.
 *
 * Text is searched as it is, anything else as its compact JSON. An output with nothing at `path` fails, with
 * `no_match` too. A search that takes longer than `timeoutMs` fails the evaluator with REGEX_TIMEOUT: backtracking
 * can take years, so it runs in a thread that is ended then.
 */
export function buildRegex({ name, config, threads }: Building<'regex'>): Built {
  const { path, pattern, flags, expect, timeoutMs, required } = config;
  const message = patternProblem(pattern, flags);
  if (message !== undefined) {
    return { problems: [{ at: `evaluators.${name}.pattern`, message }] };
  }
  return oneScore({
    name,
    required,
    identity: {
      name,
      kind: config.kind,
      required,
      options: { ...pathOption(path), pattern, flags, expect, timeoutMs },
    },
    async evaluate({ output }, { signal }) {
      const part = readOutput(output, path);
      if (!part.found) {
        const comment = scoreComment({ reasoning: part.reason, failed: [partName(path)] });
        return booleanScore({ evaluator: name, passed: false, comment });
      }
      const text = searchable(part.value);
      const outcome = await threads.run(
        { kind: 'regex', pattern, flags, text },
        { timeoutMs, signal },
      );
      if (outcome.kind === 'timeout') {
        throw new AssayError(
          'REGEX_TIMEOUT',
          `The pattern of "${name}" did not end within ${timeoutMs} ms on a text of ${text.length} characters.`,
          {
            mend: 'Rewrite nested repetitions such as (a+)+ so that a text matches in one way only.',
          },
        );
      }
      const match = outcome.value as RegexAnswer;
      const passed = (match !== null) === (expect === 'match');
      const reasoning =
        match === null
          ? `/${cut(pattern)}/${flags} matches nothing in ${shown(part.value)}.`
          : `/${cut(pattern)}/${flags} matches ${shown(match.text)} at character ${match.index}.`;
      const comment = scoreComment({ reasoning, [passed ? 'passed' : 'failed']: [partName(path)] });
      return booleanScore({ evaluator: name, passed, comment });
    },
  });
}

// Only reads the pattern: V8 compiles it at the first search, which the thread makes.
function patternProblem(pattern: string, flags: string): string | undefined {
  try {
    RegExp(pattern, flags);
    return undefined;
  } catch (error) {
    return `The pattern cannot be read: ${messageOf(error, 200)}`;
  }
}

const searchable = (value: Json): string =>
  typeof value === 'string' ? value : JSON.stringify(value);
