const form = /^(\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * A moment in nanoseconds since 1970, with all digits that its text has: a `Date` holds milliseconds, and two spans of one
 * millisecond would change their order.
 *
 * @param text - ISO 8601; without a zone it is UTC, as some platforms write it.
 * @returns undefined where it is no moment.
 */
export function nanosecondsOf(text: string): bigint | undefined {
  const [, seconds, fraction = '', zone = 'Z'] = form.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  const milliseconds = Date.parse(`${seconds}${zone}`);
  if (!Number.isFinite(milliseconds)) return undefined;
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
