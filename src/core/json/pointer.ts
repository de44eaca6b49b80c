import type { Json, JsonObject } from './json.js';

/**
 * The reference tokens of a JSON pointer (RFC 6901), unescaped: `/a~1b/0` gives `['a/b', '0']`, the empty
 * pointer gives `[]`. Undefined where the text is no pointer (no leading `/`, or a `~` not followed by 0 or 1).
 */
export function parsePointer(pointer: string): readonly string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined;
  // `~1` before `~0`: the other way round `~01` would become `/` instead of `~1` (RFC 6901, section 4).
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * The value a JSON pointer (RFC 6901) names, or undefined where there is nothing (JSON itself has no undefined).
 * Only own members count, so `/__proto__` and `/constructor` name nothing. The `-` of JSON Patch names nothing.
 *
 * @throws TypeError where the text is no pointer; check texts of users with {@link parsePointer} first.
 */
export function resolvePointer(document: Json, pointer: string): Json | undefined {
  const tokens = parsePointer(pointer);
  if (tokens === undefined) throw new TypeError(`"${pointer}" is no JSON pointer`);
  let value: Json | undefined = document;
  for (const token of tokens) {
    value = member(value, token);
    if (value === undefined) return undefined;
  }
  return value;
}

function member(container: Json, token: string): Json | undefined {
  if (typeof container !== 'object' || container === null) return undefined;
  if (Array.isArray(container)) {
    // Leading zeros are forbidden for array indexes (RFC 6901, section 4).
    return /^(?:0|[1-9][0-9]*)$/.test(token)
      ? (container as readonly Json[])[Number(token)]
      : undefined;
  }
  return Object.hasOwn(container, token) ? (container as JsonObject)[token] : undefined;
}
