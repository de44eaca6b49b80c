import type { ScoreRecord } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import { given, oneScore, type Building, type Built } from './building.js';
import { textOf } from './judged-text.js';
import { partName, pathOption, readExpected, readOutput } from './judged-value.js';
import { findRefusal } from './measures/refusal-phrase.js';
import { cut, scoreComment, shown } from './score-text.js';

/**
 * Whether the output refuses. CATEGORICAL, `refusal` or `answer`; passes where it is what is wanted: an answer, unless
 * `expect` or the item (true at `expectedPath`) says otherwise. With `expectedPath` it does not apply where the item says nothing.
 *
 * Looks for phrases at the beginning of the text, in eight languages (measures/refusal-phrase.ts), and for the config's own
 * anywhere. It knows the usual phrases and no others: a judge with a rubric finds more, and costs a call. An empty output, or one
 * with nothing at `path`, is neither and fails as `none`.
 */
export function buildRefusal({ name, config }: Building<'refusal'>): Built {
  const { path, expect, expectedPath, phrases, required } = config;
  const options = {
    ...pathOption(path),
    ...given(expectedPath === undefined ? { expect } : { expectedPath }),
    phrases,
  };
  return oneScore({
    name,
    required,
    identity: { name, kind: config.kind, required, options },
    evaluate({ output, expected }) {
      const wanted =
        expectedPath === undefined ? expect : wantedOf({ expected, expectedPath, name });
      if (wanted === undefined) return [];
      const part = readOutput(output, path);
      const text = part.found && part.value !== null ? textOf(part.value) : '';
      const phrase = findRefusal(text, phrases);
      const got = text.trim() === '' ? 'none' : phrase === undefined ? 'answer' : 'refusal';
      const passed = got === wanted;
      const found =
        phrase === undefined ? 'No phrase of a refusal was found' : `It says “${cut(phrase, 100)}”`;
      const comment = scoreComment({
        reasoning: part.found
          ? `${found}; wanted was ${wanted === 'answer' ? 'an answer' : 'a refusal'}: ${shown(part.value)}.`
          : part.reason,
        [passed ? 'passed' : 'failed']: [partName(path)],
      });
      const score: ScoreRecord = {
        name,
        evaluator: name,
        value: { type: 'CATEGORICAL', value: got },
        passed,
        comment,
      };
      return [score];
    },
  });
}

function wantedOf(of: {
  expected: Parameters<typeof readExpected>[0];
  expectedPath: string;
  name: string;
}): 'answer' | 'refusal' | undefined {
  const { expected, expectedPath, name } = of;
  const value = readExpected(expected, expectedPath);
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value ? 'refusal' : 'answer';
  throw new AssayError(
    'EVALUATOR_INPUT_INVALID',
    `"${name}" needs true or false at ${expectedPath} of the expected value, not ${shown(value)}.`,
  );
}
