import type { ScoreRow } from './score-view.js';

/** A score in the shape of v1: numbers for booleans and categories, no sessions and runs, TEXT without a value. */
export function scoreViewV1(row: ScoreRow) {
  return {
    id: row.id,
    projectId: row.project_id,
    environment: row.environment,
    name: row.name,
    ...(row.data_type === 'TEXT' || row.data_type === 'CORRECTION'
      ? {}
      : { value: row.number_value }),
    source: row.source,
    authorUserId: row.author_user_id,
    comment: row.comment,
    metadata: row.metadata,
    configId: row.config_id,
    queueId: row.queue_id,
    executionTraceId: null,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    timestamp: row.timestamp,
    traceId: row.trace_id,
    observationId: row.observation_id,
    stringValue: row.string_value,
    dataType: row.data_type,
  };
}

/** A score in the shape of v2: as in v1, with its session or run. */
export function scoreViewV2(row: ScoreRow) {
  return { ...scoreViewV1(row), sessionId: row.session_id, datasetRunId: row.experiment_id };
}
