import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { decodeDeep } from '../db/text.js';
import { parseFilter } from '../filters/filter-input.js';
import { Where } from '../filters/where.js';
import { notFound } from '../http/errors.js';
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
import { observationColumns } from '../v3/columns.js';
import { observationView } from '../v3/observation-view.js';
import { readable } from '../v3/readable.js';
import type { ObservationRow } from '../v3/stored.js';

const listSchema = z.object({
  page: pageNumber,
  limit: pageLimit(50),
  name: z.string().optional(),
  userId: z.string().optional(),
  type: z.string().optional(),
  traceId: z.string().optional(),
  level: z.enum(['DEBUG', 'DEFAULT', 'WARNING', 'ERROR']).optional(),
  parentObservationId: z.string().optional(),
  environment: textList,
  fromStartTime: isoDateTime.optional(),
  toStartTime: isoDateTime.optional(),
  version: z.string().optional(),
  filter: z.string().optional(),
});

/** The observations of the v3 tables. */
export const observationsV1: Plugin = (context) => [
  {
    path: '/api/public/observations',
    methods: { GET: v3Read(context, (call) => list(context, call)) },
  },
  {
    path: '/api/public/observations/{observationId}',
    methods: { GET: v3Read(context, (call) => get(context, call)) },
  },
];

const withTrace = `v3_observations o left join v3_traces t
  on t.project_id = o.project_id and t.id = o.trace_id and ${readable('t')}`;

async function list({ database, project }: DevServerContext, call: Call): Promise<Reply> {
  const query = parse(listSchema, queryObject(call.query));
  const where = conditions(query, project.id);
  const [rows, [count]] = await Promise.all([
    database.rows<ObservationRow>(
      `select o.* from ${withTrace} where ${where.sql} order by o.start_time desc, o.id desc
       limit ${query.limit} offset ${(query.page - 1) * query.limit}`,
      where.values,
    ),
    database.rows<{ total: number }>(
      `select count(*)::int as total from ${withTrace} where ${where.sql}`,
      where.values,
    ),
  ]);
  return ok({
    data: rows.map((row) => observationView(decodeDeep(row), 'list')),
    meta: pageMeta(query, count?.total ?? 0),
  });
}

function conditions(query: z.infer<typeof listSchema>, projectId: string): Where {
  const where = new Where().equals('o.project_id', projectId).add(readable('o'));
  const filter = parseFilter(query.filter);
  // A structured condition takes precedence over the plain parameter of the same column.
  const given = new Set(filter.map(({ column }) => column));
  where.filter(filter, observationColumns);
  for (const column of plainColumns)
    if (!given.has(column)) where.equals(observationColumns[column] ?? column, query[column]);
  if (!given.has('environment')) where.anyOf('o.environment', query.environment);
  if (given.has('startTime')) return where;
  if (query.fromStartTime !== undefined)
    where.add(`o.start_time >= ${where.slot(query.fromStartTime)}`);
  if (query.toStartTime !== undefined) where.add(`o.start_time < ${where.slot(query.toStartTime)}`);
  return where;
}

const plainColumns = [
  'name',
  'userId',
  'type',
  'traceId',
  'level',
  'parentObservationId',
  'version',
] as const;

async function get({ database, project }: DevServerContext, call: Call): Promise<Reply> {
  const id = call.params['observationId'] ?? '';
  const where = new Where().equals('o.project_id', project.id).equals('o.id', id);
  const [row] = await database.rows<ObservationRow>(
    `select * from v3_observations o where ${where.sql} and ${readable('o')}`,
    where.values,
  );
  if (row === undefined) throw notFound(`Observation with id ${id} not found`);
  return ok(observationView(decodeDeep(row), 'get'));
}
