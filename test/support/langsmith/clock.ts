/**
 * Microseconds since 1970, each later than the one before: versions of a dataset are told apart by their moment alone, and two
 * writes in one millisecond must stay two versions.
 */
export class Clock {
  #last = 0;

  now(): number {
    this.#last = Math.max(Date.now() * 1_000, this.#last + 1);
    return this.#last;
  }
}

/** `2026-03-01T12:00:00.123456`: runs and projects carry no zone on the real service. */
export function naiveIso(micros: number): string {
  const millis = Math.floor(micros / 1_000);
  const rest = String(micros - millis * 1_000).padStart(3, '0');
  return `${new Date(millis).toISOString().slice(0, -1)}${rest}`;
}

/** The same with `+00:00`, as datasets, examples and feedback carry it. */
export const zonedIso = (micros: number): string => `${naiveIso(micros)}+00:00`;

const pattern = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/;

/** Microseconds of an ISO date-time (without a zone: UTC) or of a number of milliseconds; undefined for anything else. */
export function microsOf(value: unknown): number | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) ? Math.round(value * 1_000) : undefined;
  if (typeof value !== 'string') return undefined;
  const [, day, time, fraction = '', zone = 'Z'] = pattern.exec(value) ?? [];
  if (day === undefined || time === undefined) return undefined;
  const millis = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(millis)
    ? undefined
    : millis * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
