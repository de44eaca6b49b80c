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
