import { z } from 'zod';

import { conditionSchema } from '../filters/filter-input.js';
import { badRequest, invalidData } from '../http/errors.js';
import { isoDateTime, parse } from '../http/validate.js';

const granularities = ['auto', 'minute', 'hour', 'day', 'week', 'month'] as const;
const aggregations = [
  'sum',
  'avg',
  'count',
  'max',
  'min',
  'p50',
  'p75',
  'p90',
  'p95',
  'p99',
] as const;
const v4Views = ['observations', 'scores-numeric', 'scores-categorical', 'scores-boolean'] as const;
const v1Views = ['traces', ...v4Views] as const;
export type ViewName = (typeof v1Views)[number];
export type Aggregation = (typeof aggregations)[number];

const fields = {
  dimensions: z.array(z.object({ field: z.string() })).default([]),
  metrics: z.array(z.object({ measure: z.string(), aggregation: z.enum(aggregations) })).min(1),
  filters: z.array(conditionSchema).default([]),
  timeDimension: z.object({ granularity: z.enum(granularities) }).nullish(),
  fromTimestamp: isoDateTime,
  toTimestamp: isoDateTime,
  orderBy: z.array(z.object({ field: z.string(), direction: z.enum(['asc', 'desc']) })).nullish(),
  config: z.object({ row_limit: z.number().int().min(1).max(1_000).optional() }).nullish(),
};
const querySchemas = {
  v1: z.object({ view: z.enum(v1Views), ...fields }),
  v2: z.object({ view: z.enum(v4Views), ...fields }),
} as const;
export type MetricsQuery = z.infer<(typeof querySchemas)['v1']>;

/** The query object in the `query` parameter; v1 knows the view of traces, too. */
export function parseMetricsQuery(
  text: string | null,
  version: keyof typeof querySchemas = 'v2',
): MetricsQuery {
  parse(z.object({ query: z.string() }), { query: text ?? undefined });
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    throw badRequest('Invalid JSON in query parameter');
  }
  const parsed = querySchemas[version].safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidData(
    parsed.error.issues.map((issue) => ({ ...issue, path: ['query', ...issue.path] })),
  );
}
