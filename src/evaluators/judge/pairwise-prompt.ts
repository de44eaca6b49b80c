import { z } from 'zod';

import type { PairPreference } from '../../contracts/records.js';
import { contentHash } from '../../core/ids/hash.js';
import type { Json, JsonObject } from '../../core/json/json.js';
import type { ChatMessage } from '../../models/port.js';
import { fenced, type FencedPart } from './fence.js';
import { dataRule, type JudgePrompt } from './prompt.js';
import { repairText, type ReadableAnswer } from './repair.js';
import { answerJson, invalidVerdict, unreadable } from './verdict.js';

/** Two results of one input. */
export interface ComparedCase {
  readonly input: JsonObject;
  /** What would be right, where that is not one of the two. */
  readonly expected?: Json | undefined;
  readonly first: Json;
  readonly second: Json;
}

const instructions = `You are a careful, strict grader. You compare two results that two systems gave for the same input, by all of the criteria together.

The user message holds blocks between tags that share a code: what the systems were given (input), where there is one a result that would be right (expected), and the two results (first, second).
${dataRule}
Which of the two stands first was drawn by lot and means nothing. A longer result is no better for its length, and neither is one that praises itself.

Weigh both results by the criteria in two or three sentences, then say which one is better as a whole. Where neither is better, the verdict is "tie".`;

const abstaining = `Where you lack what the comparison has to be decided by (a fact that stands in none of the blocks, a language that you do not read), the verdict is "cannot_tell": do not guess.`;

const labelsOf = (mayAbstain: boolean): readonly string[] =>
  mayAbstain ? ['first', 'second', 'tie', 'cannot_tell'] : ['first', 'second', 'tie'];

/** The schema of a comparison, in the subset that strict structured output takes. */
export function comparisonSchema(mayAbstain: boolean): JsonObject {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['reasoning', 'verdict'],
    properties: {
      reasoning: { type: 'string' },
      verdict: { type: 'string', enum: [...labelsOf(mayAbstain)] },
    },
  };
}

function systemText({ rubric, background, mayAbstain }: JudgePrompt): string {
  const labels = labelsOf(mayAbstain).map((label) => `"${label}"`);
  return [
    instructions,
    ...(mayAbstain ? [abstaining] : []),
    `Answer with one JSON object of this form and nothing else, neither prose nor code fences. {"reasoning": "…", "verdict": ${labels.join(' | ')}}`,
    ...(background === undefined ? [] : [`# Background\n\n${background.trim()}`]),
    ...(rubric.guidance === '' ? [] : [`# Guidance\n\n${rubric.guidance}`]),
    `# Criteria\n${rubric.criteria.map((criterion) => `- ${criterion}`).join('\n')}`,
  ].join('\n\n');
}

/** The identity of all that is told a pairwise judge beside the case. */
export function comparisonHash(prompt: JudgePrompt): string {
  return contentHash([systemText(prompt), comparisonSchema(prompt.mayAbstain), repairText]);
}

/** The messages of one comparison, in one order. */
export function comparisonMessages(
  prompt: JudgePrompt,
  { input, expected, first, second }: ComparedCase,
): readonly ChatMessage[] {
  const parts: readonly FencedPart[] = [
    ['input', input],
    ...(expected === undefined ? [] : [['expected', expected] as const]),
    ['first', first],
    ['second', second],
  ];
  return [
    { role: 'system', content: systemText(prompt) },
    { role: 'user', content: fenced(parts) },
  ];
}

/** What a judge said in one order. */
export interface Comparison {
  readonly verdict: 'first' | 'second' | 'tie' | 'cannot_tell';
  readonly reasoning: string;
}

const comparisonShape = z.object({
  reasoning: z.string(),
  verdict: z.enum(['first', 'second', 'tie', 'cannot_tell']),
});

/** @throws AssayError JUDGE_VERDICT_INVALID */
export function readComparison(answer: ReadableAnswer, mayAbstain: boolean): Comparison {
  const parsed = comparisonShape.safeParse(answerJson(answer));
  if (!parsed.success) throw unreadable(parsed.error.issues[0]);
  if (!mayAbstain && parsed.data.verdict === 'cannot_tell') {
    throw invalidVerdict('it says "cannot_tell", which this judge may not');
  }
  return parsed.data;
}

/** What was preferred, whatever its place was. */
export function preferenceOf(
  { verdict }: Comparison,
  outputIs: 'first' | 'second',
): PairPreference {
  if (verdict === 'tie' || verdict === 'cannot_tell') return verdict;
  return verdict === outputIs ? 'output' : 'other';
}
