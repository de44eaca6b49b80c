import type { ColumnMap } from '../filters/where.js';

const seconds = `extract(epoch from end_time - start_time)::double precision`;
const firstToken = `extract(epoch from (detail->>'completionStartTime')::timestamptz - start_time)::double precision`;
const usage = (type: string) => `coalesce((detail->'usage'->>'${type}')::double precision, 0)`;
const cost = (type: string) => `(detail->'cost'->>'${type}')::double precision`;

/** The columns that observations can be filtered by, with the names of the API. */
export const observationColumns: ColumnMap = {
  id: 'id',
  type: 'type',
  name: 'name',
  traceId: 'trace_id',
  startTime: 'start_time',
  endTime: 'end_time',
  environment: 'environment',
  level: 'level',
  statusMessage: `detail->>'statusMessage'`,
  version: 'version',
  userId: 'user_id',
  sessionId: 'session_id',
  parentObservationId: 'parent_id',
  isRootObservation: 'is_root',
  traceName: `detail->>'traceName'`,
  release: `detail->>'release'`,
  traceTags: `detail->'tags'`,
  tags: `detail->'tags'`,
  latency: seconds,
  timeToFirstToken: firstToken,
  tokensPerSecond: `${usage('output')} / nullif(${seconds}, 0)`,
  inputTokens: usage('input'),
  outputTokens: usage('output'),
  totalTokens: usage('total'),
  tokens: usage('total'),
  inputCost: cost('input'),
  outputCost: cost('output'),
  totalCost: `coalesce(${cost('total')}, 0)`,
  model: 'model',
  providedModelName: 'model',
  promptName: `detail->>'promptName'`,
  promptVersion: `(detail->>'promptVersion')::int`,
  input: 'input',
  output: 'output',
  metadata: 'metadata',
  experimentId: 'experiment_id',
  experimentName: `detail->'experiment'->>'name'`,
  experimentItemId: 'experiment_item_id',
  experimentDatasetId: `detail->'experiment'->>'datasetId'`,
};
