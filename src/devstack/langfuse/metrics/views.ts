import type { ColumnMap } from '../filters/where.js';
import { observationColumns } from '../observations/columns.js';
import { readableScores } from '../scores/score-view.js';
import type { ViewName } from './metrics-query.js';

/** What can be grouped, measured and filtered in a view; all values are SQL of ours. */
export interface View {
  readonly table: string;
  readonly time: string;
  readonly visible: string;
  readonly dimensions: ColumnMap;
  /** Grouping by these needs a row limit and an order by a measure. */
  readonly highCardinality: ReadonlySet<string>;
  readonly measures: ColumnMap;
  readonly filters: ColumnMap;
}

const milliseconds = (from: string, to: string) =>
  `(extract(epoch from ${to} - ${from}) * 1000)::double precision`;
const completion = `(detail->>'completionStartTime')::timestamptz`;
const column = (name: string): string => observationColumns[name] ?? 'null';
const seconds = `nullif(extract(epoch from end_time - start_time)::double precision, 0)`;

const observationDimensions: ColumnMap = {
  environment: 'environment',
  type: 'type',
  name: 'name',
  level: 'level',
  version: 'version',
  tags: column('tags'),
  release: column('release'),
  traceName: column('traceName'),
  traceRelease: column('release'),
  traceVersion: 'version',
  providedModelName: `nullif(model, '')`,
  promptName: column('promptName'),
  promptVersion: column('promptVersion'),
  isRootObservation: 'is_root',
  startTimeMonth: `to_char(start_time at time zone 'UTC', 'YYYY-MM')`,
  id: 'id',
  traceId: 'trace_id',
  userId: `nullif(user_id, '')`,
  sessionId: `nullif(session_id, '')`,
  parentObservationId: 'parent_id',
};

const observations: View = {
  table: 'observations',
  time: 'start_time',
  visible: 'visible_at <= clock_timestamp()',
  dimensions: observationDimensions,
  highCardinality: new Set(['id', 'traceId', 'userId', 'sessionId', 'parentObservationId']),
  measures: {
    count: '1',
    traceId: 'trace_id',
    uniqueUserIds: `nullif(user_id, '')`,
    uniqueSessionIds: `nullif(session_id, '')`,
    latency: milliseconds('start_time', 'end_time'),
    streamingLatency: milliseconds(completion, 'end_time'),
    inputTokens: column('inputTokens'),
    outputTokens: column('outputTokens'),
    totalTokens: column('totalTokens'),
    outputTokensPerSecond: `${column('outputTokens')} / ${seconds}`,
    tokensPerSecond: `${column('totalTokens')} / ${seconds}`,
    inputCost: column('inputCost'),
    outputCost: column('outputCost'),
    totalCost: column('totalCost'),
    timeToFirstToken: milliseconds('start_time', completion),
  },
  filters: { ...observationColumns, ...observationDimensions },
};

const scoreDimensions: ColumnMap = {
  environment: 'environment',
  name: 'name',
  source: 'source',
  dataType: 'data_type',
  configId: 'config_id',
  timestampMonth: `to_char(timestamp at time zone 'UTC', 'YYYY-MM')`,
  timestampDay: `to_char(timestamp at time zone 'UTC', 'YYYY-MM-DD')`,
  id: 'id',
  traceId: 'trace_id',
  sessionId: 'session_id',
  observationId: 'observation_id',
};

function scoresView(types: readonly string[], extra: ColumnMap, measured: boolean): View {
  const list = types.map((type) => `'${type}'`).join(', ');
  const dimensions = { ...scoreDimensions, ...extra };
  return {
    table: 'scores',
    time: 'timestamp',
    visible: `${readableScores} and data_type in (${list})`,
    dimensions,
    highCardinality: new Set(['id', 'traceId', 'sessionId', 'observationId']),
    measures: { count: '1', ...(measured ? { value: 'number_value' } : {}) },
    filters: { ...dimensions, metadata: 'metadata', timestamp: 'timestamp' },
  };
}

export type Views = Readonly<Partial<Record<ViewName, View>>>;

/** The views of the v4 tables. */
export const views = {
  observations,
  'scores-numeric': scoresView(['NUMERIC', 'BOOLEAN'], { value: 'number_value' }, true),
  'scores-boolean': scoresView(['BOOLEAN'], { booleanValue: 'number_value = 1' }, true),
  'scores-categorical': scoresView(['CATEGORICAL'], { stringValue: 'string_value' }, false),
} satisfies Views;

/** The measures as the real server names them when it refuses one. */
export const namedMeasures: Readonly<Partial<Record<ViewName, string>>> = {
  observations:
    'count,traceId,uniqueUserIds,uniqueSessionIds,latency,streamingLatency,inputTokens,outputTokens,totalTokens,outputTokensPerSecond,tokensPerSecond,inputCost,outputCost,totalCost,timeToFirstToken,countScores,toolDefinitions,toolCalls,costByType,usageByType',
};
