import type { Json } from '../json/json.js';

/** Stands where a character was that Unicode or Postgres cannot hold. */
const replacement = '\uFFFD';

/** A value made well-formed, and whether that changed it. */
export interface WellFormed<T> {
  readonly value: T;
  readonly changed: boolean;
}

/**
 * Replaces each half of a surrogate pair and each NUL by U+FFFD.
 *
 * A Langfuse server accepts an export with half a pair and then loses all of it; Postgres refuses both in text.
 *
 * @example
 * wellFormed('a\uD83D'); // { text: 'a\uFFFD', changed: true }
 */
export function wellFormed(text: string): { readonly text: string; readonly changed: boolean } {
  const hasNul = text.includes('\0');
  if (!hasNul && text.isWellFormed()) return { text, changed: false };
  const whole = text.toWellFormed();
  return { text: hasNul ? whole.replaceAll('\0', replacement) : whole, changed: true };
}

/**
 * {@link wellFormed} for every text in a JSON value, keys included. Two keys that become equal are kept apart by
 * further U+FFFD, so that no member is lost. An untouched value is given back as it is, not copied.
 */
export function wellFormedJson(value: Json): WellFormed<Json> {
  if (typeof value === 'string') {
    const { text, changed } = wellFormed(value);
    return { value: text, changed };
  }
  if (typeof value !== 'object' || value === null) return { value, changed: false };
  return isList(value) ? wellFormedList(value) : wellFormedObject(value);
}

// Array.isArray does not narrow a readonly array out of a union.
function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function wellFormedList(list: readonly Json[]): WellFormed<Json> {
  const entries = list.map(wellFormedJson);
  if (!entries.some(({ changed }) => changed)) return { value: list, changed: false };
  return { value: entries.map((entry) => entry.value), changed: true };
}

function wellFormedObject(object: { readonly [key: string]: Json }): WellFormed<Json> {
  const members = new Map<string, Json>();
  let changed = false;
  for (const [key, member] of Object.entries(object)) {
    const name = wellFormed(key);
    const inner = wellFormedJson(member);
    changed ||= name.changed || inner.changed;
    let free = name.text;
    while (members.has(free)) free += replacement;
    members.set(free, inner.value);
  }
  // fromEntries, since assignment to `__proto__` would lose that member.
  return changed ? { value: Object.fromEntries(members), changed } : { value: object, changed };
}
