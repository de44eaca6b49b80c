import type { Plugin } from '../context.js';
import type { Row } from '../db/database.js';
import { alias, metricsSql } from '../metrics/metrics-sql.js';
import type { MetricsQuery } from '../metrics/metrics-query.js';
import { parseMetricsQuery } from '../metrics/metrics-query.js';
import type { Granularity } from '../metrics/time-buckets.js';
import { bucketLabel, bucketLabels, granularityOf } from '../metrics/time-buckets.js';
import { ok } from '../http/exchange.js';
import { requireV4 } from '../mode.js';

/** `v2/metrics`: counts, sums, averages and quantiles over observations and scores. */
export const metrics: Plugin = (context) => [
  {
    path: '/api/public/v2/metrics',
    methods: {
      GET: async (call) => {
        const query = parseMetricsQuery(call.query.get('query'));
        requireV4(context, 'metrics v2');
        const { database, project } = context;
        const granularity = granularityOf(query);
        const { sql, values } = metricsSql(query, granularity, project.id);
        const rows = await database.rows(sql, values);
        return ok({
          data: granularity === undefined ? rows : withEmptyBuckets(rows, query, granularity),
        });
      },
    },
  },
];

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
