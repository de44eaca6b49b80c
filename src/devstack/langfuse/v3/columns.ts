import type { ColumnMap } from '../filters/where.js';

/** What traces can be filtered by, on `v3_traces t`, with the names of the API. */
export const traceColumns: ColumnMap = {
  id: 't.id',
  timestamp: 't.timestamp',
  name: 't.name',
  userId: 't.user_id',
  sessionId: 't.session_id',
  environment: 't.environment',
  release: 't.release',
  version: 't.version',
  tags: 'to_jsonb(t.tags)',
  input: 't.input',
  output: 't.output',
  metadata: 't.metadata',
};

const usage = (type: string) => `coalesce((o.detail->'usage'->>'${type}')::double precision, 0)`;
const cost = (type: string) => `coalesce((o.detail->'cost'->>'${type}')::double precision, 0)`;

/** What observations can be filtered by, on `v3_observations o` beside its `v3_traces t`. */
export const observationColumns: ColumnMap = {
  id: 'o.id',
  type: 'o.type',
  name: 'o.name',
  traceId: 'o.trace_id',
  startTime: 'o.start_time',
  endTime: 'o.end_time',
  environment: 'o.environment',
  level: 'o.level',
  statusMessage: `o.detail->>'statusMessage'`,
  version: 'o.version',
  parentObservationId: 'o.parent_id',
  userId: 't.user_id',
  sessionId: 't.session_id',
  traceName: 't.name',
  traceTags: 'to_jsonb(t.tags)',
  model: 'o.model',
  providedModelName: 'o.model',
  promptName: `o.detail->>'promptName'`,
  promptVersion: `(o.detail->>'promptVersion')::int`,
  input: 'o.input',
  output: 'o.output',
  metadata: 'o.metadata',
  inputTokens: usage('input'),
  outputTokens: usage('output'),
  totalTokens: usage('total'),
  inputCost: cost('input'),
  outputCost: cost('output'),
  totalCost: cost('total'),
  latency: 'extract(epoch from o.end_time - o.start_time)::double precision',
};
