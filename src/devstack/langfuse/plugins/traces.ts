import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { decodeDeep, encodeText } from '../db/text.js';
import { parseFilter } from '../filters/filter-input.js';
import { Where } from '../filters/where.js';
import { badRequest, notFound } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import {
  commaList,
  isoDateTime,
  pageLimit,
  pageMeta,
  pageNumber,
  parse,
  queryObject,
  textList,
} from '../http/validate.js';
import { v3Read } from '../mode.js';
import type { ScoreRow } from '../scores/score-view.js';
import { readableScores } from '../scores/score-view.js';
import { scoreViewV1 } from '../scores/score-view-v2.js';
import { traceColumns } from '../v3/columns.js';
import { observationView } from '../v3/observation-view.js';
import { readable } from '../v3/readable.js';
import type { ObservationRow, TraceRow } from '../v3/stored.js';
import type { TraceExtras } from '../v3/trace-extras.js';
import { traceExtras } from '../v3/trace-extras.js';
import { tracePath, traceView } from '../v3/trace-view.js';
import { deleteMany, deleteOne } from './trace-deletion.js';

const groupNames = ['core', 'io', 'scores', 'observations', 'metrics'] as const;
const fields = commaList.pipe(z.array(z.enum(groupNames)).optional());

const listSchema = z.object({
  page: pageNumber,
  limit: pageLimit(50),
  userId: z.string().optional(),
  name: z.string().optional(),
  sessionId: z.string().optional(),
  fromTimestamp: isoDateTime.optional(),
  toTimestamp: isoDateTime.optional(),
  orderBy: z.string().optional(),
  tags: textList,
  version: z.string().optional(),
  release: z.string().optional(),
  environment: textList,
  fields,
  filter: z.string().optional(),
});
type Query = z.infer<typeof listSchema>;

/** Traces: read in the modes with v3 tables, deleted in all. */
export const traces: Plugin = (context) => [
  {
    path: '/api/public/traces',
    methods: {
      GET: v3Read(context, (call) => list(context, call)),
      DELETE: (call) => deleteMany(context, call),
    },
  },
  {
    path: '/api/public/traces/{traceId}',
    methods: {
      GET: v3Read(context, (call) => get(context, call)),
      DELETE: (call) => deleteOne(context, call),
    },
  },
];

async function list(context: DevServerContext, call: Call): Promise<Reply> {
  const query = parse(listSchema, queryObject(call.query));
  const groups = new Set<string>(query.fields ?? groupNames);
  const where = conditions(query, context.project.id);
  const rows = await context.database.rows<TraceRow & { total: number }>(
    `select t.*, count(*) over ()::int as total from v3_traces t where ${where.sql}
     order by ${orderOf(query.orderBy)} limit ${query.limit} offset ${(query.page - 1) * query.limit}`,
    where.values,
  );
  const shown = rows.map((row) => decodeDeep(row));
  const extrasOf = await traceExtras(
    context,
    shown.map(({ id }) => id),
  );
  return ok({
    data: shown.map((row) => ({
      ...traceView(row, groups.has('io')),
      ...shownExtras(extrasOf(row.id), groups),
      htmlPath: tracePath(row),
    })),
    meta: pageMeta(query, rows[0]?.total ?? (await count(context, where))),
  });
}

/** A page past the end has no row to carry the total. */
async function count({ database }: DevServerContext, where: Where): Promise<number> {
  const [row] = await database.rows<{ total: number }>(
    `select count(*)::int as total from v3_traces t where ${where.sql}`,
    where.values,
  );
  return row?.total ?? 0;
}

/** Groups that were not asked are empty, and -1 where a number is expected. */
function shownExtras(extras: TraceExtras, groups: ReadonlySet<string>): TraceExtras {
  const metrics = groups.has('metrics');
  return {
    observations: groups.has('observations') ? extras.observations : [],
    scores: groups.has('scores') ? extras.scores : [],
    totalCost: metrics ? extras.totalCost : -1,
    latency: metrics ? extras.latency : -1,
  };
}

function conditions(query: Query, projectId: string): Where {
  const where = new Where().equals('t.project_id', projectId).add(readable('t'));
  const filter = parseFilter(query.filter);
  if (filter.length > 0) return where.filter(filter, traceColumns);
  where.equals('t.user_id', query.userId).equals('t.name', query.name);
  where.equals('t.session_id', query.sessionId).equals('t.version', query.version);
  where.equals('t.release', query.release).anyOf('t.environment', query.environment);
  if (query.tags !== undefined) where.add(`t.tags @> ${where.slot(query.tags)}::text[]`);
  if (query.fromTimestamp !== undefined)
    where.add(`t.timestamp >= ${where.slot(query.fromTimestamp)}`);
  if (query.toTimestamp !== undefined) where.add(`t.timestamp < ${where.slot(query.toTimestamp)}`);
  return where;
}

const sortable: Readonly<Record<string, string>> = {
  id: 't.id',
  timestamp: 't.timestamp',
  name: 't.name',
  userId: 't.user_id',
  release: 't.release',
  version: 't.version',
  public: 't.public',
  bookmarked: 'false',
  sessionId: 't.session_id',
};

function orderOf(given: string | undefined): string {
  const [field = '', direction = ''] = (given ?? 'timestamp.desc').split('.');
  const column = Object.hasOwn(sortable, field) ? sortable[field] : undefined;
  if (column === undefined || (direction !== 'asc' && direction !== 'desc'))
    throw badRequest(`Invalid orderBy: ${given ?? ''}`);
  return `${column} ${direction}, t.id desc`;
}

async function get(context: DevServerContext, call: Call): Promise<Reply> {
  const query = parse(z.object({ fields }), queryObject(call.query));
  const groups = new Set<string>(query.fields ?? groupNames);
  const id = call.params['traceId'] ?? '';
  const { database, project } = context;
  const key = [project.id, encodeText(id)];
  const [row] = await database.rows<TraceRow>(
    `select * from v3_traces t where t.project_id = $1 and t.id = $2 and ${readable('t')}`,
    key,
  );
  if (row === undefined) throw notFound(`Trace ${id} not found within authorized project`);
  const [observations, scores, extrasOf] = await Promise.all([
    database.rows<ObservationRow>(
      `select * from v3_observations o where o.project_id = $1 and o.trace_id = $2 and ${readable('o')}
       order by o.start_time, o.seq`,
      key,
    ),
    database.rows<ScoreRow>(
      `select * from scores where project_id = $1 and trace_id = $2 and ${readableScores} order by timestamp, seq`,
      key,
    ),
    traceExtras(context, [id]),
  ]);
  const { totalCost, latency } = shownExtras(extrasOf(id), groups);
  const trace = decodeDeep(row);
  return ok({
    ...traceView(trace, groups.has('io')),
    scores: groups.has('scores') ? scores.map(scoreViewV1) : [],
    latency,
    observations: groups.has('observations')
      ? observations.map((found) => observationView(decodeDeep(found), 'trace'))
      : [],
    htmlPath: tracePath(trace),
    totalCost,
  });
}
