import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { decodeDeep, encodeText } from '../db/text.js';
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
import { readable } from '../v3/readable.js';
import type { TraceRow } from '../v3/stored.js';
import { traceView } from '../v3/trace-view.js';

interface SessionRow {
  readonly id: string;
  readonly project_id: string;
  readonly environment: string;
  readonly created_at: Date;
}

const listSchema = z.object({
  page: pageNumber,
  limit: pageLimit(50),
  fromTimestamp: isoDateTime.optional(),
  toTimestamp: isoDateTime.optional(),
  environment: textList,
});

/** Sessions of traces in the v3 tables. */
export const sessions: Plugin = (context) => [
  {
    path: '/api/public/sessions',
    methods: { GET: v3Read(context, (call) => list(context, call)) },
  },
  {
    path: '/api/public/sessions/{sessionId}',
    methods: { GET: v3Read(context, (call) => get(context, call)) },
  },
];

async function list({ database, project }: DevServerContext, call: Call): Promise<Reply> {
  const query = parse(listSchema, queryObject(call.query));
  const where = new Where().equals('s.project_id', project.id);
  where.anyOf('s.environment', query.environment);
  if (query.fromTimestamp !== undefined)
    where.add(`s.created_at >= ${where.slot(query.fromTimestamp)}`);
  if (query.toTimestamp !== undefined) where.add(`s.created_at < ${where.slot(query.toTimestamp)}`);
  const [rows, [count]] = await Promise.all([
    database.rows<SessionRow>(
      `select * from v3_sessions s where ${where.sql} order by s.created_at desc, s.id
       limit ${query.limit} offset ${(query.page - 1) * query.limit}`,
      where.values,
    ),
    database.rows<{ total: number }>(
      `select count(*)::int as total from v3_sessions s where ${where.sql}`,
      where.values,
    ),
  ]);
  return ok({ data: rows.map(sessionView), meta: pageMeta(query, count?.total ?? 0) });
}

async function get({ database, project }: DevServerContext, call: Call): Promise<Reply> {
  const key = [project.id, encodeText(call.params['sessionId'] ?? '')];
  const [session] = await database.rows<SessionRow>(
    'select * from v3_sessions where project_id = $1 and id = $2',
    key,
  );
  if (session === undefined) throw notFound('Session not found within authorized project');
  const rows = await database.rows<TraceRow>(
    `select * from v3_traces t where t.project_id = $1 and t.session_id = $2 and ${readable('t')}
     order by t.created_at, t.timestamp, t.id`,
    key,
  );
  return ok({ ...sessionView(session), traces: rows.map((row) => traceView(decodeDeep(row))) });
}

function sessionView(row: SessionRow) {
  const { id, project_id: projectId, environment, created_at: createdAt } = decodeDeep(row);
  return { id, createdAt, projectId, environment };
}
