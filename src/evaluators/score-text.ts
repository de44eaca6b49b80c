import type { Json } from '../core/json/json.js';
import type { ScoreComment, ScoreRecord } from '../contracts/records.js';

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

function cutList(items: readonly string[]): readonly string[] {
  const shownItems = items.slice(0, listLength).map((item) => cut(item));
  const rest = items.length - shownItems.length;
  return rest === 0 ? shownItems : [...shownItems, `… and ${rest} more`];
}
