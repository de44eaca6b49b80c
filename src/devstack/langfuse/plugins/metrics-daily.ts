import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { Where } from '../filters/where.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import {
  isoDateTime,
  pageLimit,
  pageMeta,
  pageNumber,
  parse,
  queryObject,
  textList,
} from '../http/validate.js';
import { v3Read } from '../mode.js';
import { readable } from '../v3/readable.js';

const querySchema = z.object({
  page: pageNumber,
  limit: pageLimit(50),
  traceName: z.string().optional(),
  userId: z.string().optional(),
  tags: textList,
  environment: textList,
  fromTimestamp: isoDateTime.optional(),
  toTimestamp: isoDateTime.optional(),
});
type Query = z.infer<typeof querySchema>;

interface DayRow {
  readonly date: string;
  readonly traces: number;
  readonly observations: number;
  readonly cost: number;
}

interface ModelRow extends DayRow {
  readonly model: string | null;
  readonly input: number;
  readonly output: number;
  readonly total: number;
}

/** The undocumented daily metrics: traces, observations, cost and usage by model, newest day first. */
export const metricsDaily: Plugin = (context) => [
  {
    path: '/api/public/metrics/daily',
    methods: { GET: v3Read(context, (call) => daily(context, call)) },
  },
];

// The day of the observation; traces without any fall on the day 0 of the real server's engine.
const day = `coalesce(to_char(o.start_time at time zone 'UTC', 'YYYY-MM-DD'), '1970-01-01')`;
const counts = `count(distinct t.id)::int as traces, count(o.id)::int as observations,
  coalesce(round(sum((o.detail->'cost'->>'total')::numeric), 12), 0)::double precision as cost`;
const usage = (type: string) =>
  `coalesce(sum((o.detail->'usage'->>'${type}')::double precision), 0) as ${type}`;

async function daily({ database, project }: DevServerContext, call: Call): Promise<Reply> {
  const query = parse(querySchema, queryObject(call.query));
  const where = conditions(query, project.id);
  const from = `from v3_traces t left join v3_observations o
    on o.project_id = t.project_id and o.trace_id = t.id and ${readable('o')} where ${where.sql}`;
  const [days, models] = await Promise.all([
    database.rows<DayRow>(
      `select ${day} as date, ${counts} ${from} group by 1 order by 1 desc`,
      where.values,
    ),
    database.rows<ModelRow>(
      `select ${day} as date, o.model, ${counts}, ${usage('input')}, ${usage('output')}, ${usage('total')}
       ${from} and o.id is not null group by 1, 2 order by cost desc, o.model`,
      where.values,
    ),
  ]);
  const offset = (query.page - 1) * query.limit;
  const data = days.slice(offset, offset + query.limit).map((row) => ({
    date: row.date,
    countTraces: row.traces,
    countObservations: row.observations,
    totalCost: row.cost,
    usage: models.filter(({ date }) => date === row.date).map(modelView),
  }));
  return ok({ data, meta: pageMeta(query, days.length) });
}

function conditions(query: Query, projectId: string): Where {
  const where = new Where().equals('t.project_id', projectId).add(readable('t'));
  where.equals('t.name', query.traceName).equals('t.user_id', query.userId);
  where.anyOf('t.environment', query.environment);
  if (query.tags !== undefined) where.add(`t.tags @> ${where.slot(query.tags)}::text[]`);
  if (query.fromTimestamp !== undefined)
    where.add(`t.timestamp >= ${where.slot(query.fromTimestamp)}`);
  if (query.toTimestamp !== undefined) where.add(`t.timestamp < ${where.slot(query.toTimestamp)}`);
  return where;
}

function modelView(row: ModelRow) {
  return {
    model: row.model,
    inputUsage: row.input,
    outputUsage: row.output,
    totalUsage: row.total,
    totalCost: row.cost,
    countObservations: row.observations,
    countTraces: row.traces,
  };
}
