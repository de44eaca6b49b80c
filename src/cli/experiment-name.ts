import { randomBytes } from 'node:crypto';

/** What names allow (contracts/names.ts). */
const longest = 200;

/** The name of a run that was given none: `{target}-{dataset}-{yyyymmdd-hhmmss in UTC}-{4 hex}`. */
export function freshExperimentName(
  target: string,
  dataset: string,
  now: Date = new Date(),
): string {
  const [date = '', time = ''] = now.toISOString().split('T');
  const moment = `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}`;
  const ending = `-${moment}-${randomBytes(2).toString('hex')}`;
  // A name of a dataset that cannot be used is told as such, and must not spoil a name that nobody gave.
  const stem = `${target}-${dataset}`.replaceAll(/[^A-Za-z0-9_.-]+/g, '-');
  return stem.slice(0, longest - ending.length) + ending;
}
