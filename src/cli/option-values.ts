import { InvalidArgumentError } from 'commander';

import { isInFuture } from '../core/dataset/version.js';

/** A whole number; its range is checked where it is used. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** A whole number of at least one. */
export function positiveNumber(text: string): number {
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError('It must be at least 1.');
  return value;
}

/** A port that can be listened on. */
export function portNumber(text: string): number {
  const value = wholeNumber(text);
  if (value < 1 || value > 65_535) throw new InvalidArgumentError('It must be 1 to 65535.');
  return value;
}

/** `a,b , c` as a list; empty parts are a mistake. */
export function nameList(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '')) {
    throw new InvalidArgumentError('It must be names with commas between them.');
  }
  return [...new Set(names)];
}

/** A list whose members are all among the known ones. */
export function listAmong<Name extends string>(
  known: readonly Name[],
): (text: string) => readonly Name[] {
  return (text) =>
    nameList(text).map((name) => {
      const found = known.find((each) => each === name);
      if (found === undefined) {
        throw new InvalidArgumentError(`"${name}" is none of ${known.join(', ')}.`);
      }
      return found;
    });
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `500ms`, `30s`, `2m`, `1h`, `30d` in milliseconds; the unit is a must, since tools disagree about what a bare number means. */
export function durationMs(text: string): number {
  const [, amount = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const factor = units[unit];
  if (factor === undefined) {
    throw new InvalidArgumentError(
      'It must be a time with its unit, such as 500ms, 30s, 2m, 12h or 30d.',
    );
  }
  return Math.round(Number(amount) * factor);
}

/** An amount of dollars above zero: `20`, `0.5`, `$2.50`. */
export function dollars(text: string): number {
  const [, amount = ''] = /^\$?(\d{1,7}(?:\.\d{1,12})?)$/.exec(text) ?? [];
  const value = Number(amount);
  if (!(value > 0 && value <= 1_000_000)) {
    throw new InvalidArgumentError('It must be an amount of dollars such as 20 or 0.50.');
  }
  return value;
}

/** A short text that people read beside a status. */
export function pauseReason(text: string): string {
  const reason = text.trim();
  if (reason === '' || reason.length > 200) {
    throw new InvalidArgumentError('It must be a text of 1 to 200 characters.');
  }
  return reason;
}

/** `10` as a count of cells, `5%` as a share of them. */
export function failureLimit(text: string): { count: number } | { share: number } {
  const [, amount = '', percent] = /^(\d{1,9}(?:\.\d{1,4})?)(%)?$/.exec(text) ?? [];
  const value = Number(amount);
  const whole = amount !== '' && Number.isInteger(value);
  if (percent === undefined && whole) return { count: value };
  if (percent !== undefined && value <= 100) return { share: value / 100 };
  throw new InvalidArgumentError('It must be a number of cells such as 10, or a share such as 5%.');
}

/** ISO 8601 with its zone. */
function moment(text: string): string {
  const at = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at)) {
    throw new InvalidArgumentError('It must be a moment with its zone, as 2026-11-21T12:00:00Z.');
  }
  return new Date(at).toISOString();
}

/** The version of a dataset, as a push prints it: nobody knows how it will stand in the future. */
export function versionMoment(text: string): string {
  const version = moment(text);
  if (isInFuture(version, Date.now())) {
    throw new InvalidArgumentError(
      'It lies in the future: a version is how the dataset stood then.',
    );
  }
  return version;
}
