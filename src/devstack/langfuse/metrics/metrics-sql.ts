import { Where } from '../filters/where.js';
import { badRequest } from '../http/errors.js';
import type { Aggregation, MetricsQuery } from './metrics-query.js';
import type { Granularity } from './time-buckets.js';
import type { View, Views } from './views.js';
import { namedMeasures } from './views.js';

export interface MetricsSql {
  readonly sql: string;
  readonly values: readonly unknown[];
}

export const alias = (metric: { aggregation: string; measure: string }): string =>
  `${metric.aggregation}_${metric.measure}`;

/** The statement of a query whose every name was looked up in the view: only parameters come from outside. */
export function metricsSql(
  query: MetricsQuery,
  granularity: Granularity | undefined,
  { projectId, views }: { readonly projectId: string; readonly views: Views },
): MetricsSql {
  const view = views[query.view];
  if (view === undefined) throw badRequest(`Invalid view ${query.view}`);
  checkNames(query, view);
  const where = new Where().equals('project_id', projectId);
  const sql = statement(query, { view, where, granularity });
  return { sql, values: where.values };
}

function checkNames(query: MetricsQuery, view: View): void {
  for (const { measure } of query.metrics)
    if (!Object.hasOwn(view.measures, measure))
      throw badRequest(
        `Invalid metric ${measure}. Must be one of ${namedMeasures[query.view] ?? Object.keys(view.measures).join(',')}`,
      );
  const dimensions = query.dimensions.map(({ field }) => field);
  for (const field of dimensions)
    if (!Object.hasOwn(view.dimensions, field))
      throw badRequest(
        `Invalid dimension ${field}. Must be one of ${Object.keys(view.dimensions).join(',')}`,
      );
  const high = dimensions.filter((field) => view.highCardinality.has(field));
  const measures = new Set(query.metrics.map(alias));
  const ordered = query.orderBy?.some(
    ({ field, direction }) => direction === 'desc' && measures.has(field),
  );
  if (high.length > 0 && (ordered !== true || query.config?.row_limit === undefined))
    throw badRequest(
      `High cardinality dimension(s) '${high.join("', '")}' require both 'config.row_limit' and 'orderBy' with direction 'desc' on a measure field.`,
    );
}

function statement(
  query: MetricsQuery,
  parts: { view: View; where: Where; granularity: Granularity | undefined },
): string {
  const { view, where, granularity } = parts;
  where.add(view.visible);
  where.add(`${view.time} >= ${where.slot(query.fromTimestamp)}`);
  where.add(`${view.time} < ${where.slot(query.toTimestamp)}`);
  where.filter(query.filters, view.filters);
  const groups = [
    ...(granularity === undefined
      ? []
      : [`date_trunc('${granularity}', ${view.time}, 'UTC') as time_dimension`]),
    ...query.dimensions.map(({ field }) => `${view.dimensions[field] ?? 'null'} as "${field}"`),
  ];
  const metrics = query.metrics.map(
    (metric) =>
      `${aggregate(metric.aggregation, view.measures[metric.measure] ?? 'null', metric.measure)} as "${alias(metric)}"`,
  );
  const positions = groups.map((_, index) => index + 1).join(', ');
  return `select ${[...groups, ...metrics].join(', ')} from ${view.table} where ${where.sql}
    ${groups.length === 0 ? '' : `group by ${positions}`}
    order by ${order(query, granularity !== undefined)} limit ${query.config?.row_limit ?? 100}`;
}

const unique = new Set(['traceId', 'uniqueUserIds', 'uniqueSessionIds']);

function aggregate(aggregation: Aggregation, expression: string, measure: string): string {
  if (unique.has(measure)) return `count(distinct ${expression})::double precision`;
  switch (aggregation) {
    case 'count':
      return `count(${expression})::double precision`;
    case 'sum':
      return `coalesce(round(sum(${expression})::numeric, 12), 0)::double precision`;
    case 'avg':
    case 'min':
    case 'max':
      return `${aggregation}(${expression})::double precision`;
    default:
      return `percentile_cont(0.${aggregation.slice(1)}) within group (order by ${expression})`;
  }
}

/** Without an order: by time, then the first metric from its largest value. */
function order(query: MetricsQuery, hasTime: boolean): string {
  const known = new Set([
    ...query.dimensions.map(({ field }) => field),
    ...query.metrics.map(alias),
    ...(hasTime ? ['time_dimension'] : []),
  ]);
  const asked = (query.orderBy ?? []).map(({ field, direction }) => {
    if (!known.has(field)) throw badRequest(`Invalid orderBy field ${field}`);
    return `"${field}" ${direction} nulls last`;
  });
  const [first] = query.metrics;
  const fallback = [
    ...(hasTime ? ['time_dimension'] : []),
    ...(first === undefined ? [] : [`"${alias(first)}" desc nulls last`]),
  ];
  return (asked.length > 0 ? asked : fallback).join(', ');
}
