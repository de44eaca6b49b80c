import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { parseFilter } from '../filters/filter-input.js';
import { Where } from '../filters/where.js';
import { notFound } from '../http/errors.js';
import type { Call, Handler, Reply } from '../http/exchange.js';
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
import { scoreViewV1, scoreViewV2 } from '../scores/score-view-v2.js';
import { readable } from '../v3/readable.js';

const listSchema = z.object({
  page: pageNumber,
  limit: pageLimit(50),
  userId: z.string().optional(),
  name: z.string().optional(),
  fromTimestamp: isoDateTime.optional(),
  toTimestamp: isoDateTime.optional(),
  environment: textList,
  source: z.enum(['ANNOTATION', 'API', 'EVAL']).optional(),
  operator: z.enum(['<', '>', '<=', '>=', '!=', '=']).optional(),
  value: z.coerce.number().optional(),
  scoreIds: commaList,
  configId: z.string().optional(),
  sessionId: z.string().optional(),
  datasetRunId: z.string().optional(),
  traceId: z.string().optional(),
  observationId: commaList,
  queueId: z.string().optional(),
  dataType: z.enum(['NUMERIC', 'CATEGORICAL', 'BOOLEAN', 'TEXT', 'CORRECTION']).optional(),
  traceTags: textList,
  fields: commaList.pipe(z.array(z.enum(['score', 'trace'])).optional()),
  filter: z.string().optional(),
});
type Query = z.infer<typeof listSchema>;

interface ListedRow extends ScoreRow {
  readonly trace_user: string | null;
  readonly trace_session: string | null;
  readonly trace_tags: readonly string[] | null;
  readonly trace_environment: string | null;
}

/** `v2/scores`: by page, with the trace of each. */
export const scoresV2: Plugin = (context) => [
  {
    path: '/api/public/v2/scores',
    methods: { GET: v3Read(context, (call) => list(context, call, 'v2')) },
  },
  {
    path: '/api/public/v2/scores/{scoreId}',
    methods: { GET: v3Read(context, (call) => get(context, call, 'v2')) },
  },
];

/** The undocumented `GET /scores` and `GET /scores/{id}` of v1: only scores of traces. */
export const scoresV1 = (context: DevServerContext): { list: Handler; get: Handler } => ({
  list: v3Read(context, (call) => list(context, call, 'v1')),
  get: v3Read(context, (call) => get(context, call, 'v1')),
});

// A score of a trace is listed once its trace is in the v3 tables: the real server joins them.
const joined = `scores s left join v3_traces t
  on t.project_id = s.project_id and t.id = s.trace_id and ${readable('t')}`;
const known = '(s.trace_id is null or t.id is not null)';

async function list(
  { database, project }: DevServerContext,
  call: Call,
  version: 'v1' | 'v2',
): Promise<Reply> {
  const query = parse(listSchema, queryObject(call.query));
  const where = conditions(query, project.id);
  if (version === 'v1') where.add('s.trace_id is not null');
  const [rows, [count]] = await Promise.all([
    database.rows<ListedRow>(
      `select s.*, t.user_id as trace_user, t.session_id as trace_session, t.tags as trace_tags,
         t.environment as trace_environment from ${joined} where ${where.sql}
       order by s.timestamp desc, s.id desc limit ${query.limit} offset ${(query.page - 1) * query.limit}`,
      where.values,
    ),
    database.rows<{ total: number }>(
      `select count(*)::int as total from ${joined} where ${where.sql}`,
      where.values,
    ),
  ]);
  const withTrace = query.fields?.includes('trace') ?? true;
  return ok({
    data: rows.map((row) => ({
      ...(version === 'v1' ? scoreViewV1(row) : scoreViewV2(row)),
      ...(withTrace ? { trace: traceOf(row, version) } : {}),
    })),
    meta: pageMeta(query, count?.total ?? 0),
  });
}

function traceOf(row: ListedRow, version: 'v1' | 'v2') {
  if (row.trace_environment === null) return null;
  return {
    userId: row.trace_user,
    tags: row.trace_tags,
    environment: row.trace_environment,
    ...(version === 'v1' ? {} : { sessionId: row.trace_session }),
  };
}

function conditions(query: Query, projectId: string): Where {
  const where = new Where().equals('s.project_id', projectId).add(readable('s')).add(known);
  where.filter(parseFilter(query.filter), { metadata: 's.metadata' });
  for (const [key, column] of Object.entries(plainColumns))
    where.equals(column, query[key as keyof typeof plainColumns]);
  where.anyOf('s.environment', query.environment).anyOf('s.id', query.scoreIds);
  where.anyOf('s.observation_id', query.observationId);
  if (query.traceTags !== undefined) where.add(`t.tags @> ${where.slot(query.traceTags)}::text[]`);
  if (query.operator !== undefined && query.value !== undefined)
    where.add(`s.number_value ${query.operator} ${where.slot(query.value)}`);
  if (query.fromTimestamp !== undefined)
    where.add(`s.timestamp >= ${where.slot(query.fromTimestamp)}`);
  if (query.toTimestamp !== undefined) where.add(`s.timestamp < ${where.slot(query.toTimestamp)}`);
  return where;
}

const plainColumns = {
  userId: 't.user_id',
  name: 's.name',
  source: 's.source',
  configId: 's.config_id',
  sessionId: 's.session_id',
  datasetRunId: 's.experiment_id',
  traceId: 's.trace_id',
  queueId: 's.queue_id',
  dataType: 's.data_type',
} as const satisfies Partial<Record<keyof Query, string>>;

async function get(
  { database, project }: DevServerContext,
  call: Call,
  version: 'v1' | 'v2',
): Promise<Reply> {
  const where = new Where().equals('s.project_id', project.id);
  where.equals('s.id', call.params['scoreId'] ?? '').add(readable('s'));
  if (version === 'v1') where.add('s.trace_id is not null');
  const [row] = await database.rows<ScoreRow>(
    `select * from scores s where ${where.sql}`,
    where.values,
  );
  if (row === undefined) throw notFound('Score not found');
  return ok(version === 'v1' ? scoreViewV1(row) : scoreViewV2(row));
}
