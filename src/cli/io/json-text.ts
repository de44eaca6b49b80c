import { harmlessJson } from '../../core/text/escape/json.js';

/** A value as one line of JSON. Amounts in bigint become decimal text. */
export function jsonText(value: unknown): string {
  return harmlessJson(
    JSON.stringify(value, (_key, each: unknown) =>
      typeof each === 'bigint' ? each.toString() : each,
    ),
  );
}
