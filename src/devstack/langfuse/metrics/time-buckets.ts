import type { MetricsQuery } from './metrics-query.js';

export type Granularity = 'minute' | 'hour' | 'day' | 'week' | 'month';

const lengths: readonly (readonly [Granularity, number])[] = [
  ['minute', 60_000],
  ['hour', 3_600_000],
  ['day', 86_400_000],
  ['week', 7 * 86_400_000],
];

/** The granularity of the query; `auto` is the finest with about 50 buckets in the range. */
export function granularityOf(query: MetricsQuery): Granularity | undefined {
  const asked = query.timeDimension?.granularity;
  if (asked === undefined || asked !== 'auto') return asked;
  const range = Date.parse(query.toTimestamp) - Date.parse(query.fromTimestamp);
  return lengths.find(([, length]) => range / length <= 50)?.[0] ?? 'month';
}

/** The start of the bucket as the answers show it: a day, or an hour or minute in UTC. */
export function bucketLabel(time: Date, granularity: Granularity): string {
  const iso = time.toISOString();
  return granularity === 'hour' || granularity === 'minute'
    ? `${iso.slice(0, 19)}Z`
    : iso.slice(0, 10);
}

// A range of years by the minute would fill the memory with empty buckets.
const mostBuckets = 10_000;

/** The labels of all buckets that start in the range, as date_trunc in UTC cuts them. */
export function bucketLabels(query: MetricsQuery, granularity: Granularity): readonly string[] {
  const labels: string[] = [];
  const end = Date.parse(query.toTimestamp);
  let bucket = floor(new Date(query.fromTimestamp), granularity);
  while (bucket.getTime() < end && labels.length < mostBuckets) {
    labels.push(bucketLabel(bucket, granularity));
    bucket = next(bucket, granularity);
  }
  return labels;
}

function floor(time: Date, granularity: Granularity): Date {
  const floored = new Date(time);
  if (granularity === 'minute') floored.setUTCSeconds(0, 0);
  else if (granularity === 'hour') floored.setUTCMinutes(0, 0, 0);
  else floored.setUTCHours(0, 0, 0, 0);
  if (granularity === 'month') floored.setUTCDate(1);
  // Weeks start on Monday, as in Postgres and ISO 8601.
  if (granularity === 'week')
    floored.setUTCDate(floored.getUTCDate() - ((floored.getUTCDay() + 6) % 7));
  return floored;
}

function next(bucket: Date, granularity: Granularity): Date {
  const following = new Date(bucket);
  if (granularity === 'month') following.setUTCMonth(following.getUTCMonth() + 1);
  else {
    const length = lengths.find(([name]) => name === granularity)?.[1] ?? 0;
    following.setTime(following.getTime() + length);
  }
  return following;
}
