import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import type { Condition } from '../filters/filter-input.js';
import { parseFilter } from '../filters/filter-input.js';
import { Where } from '../filters/where.js';
import { invalidField } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import {
  commaList,
  isoDateTime,
  parse,
  queryObject,
  readCursor,
  writeCursor,
} from '../http/validate.js';
import { requireV4 } from '../mode.js';
import { observationColumns } from '../observations/columns.js';
import type { ObservationRow } from '../observations/observation-view.js';
import { observationView } from '../observations/observation-view.js';

const querySchema = z.object({
  fields: commaList,
  expandMetadata: commaList,
  limit: z.coerce.number().int().nonnegative().lte(1_000).default(50),
  cursor: z.string().optional(),
  parseIoAsJson: z.enum(['true', 'false']).optional(),
  name: z.string().optional(),
  userId: z.string().optional(),
  sessionId: z.string().optional(),
  type: z.string().optional(),
  traceId: z.string().optional(),
  level: z.enum(['DEBUG', 'DEFAULT', 'WARNING', 'ERROR']).optional(),
  parentObservationId: z.string().optional(),
  isRootObservation: z.enum(['true', 'false']).optional(),
  environment: commaList,
  version: z.string().optional(),
  fromStartTime: isoDateTime.optional(),
  toStartTime: isoDateTime.optional(),
  filter: z.string().optional(),
});
type Query = z.infer<typeof querySchema>;

// `lastSeq` is ours: rows of one span sent twice tie in all else, and a page must not hide a duplicate.
const cursorSchema = z.object({
  lastStartTimeTo: z.iso.datetime(),
  lastTraceId: z.string(),
  lastId: z.string(),
  lastSeq: z.string().regex(/^\d+$/).default('0'),
});

export const observations: Plugin = (context) => [
  {
    path: '/api/public/v2/observations',
    methods: { GET: (call) => list(context, call) },
  },
];

async function list(context: DevServerContext, call: Call): Promise<Reply> {
  const { database, project } = context;
  const query = parse(querySchema, queryObject(call.query));
  if (query.parseIoAsJson === 'true')
    throw invalidField(
      ['parseIoAsJson'],
      'parseIoAsJson=true is no longer supported on the v2 observations endpoint. Input/output fields are always returned as raw strings. Remove the parseIoAsJson parameter or set it to false.',
    );
  const filter = parseFilter(query.filter);
  const cursor = query.cursor === undefined ? undefined : readCursor(cursorSchema, query.cursor);
  requireV4(context, 'observations v2');
  const where = conditions(query, filter, project.id);
  if (cursor !== undefined) addCursor(where, cursor);
  const groups = new Set(query.fields ?? ['core', 'basic']);
  const columns = [
    coreColumns,
    ...(groups.has('io') ? ['input, output'] : []),
    ...(groups.has('metadata') ? ['metadata'] : []),
  ];
  if (query.limit === 0) return ok({ data: [], meta: {} });
  const rows = await database.rows<ObservationRow>(
    `select ${columns.join(', ')} from observations where ${where.sql}
     order by start_time desc, trace_id desc, id desc, seq desc limit ${query.limit + 1}`,
    where.values,
  );
  const shown = rows.slice(0, query.limit);
  const cutMetadata = !groups.has('io') && query.expandMetadata === undefined;
  return ok({
    data: shown.map((row) => observationView(row, { groups, cutMetadata })),
    meta: rows.length > query.limit ? { cursor: cursorAfter(shown) } : {},
  });
}

const coreColumns = `seq, project_id, trace_id, id, parent_id, start_time, end_time, created_at, type, name,
  level, environment, user_id, session_id, version, is_root, model, prompt_id, detail`;

function conditions(query: Query, filter: readonly Condition[], projectId: string): Where {
  const where = new Where();
  where.equals('project_id', projectId).add('visible_at <= clock_timestamp()');
  // A structured condition takes precedence over the plain parameter of the same column.
  const given = new Set(filter.map(({ column }) => column));
  const plain = <T>(column: string, value: T | undefined): T | undefined =>
    given.has(column) ? undefined : value;
  where.filter(filter, observationColumns);
  for (const column of plainColumns)
    where.equals(observationColumns[column] ?? column, plain(column, query[column]));
  const parent = plain('parentObservationId', query.parentObservationId);
  if (parent === '') where.add('parent_id is null');
  else where.equals('parent_id', parent);
  const root = plain('isRootObservation', query.isRootObservation);
  where.equals('is_root', root === undefined ? undefined : root === 'true');
  where.anyOf('environment', plain('environment', query.environment));
  const from = plain('startTime', query.fromStartTime);
  const to = plain('startTime', query.toStartTime);
  if (from !== undefined) where.add(`start_time >= ${where.slot(from)}`);
  if (to !== undefined) where.add(`start_time < ${where.slot(to)}`);
  return where;
}

const plainColumns = [
  'name',
  'userId',
  'sessionId',
  'type',
  'traceId',
  'level',
  'version',
] as const;

function addCursor(where: Where, cursor: z.output<typeof cursorSchema>): void {
  const slots = [
    `${where.slot(cursor.lastStartTimeTo)}::timestamptz`,
    `${where.slot(cursor.lastTraceId)}::text`,
    `${where.slot(cursor.lastId)}::text`,
    `${where.slot(cursor.lastSeq)}::bigint`,
  ];
  where.add(`(start_time, trace_id, id, seq) < (${slots.join(', ')})`);
}

function cursorAfter(rows: readonly ObservationRow[]): string | undefined {
  const last = rows.at(-1);
  return (
    last &&
    writeCursor({
      lastStartTimeTo: last.start_time,
      lastTraceId: last.trace_id,
      lastId: last.id,
      lastSeq: last.seq,
    })
  );
}
