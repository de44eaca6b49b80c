import type { ScoreRecord } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import { isAbstention } from '../core/experiment/abstention.js';
import { readOutput } from './judged-value.js';
import type { Evaluator } from './port.js';
import { booleanScore, scoreComment } from './score-text.js';

/**
 * An evaluator turned round: BOOLEAN, true where the plain one would not have passed. It applies and fails where the plain one
 * does, and abstains where a judge does. An output with nothing at `path` fails turned round as well: a missing answer is no
 * good one.
 */
export function negated(evaluator: Evaluator, path: string | undefined): Evaluator {
  return {
    ...evaluator,
    identity: {
      ...evaluator.identity,
      options: { ...evaluator.identity.options, not: true },
    },
    async evaluate(evaluation, context) {
      const scores = await evaluator.evaluate(evaluation, context);
      const missing = !readOutput(evaluation.output, path).found;
      return scores.flatMap((score) => turned(score, missing));
    },
  };
}

function turned(score: ScoreRecord, missing: boolean): readonly ScoreRecord[] {
  if (isAbstention(score)) return [score];
  const { name, evaluator, passed: plain, comment } = score;
  if (plain === undefined) {
    throw new AssayError(
      'EVALUATOR_RESULT_INVALID',
      `"${name}" cannot be turned round: it does not say whether it passed.`,
      { mend: 'Give the evaluator a threshold (`passAt`, `max`), or remove `not`.' },
    );
  }
  const passed = !plain && !missing;
  const reasons = scoreComment({
    reasoning: `Turned round: ${plain ? 'it would have passed' : missing ? 'there is nothing to judge' : 'it would not have passed'}. ${comment?.reasoning ?? ''}`,
    passed: passed ? (comment?.failed_items ?? []) : [],
    failed: passed ? [] : [...(comment?.passed_items ?? [])],
    suggestions: [],
  });
  const judge = comment?.judge;
  const marked = judge === undefined ? reasons : { ...reasons, judge };
  return booleanScore({ evaluator, passed, comment: marked }).map((each) => ({ ...each, name }));
}
