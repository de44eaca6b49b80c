import type { DevServerContext } from '../context.js';
import type { Row } from '../db/database.js';
import type { MetricsQuery } from './metrics-query.js';
import { alias, metricsSql } from './metrics-sql.js';
import type { Granularity } from './time-buckets.js';
import { bucketLabel, bucketLabels, granularityOf } from './time-buckets.js';
import type { Views } from './views.js';

/** The rows of a metrics query over the given views. */
export async function runMetrics(
  { database, project }: DevServerContext,
  query: MetricsQuery,
  views: Views,
): Promise<readonly Row[]> {
  const granularity = granularityOf(query);
  const { sql, values } = metricsSql(query, granularity, { projectId: project.id, views });
  const rows = await database.rows(sql, values);
  return granularity === undefined ? rows : withEmptyBuckets(rows, query, granularity);
}

/** Labels the buckets and adds the empty ones: counts and sums 0, the rest null, dimensions "". */
function withEmptyBuckets(
  rows: readonly Row[],
  query: MetricsQuery,
  granularity: Granularity,
): readonly Row[] {
  const labelled = rows.map((row) => ({
    ...row,
    time_dimension: bucketLabel(row['time_dimension'] as Date, granularity),
  }));
  const filled = new Set(labelled.map((row) => row.time_dimension));
  const blank = Object.fromEntries([
    ...query.dimensions.map(({ field }) => [field, ''] as const),
    ...query.metrics.map((metric) => [
      alias(metric),
      metric.aggregation === 'count' || metric.aggregation === 'sum' ? 0 : null,
    ]),
  ]) as Row;
  const empty = bucketLabels(query, granularity)
    .filter((label) => !filled.has(label))
    .map((label) => ({ ...blank, time_dimension: label }));
  return [...labelled, ...empty].sort((a, b) =>
    a.time_dimension === b.time_dimension ? 0 : a.time_dimension < b.time_dimension ? -1 : 1,
  );
}
