// Postgres text cannot hold NUL, the real server's span tables can. NUL travels as U+FFFF "0" and
// U+FFFF itself as U+FFFF "1": U+FFFF is no character, so real text never pays for the detour.
const needsEscape = /[\0\uffff]/;

/** Text as stored: without NUL, reversible by {@link decodeText}. */
export function encodeText(text: string): string {
  if (!needsEscape.test(text)) return text;
  return text.replaceAll('\uffff', '\uffff1').replaceAll('\0', '\uffff0');
}

/** The inverse of {@link encodeText}. */
export function decodeText(text: string): string {
  if (!text.includes('\uffff')) return text;
  return text.replaceAll('\uffff0', '\0').replaceAll('\uffff1', '\uffff');
}

/** JSON for a jsonb parameter; NUL is dropped from strings, as the real server's item tables do. */
export function toJsonb(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = JSON.stringify(value);
  return text.includes('\\u0000')
    ? JSON.stringify(value, (_key, inner: unknown) =>
        typeof inner === 'string' ? inner.replaceAll('\0', '') : inner,
      )
    : text;
}

/** JSON with every string in the form that Postgres can hold, NUL kept (see {@link encodeText}). */
export function encodedJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!json.includes('\\u0000') && !json.includes('\uffff')) return json;
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' ? encodeText(inner) : inner,
  );
}

/** The inverse of {@link encodedJson} on what the driver gives: rows with text, dates and parsed json. */
export function decodeDeep<T>(value: T): T {
  return decoded(value) as T;
}

function decoded(value: unknown): unknown {
  if (typeof value === 'string') return decodeText(value);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (Array.isArray(value)) return value.map(decoded);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, decoded(inner)]));
}
