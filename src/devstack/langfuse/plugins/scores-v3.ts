import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { invalidField } from '../http/errors.js';
import type { Call } from '../http/exchange.js';
import { ok } from '../http/exchange.js';
import {
  commaList,
  isoDateTime,
  pageLimit,
  parse,
  queryObject,
  readCursor,
  writeCursor,
} from '../http/validate.js';
import type { ScoreRow } from '../scores/score-view.js';
import { readableScores, scoreGroups, scoreView } from '../scores/score-view.js';

const upper = commaList.transform((list) => list?.map((entry) => entry.toUpperCase()));
const querySchema = z.object({
  limit: pageLimit(50),
  cursor: z.string().optional(),
  fields: commaList.pipe(z.array(z.enum(scoreGroups)).optional()),
  id: commaList,
  name: commaList,
  source: upper,
  dataType: upper,
  environment: commaList,
  configId: commaList,
  queueId: commaList,
  authorUserId: commaList,
  traceId: commaList,
  sessionId: commaList,
  observationId: commaList,
  experimentId: commaList,
  value: commaList,
  valueMin: z.coerce.number().optional(),
  valueMax: z.coerce.number().optional(),
  fromTimestamp: isoDateTime.optional(),
  toTimestamp: isoDateTime.optional(),
});
type Query = z.infer<typeof querySchema>;

const cursorSchema = z.object({
  v: z.literal(1),
  lastTimestamp: z.iso.datetime(),
  lastId: z.string(),
});

const listColumns = {
  id: 'id',
  name: 'name',
  source: 'source',
  dataType: 'data_type',
  environment: 'environment',
  configId: 'config_id',
  queueId: 'queue_id',
  authorUserId: 'author_user_id',
  traceId: 'trace_id',
  sessionId: 'session_id',
  observationId: 'observation_id',
  experimentId: 'experiment_id',
} as const satisfies Partial<Record<keyof Query, string>>;

export const scoresV3: Plugin = (context) => [
  {
    path: '/api/public/v3/scores',
    methods: { GET: async (call) => ok(await list(context, call)) },
  },
];

async function list({ database, project }: DevServerContext, call: Call): Promise<unknown> {
  const query = parse(querySchema, queryObject(call.query));
  checkCombinations(query);
  const values: unknown[] = [project.id];
  const conditions = ['project_id = $1', readableScores];
  const add = (sql: (slot: string) => string, value: unknown) => {
    values.push(value);
    conditions.push(sql(`$${values.length}`));
  };
  for (const [key, column] of Object.entries(listColumns)) {
    const wanted = query[key as keyof typeof listColumns];
    if (wanted !== undefined) add((slot) => `${column} = any(${slot})`, wanted);
  }
  addValueConditions(query, add);
  if (query.fromTimestamp !== undefined) add((slot) => `timestamp >= ${slot}`, query.fromTimestamp);
  if (query.toTimestamp !== undefined) add((slot) => `timestamp < ${slot}`, query.toTimestamp);
  if (query.cursor !== undefined) {
    const { lastTimestamp, lastId } = readCursor(cursorSchema, query.cursor);
    values.push(lastTimestamp, lastId);
    conditions.push(
      `(timestamp, id) < ($${values.length - 1}::timestamptz, $${values.length}::text)`,
    );
  }
  const rows = await database.rows<ScoreRow>(
    `select * from scores where ${conditions.join(' and ')}
     order by timestamp desc, id desc limit ${query.limit + 1}`,
    values,
  );
  const data = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? data.at(-1) : undefined;
  const asked = new Set<string>(query.fields);
  return {
    data: data.map((row) => scoreView(row, asked)),
    meta: {
      limit: query.limit,
      ...(last === undefined
        ? {}
        : { cursor: writeCursor({ v: 1, lastTimestamp: last.timestamp, lastId: last.id }) }),
    },
  };
}

type AddCondition = (sql: (slot: string) => string, value: unknown) => void;

function addValueConditions(query: Query, add: AddCondition): void {
  if (query.valueMin !== undefined) add((slot) => `number_value >= ${slot}`, query.valueMin);
  if (query.valueMax !== undefined) add((slot) => `number_value <= ${slot}`, query.valueMax);
  if (query.value === undefined) return;
  const [type] = query.dataType ?? [];
  if (type === 'CATEGORICAL') {
    add((slot) => `string_value = any(${slot})`, query.value);
    return;
  }
  const numbers = query.value.map((text) => numberOf(text, type));
  add((slot) => `number_value = any(${slot}::double precision[])`, numbers);
}

function numberOf(text: string, type: string | undefined): number {
  if (type === 'BOOLEAN') {
    if (text === 'true' || text === 'false') return text === 'true' ? 1 : 0;
    throw invalidField([], 'value filter for BOOLEAN must be "true" or "false"');
  }
  const value = Number(text);
  if (!Number.isFinite(value))
    throw invalidField([], 'value filter for NUMERIC must be a finite number');
  return value;
}

function checkCombinations(query: Query): void {
  const targets = [query.traceId, query.sessionId, query.experimentId];
  if (targets.filter((target) => target !== undefined).length > 1)
    throw invalidField([], 'At most one of traceId, sessionId, experimentId may be specified');
  if (query.observationId !== undefined && query.traceId === undefined)
    throw invalidField(
      [],
      'observationId filter requires traceId — observation IDs are scoped to a trace',
    );
  const [type, ...others] = query.dataType ?? [];
  const single = others.length === 0 ? type : undefined;
  const filterable = ['NUMERIC', 'BOOLEAN', 'CATEGORICAL'];
  if (query.value !== undefined && (single === undefined || !filterable.includes(single)))
    throw invalidField(
      [],
      'value filter requires a single dataType from: NUMERIC, BOOLEAN, CATEGORICAL',
    );
  if ((query.valueMin !== undefined || query.valueMax !== undefined) && single !== 'NUMERIC')
    throw invalidField([], 'valueMin and valueMax require dataType NUMERIC');
}
