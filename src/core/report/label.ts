import type { Json, JsonObject } from '../json/json.js';
import { parsePointer, resolvePointer } from '../json/pointer.js';

const longestLabel = 60;

/** A value as a category: short text, number, truth or null. Undefined for all else. */
export function labelOf(value: Json | undefined): string | undefined {
  if (typeof value === 'string') {
    return value.length <= longestLabel && !value.includes('\n') ? value : undefined;
  }
  if (value === undefined || typeof value === 'object') {
    return value === null ? 'null' : undefined;
  }
  return String(value);
}

/** How an exact_match evaluator reads labels; see its options. */
export interface LabelRule {
  /** A JSON pointer; empty for the whole value. */
  readonly path: string;
  readonly ignoreCase: boolean;
  readonly trim: boolean;
}

/** The rule of an exact_match evaluator from the options of its identity. */
export function labelRule(options: JsonObject): LabelRule {
  const path = options['path'];
  return {
    path: typeof path === 'string' && parsePointer(path) !== undefined ? path : '',
    ignoreCase: options['ignoreCase'] === true,
    trim: options['trim'] !== false,
  };
}

/** The label that a rule finds in an output or in what was expected. */
export function labelAt(value: Json | undefined, rule: LabelRule): string | undefined {
  if (value === undefined) return undefined;
  const label = labelOf(resolvePointer(value, rule.path));
  const trimmed = rule.trim ? label?.trim() : label;
  return rule.ignoreCase ? trimmed?.toLowerCase() : trimmed;
}
