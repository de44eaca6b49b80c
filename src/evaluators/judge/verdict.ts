import { z } from 'zod';

import { AssayError } from '../../core/errors/assay-error.js';
import { withoutFence } from '../../core/text/fence.js';
import { sameTexts } from '../../core/text/same-texts.js';
import { parseJson } from '../judged-value.js';
import type { ReadableAnswer } from './repair.js';

const decisions = ['passed', 'failed', 'cannot_tell'] as const;
export type Decision = (typeof decisions)[number];

const entryShape = z
  .object({
    criterion: z.string(),
    reasoning: z.string(),
    verdict: z.enum(decisions).optional(),
    // Servers that ignore the schema answer in the form that most judges have.
    passed: z.boolean().optional(),
  })
  .refine(({ verdict, passed }) => verdict !== undefined || passed !== undefined, {
    path: ['verdict'],
    message: 'is missing',
  });
const verdictShape = z.object({
  criteria: z.array(entryShape),
  // Servers that ignore the schema leave out what is empty.
  suggestions: z.array(z.string()).default([]),
});

/** One criterion as it was judged. */
export interface CriterionVerdict {
  /** The rubric's words, whatever the judge wrote. */
  readonly criterion: string;
  readonly decision: Decision;
  readonly reasoning: string;
}

/** A verdict over all criteria of a rubric, in the rubric's order. */
export interface Verdict {
  readonly criteria: readonly CriterionVerdict[];
  readonly suggestions: readonly string[];
}

/**
 * Reads a judge's answer.
 *
 * @throws AssayError JUDGE_VERDICT_INVALID
 */
export function readVerdict(
  answer: ReadableAnswer,
  of: { readonly criteria: readonly string[]; readonly mayAbstain: boolean },
): Verdict {
  const { criteria } = of;
  const parsed = verdictShape.safeParse(answerJson(answer));
  if (!parsed.success) throw unreadable(parsed.error.issues[0]);
  const { criteria: entries, suggestions } = parsed.data;
  if (entries.length !== criteria.length) {
    throw invalidVerdict(`it judges ${entries.length} criteria, the rubric has ${criteria.length}`);
  }
  if (!of.mayAbstain && entries.some(({ verdict }) => verdict === 'cannot_tell')) {
    throw invalidVerdict('it says "cannot_tell", which this judge may not');
  }
  return { criteria: inOrder(entries, criteria), suggestions };
}

/**
 * The JSON of an answer.
 *
 * @throws AssayError JUDGE_VERDICT_INVALID where it was cut off or withheld
 */
export function answerJson(answer: ReadableAnswer): unknown {
  if (answer.finishReason === 'length') {
    throw invalidVerdict('it was cut off at the token limit', 'Raise max_tokens in `parameters`.');
  }
  if (answer.finishReason === 'content_filter') {
    throw invalidVerdict('the provider’s content filter withheld it');
  }
  return answer.json ?? parseJson(withoutFence(answer.text));
}

/** What an answer of another shape is refused with. */
export function unreadable(issue: z.core.$ZodIssue | undefined): AssayError {
  const at = issue?.path.join('.') ?? '';
  return invalidVerdict(`${at} ${issue?.message ?? 'is no verdict'}`.trim());
}

export function invalidVerdict(why: string, mend?: string): AssayError {
  return new AssayError('JUDGE_VERDICT_INVALID', `The judge's answer is no verdict: ${why}.`, {
    ...(mend === undefined ? {} : { mend }),
  });
}

type Entry = z.output<typeof entryShape>;

// By the words where they name a criterion, else by place (judges paraphrase). A paraphrase among criteria out of
// order could belong to any of the rest, so that is refused.
function inOrder(entries: readonly Entry[], criteria: readonly string[]): CriterionVerdict[] {
  const wanted = criteria.map(simplified);
  const given = entries.map(({ criterion }) => simplified(criterion));
  const isSame = sameTexts(wanted, given);
  const isInPlace = given.every((words, at) => words === wanted[at] || !wanted.includes(words));
  if (!isSame && !isInPlace) throw invalidVerdict('its criteria cannot be told apart');
  const left = entries.map((entry, at) => ({ entry, words: given[at] }));
  return criteria.map((criterion, at) => {
    const place = isInPlace ? 0 : left.findIndex(({ words }) => words === wanted[at]);
    const [found] = left.splice(place, 1);
    if (found === undefined) throw invalidVerdict('its criteria cannot be told apart');
    const { verdict, passed, reasoning } = found.entry;
    return { criterion, decision: verdict ?? (passed === true ? 'passed' : 'failed'), reasoning };
  });
}

const simplified = (text: string): string =>
  text
    .toLowerCase()
    .replace(/^\s*(?:[-*•]|\d{1,2}[.)])\s+/, '')
    .replace(/[\s"'`.,;:]+/g, ' ')
    .trim();
