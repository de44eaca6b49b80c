import { z } from 'zod';

import { AssayError } from '../../core/errors/assay-error.js';
import type { ChatAnswer } from '../../models/port.js';
import { parseJson } from '../judged-value.js';

const verdictShape = z.object({
  criteria: z.array(
    z.object({ criterion: z.string(), reasoning: z.string(), passed: z.boolean() }),
  ),
  // Servers that ignore the schema leave out what is empty.
  suggestions: z.array(z.string()).default([]),
});

/** One criterion as it was judged. */
export interface CriterionVerdict {
  /** The rubric's words, whatever the judge wrote. */
  readonly criterion: string;
  readonly passed: boolean;
  readonly reasoning: string;
}

/** A verdict over all criteria of a rubric, in the rubric's order. */
export interface Verdict {
  readonly criteria: readonly CriterionVerdict[];
  readonly suggestions: readonly string[];
}

/**
 * Reads a judge's answer. Final where it does not fit: the call is journalled, so asking again would give the same
 * bytes, and asking otherwise until the answer pleases would be another judge than the manifest names.
 *
 * @throws AssayError JUDGE_VERDICT_INVALID
 */
export function readVerdict(
  answer: Pick<ChatAnswer, 'text' | 'json' | 'finishReason'>,
  criteria: readonly string[],
): Verdict {
  if (answer.finishReason === 'length') {
    throw invalid('it was cut off at the token limit', 'Raise max_tokens in `parameters`.');
  }
  if (answer.finishReason === 'content_filter') {
    throw invalid('the provider’s content filter withheld it');
  }
  const parsed = verdictShape.safeParse(answer.json ?? parseJson(withoutFence(answer.text)));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is no verdict'}`.trim());
  }
  const { criteria: entries, suggestions } = parsed.data;
  if (entries.length !== criteria.length) {
    throw invalid(`it judges ${entries.length} criteria, the rubric has ${criteria.length}`);
  }
  return { criteria: inOrder(entries, criteria), suggestions };
}

type Entry = z.output<typeof verdictShape>['criteria'][number];

// By the words where they name a criterion, else by place (judges paraphrase). A paraphrase among criteria out of
// order could belong to any of the rest, so that is refused.
function inOrder(entries: readonly Entry[], criteria: readonly string[]): CriterionVerdict[] {
  const wanted = criteria.map(simplified);
  const given = entries.map(({ criterion }) => simplified(criterion));
  const isSame = [...wanted].sort().join('\n') === [...given].sort().join('\n');
  const isInPlace = given.every((words, at) => words === wanted[at] || !wanted.includes(words));
  if (!isSame && !isInPlace) throw invalid('its criteria cannot be told apart');
  const left = entries.map((entry, at) => ({ entry, words: given[at] }));
  return criteria.map((criterion, at) => {
    const place = isInPlace ? 0 : left.findIndex(({ words }) => words === wanted[at]);
    const [found] = left.splice(place, 1);
    if (found === undefined) throw invalid('its criteria cannot be told apart');
    const { passed, reasoning } = found.entry;
    return { criterion, passed, reasoning };
  });
}

const simplified = (text: string): string =>
  text
    .toLowerCase()
    .replace(/^\s*(?:[-*•]|\d{1,2}[.)])\s+/, '')
    .replace(/[\s"'`.,;:]+/g, ' ')
    .trim();

const withoutFence = (text: string): string =>
  /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text)?.[1] ?? text;

function invalid(why: string, mend?: string): AssayError {
  return new AssayError('JUDGE_VERDICT_INVALID', `The judge's answer is no verdict: ${why}.`, {
    ...(mend === undefined ? {} : { mend }),
  });
}
