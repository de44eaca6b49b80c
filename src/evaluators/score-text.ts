import type { ScoreComment, ScoreRecord } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import type { Json } from '../core/json/json.js';

/** How much of a value a comment shows: enough to recognise it, little enough for a table cell. */
const shownLength = 200;
/** How many items a list in a comment holds, which is room for a judge's every criterion; the rest is counted. */
const listLength = 50;

/** A text cut to a length, never in the middle of a surrogate pair, with `…` where something is missing. */
export function cut(text: string, length = shownLength): string {
  const wellFormed = text.toWellFormed();
  if (wellFormed.length <= length) return wellFormed;
  return `${wellFormed.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** A value as a comment shows it: JSON, so that "1" and 1 differ, cut to about 200 characters. */
export function shown(value: Json): string {
  return cut(JSON.stringify(value));
}

/** A comment with every field; lists and texts are cut. */
export function scoreComment(parts: {
  reasoning: string;
  passed?: readonly string[];
  failed?: readonly string[];
  suggestions?: readonly string[];
}): ScoreComment {
  return {
    passed_items: cutList(parts.passed ?? []),
    failed_items: cutList(parts.failed ?? []),
    reasoning: cut(parts.reasoning, 4000),
    suggestions: cutList(parts.suggestions ?? []),
  };
}

/** The score of an evaluator that knows pass and fail only. */
export function booleanScore(score: {
  evaluator: string;
  passed: boolean;
  comment: ScoreComment;
}): readonly ScoreRecord[] {
  const { evaluator, passed, comment } = score;
  return [
    { name: evaluator, evaluator, value: { type: 'BOOLEAN', value: passed }, passed, comment },
  ];
}

/** Whether a number reaches a threshold: 0.1 × 3 > 0.3 in binary, and what is meant to be equal must pass. */
export function reaches(value: number, threshold: number): boolean {
  return value >= threshold - 1e-9;
}

/**
 * The score of an evaluator that gives a number; it passes or fails only where there is something to reach.
 *
 * @throws AssayError EVALUATOR_RESULT_INVALID for NaN and infinities
 */
export function numberScore(score: {
  evaluator: string;
  /** Where one evaluator gives several: the part's name. */
  part?: string;
  value: number;
  passed: boolean | undefined;
  comment: ScoreComment;
}): ScoreRecord {
  const { evaluator, part, value, passed, comment } = score;
  if (!Number.isFinite(value)) {
    throw new AssayError('EVALUATOR_RESULT_INVALID', `"${evaluator}" came to ${value}: no score.`);
  }
  return {
    name: part === undefined ? evaluator : `${evaluator}.${part}`,
    evaluator,
    value: { type: 'NUMERIC', value },
    ...(passed === undefined ? {} : { passed }),
    comment,
  };
}

/** A number as comments show it: up to four significant digits, no trailing zeros. */
export function shownNumber(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function cutList(items: readonly string[]): readonly string[] {
  const shownItems = items.slice(0, listLength).map((item) => cut(item));
  const rest = items.length - shownItems.length;
  return rest === 0 ? shownItems : [...shownItems, `… and ${rest} more`];
}
