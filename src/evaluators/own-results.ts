import { z } from 'zod';

import { plainIssues } from '../contracts/schema-problems.js';
import type { ScoreRecord, ScoreValue } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import { cut, reaches, scoreComment } from './score-text.js';
import { messageOf } from './thrown.js';

/** Langfuse stores text values of up to 500 characters. */
const longestCategory = 500;

const valueSchema = z.union([
  z.number({ error: 'NaN and infinities are no scores' }),
  z.boolean(),
  z.string().min(1, 'an empty text is no category').max(longestCategory),
]);
const texts = z.array(z.string()).optional();
const resultSchema = z.strictObject({
  name: z.string().optional(),
  value: valueSchema,
  passed: z.boolean().optional(),
  reasoning: z.string().optional(),
  passedItems: texts,
  failedItems: texts,
  suggestions: texts,
});
type Result = z.output<typeof resultSchema>;

/** What the scorers of autoevals give; an `error` is one that they caught themselves. */
const scorerSchema = z.object({
  name: z.string().optional(),
  score: z.union([z.number({ error: 'NaN and infinities are no scores' }), z.boolean()]).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  error: z.unknown().optional(),
});

/** Which scores an evaluator of a team may give. */
export interface Declared {
  readonly name: string;
  /** The parts it may give; its own name stands for the score of its own name. */
  readonly scores: readonly string[];
  /** The value from which on a number passes, where the result does not say. */
  readonly passAt: number | undefined;
}

/** The names under which declared scores are recorded. */
export function recordNames({ name, scores }: Declared): readonly string[] {
  return scores.map((part) => recordName(name, part));
}

/**
 * Reads what an evaluator of a team gave: a number, a truth, a category, an object with `value` or (as autoevals has it) with
 * `score`, a list of these, or undefined where it does not apply.
 *
 * @throws AssayError EVALUATOR_RESULT_INVALID; EVALUATOR_FAILED where a scorer says that it failed
 */
export function readOwnResults(returned: unknown, declared: Declared): readonly ScoreRecord[] {
  const { name } = declared;
  if (returned === undefined) return [];
  const list: readonly unknown[] = Array.isArray(returned) ? returned : [returned];
  const seen = new Set<string>();
  return list.flatMap((entry) => {
    const result = isScorerShape(entry) ? readScorer(entry, declared) : readResult(entry, name);
    if (result === undefined) return [];
    const part = partOf(result, declared);
    if (seen.has(part)) throw invalid(name, `it gives two scores named "${part}"`);
    seen.add(part);
    return [toScore({ result, declared, part })];
  });
}

function readResult(entry: unknown, name: string): Result {
  const isBare = typeof entry !== 'object' || entry === null;
  const parsed = resultSchema.safeParse(isBare ? { value: entry } : entry);
  if (parsed.success) return parsed.data;
  const value = isBare ? entry : memberOf(entry, 'value');
  throw invalid(name, noNumber(value) ?? issueText(parsed.error, isBare));
}

const memberOf = (entry: unknown, key: string): unknown =>
  typeof entry === 'object' && entry !== null ? Reflect.get(entry, key) : undefined;

/** Names the number that is none: "NaN" tells a division by zero, which "no number" does not. */
function noNumber(value: unknown): string | undefined {
  if (typeof value !== 'number' || Number.isFinite(value)) return undefined;
  return `its value is ${value}, which is no finite number`;
}

const isScorerShape = (entry: unknown): boolean =>
  typeof entry === 'object' && entry !== null && 'score' in entry && !('value' in entry);

// autoevals calls its scores by the scorer's name ("Factuality"), which nobody declares: only a declared name is a part.
function readScorer(entry: unknown, { name, scores }: Declared): Result | undefined {
  const parsed = scorerSchema.safeParse(entry);
  if (!parsed.success) {
    throw invalid(name, noNumber(memberOf(entry, 'score')) ?? issueText(parsed.error, false));
  }
  const { name: label, score, metadata, error } = parsed.data;
  if (error !== undefined && error !== null) {
    throw new AssayError('EVALUATOR_FAILED', `"${name}" failed: ${messageOf(error)}`);
  }
  if (score === undefined || score === null) return undefined;
  const reasoning = reasonIn(metadata ?? {});
  return {
    ...(label !== undefined && scores.includes(label) ? { name: label } : {}),
    value: score,
    ...(reasoning === '' ? {} : { reasoning }),
  };
}

// `rationale` is what autoevals' judges reason; the rest of the metadata is small and says what was chosen.
function reasonIn(metadata: Readonly<Record<string, unknown>>): string {
  const { rationale, ...rest } = metadata;
  const parts = [
    ...(typeof rationale === 'string' ? [rationale] : []),
    ...Object.entries(rest)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([key, value]) => `${key}: ${shownAny(value)}`),
  ];
  return parts.join('\n');
}

function shownAny(value: unknown): string {
  try {
    return cut(typeof value === 'string' ? value : JSON.stringify(value), 500);
  } catch {
    return '(no JSON)';
  }
}

function issueText(error: z.ZodError, isBare: boolean): string {
  const [issue] = plainIssues(error.issues);
  const where = issue === undefined || isBare ? '' : `${issue.path.join('.')}: `;
  return `${where}${issue?.message ?? 'it is no score'}`;
}

const recordName = (name: string, part: string): string =>
  part === name ? name : `${name}.${part}`;

function partOf(result: Result, { scores, name }: Declared): string {
  const [only] = scores;
  const part = result.name ?? (scores.length === 1 && only !== undefined ? only : name);
  if (scores.includes(part)) return part;
  throw invalid(
    name,
    `it gives a score named "${cut(part, 100)}", which \`scores\` does not declare (${scores.join(', ')})`,
  );
}

function toScore(from: { result: Result; declared: Declared; part: string }): ScoreRecord {
  const { result, declared, part } = from;
  const { name, passAt } = declared;
  const passed = result.passed ?? passedBy(result.value, passAt);
  const hasReasons =
    result.reasoning !== undefined ||
    result.passedItems !== undefined ||
    result.failedItems !== undefined ||
    result.suggestions !== undefined;
  const comment = scoreComment({
    reasoning: result.reasoning ?? '',
    passed: result.passedItems ?? [],
    failed: result.failedItems ?? [],
    suggestions: result.suggestions ?? [],
  });
  return {
    name: recordName(name, part),
    evaluator: name,
    value: toValue(result.value),
    ...(passed === undefined ? {} : { passed }),
    ...(hasReasons ? { comment } : {}),
  };
}

function passedBy(value: Result['value'], passAt: number | undefined): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return typeof value === 'number' && passAt !== undefined ? reaches(value, passAt) : undefined;
}

function toValue(value: number | boolean | string): ScoreValue {
  if (typeof value === 'number') return { type: 'NUMERIC', value };
  if (typeof value === 'boolean') return { type: 'BOOLEAN', value };
  return { type: 'CATEGORICAL', value: value.toWellFormed() };
}

function invalid(name: string, why: string): AssayError {
  return new AssayError('EVALUATOR_RESULT_INVALID', `"${name}" returned no valid score: ${why}.`, {
    mend: 'Return a finite number, a boolean, a text, an object with `value`, a list of these, or undefined.',
  });
}
