const pattern = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,3})(\d*))?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * A moment of LangSmith's, which has microseconds, as one in UTC with milliseconds, so that moments compare as text. Rounded up: who
 * asks for the version of that moment must see what came into being within it. Undefined for what is no moment.
 */
export function momentOf(text: string | null | undefined): string | undefined {
  const [, day, time, millis = '0', rest = '', zone = 'Z'] = pattern.exec(text ?? '') ?? [];
  if (day === undefined || time === undefined) return undefined;
  const whole = Date.parse(`${day}T${time}.${millis.padEnd(3, '0')}${zone}`);
  if (!Number.isFinite(whole)) return undefined;
  return new Date(/[1-9]/.test(rest) ? whole + 1 : whole).toISOString();
}

/** Times without a zone are UTC there. All digits are kept. */
export const withZone = (time: string): string =>
  /(?:Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`;
