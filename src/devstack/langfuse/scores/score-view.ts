export interface ScoreRow {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly data_type: string;
  readonly number_value: number | null;
  readonly string_value: string | null;
  readonly trace_id: string | null;
  readonly observation_id: string | null;
  readonly session_id: string | null;
  readonly experiment_id: string | null;
  readonly environment: string;
  readonly source: string;
  readonly comment: string | null;
  readonly config_id: string | null;
  readonly queue_id: string | null;
  readonly author_user_id: string | null;
  readonly metadata: unknown;
  readonly timestamp: Date;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** The rows that can be read now: visible, and not yet replaced or deleted. */
export const readableScores = `visible_at <= clock_timestamp() and superseded_at > clock_timestamp()`;

const groups = ['core', 'details', 'subject', 'annotation'] as const;
export type ScoreGroup = (typeof groups)[number];
export const scoreGroups: readonly ScoreGroup[] = groups;

/** One score in the shape of v3, with the asked groups of fields. */
export function scoreView(row: ScoreRow, asked: ReadonlySet<string>) {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    source: row.source,
    timestamp: row.timestamp,
    environment: row.environment,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    ...(asked.has('details')
      ? { comment: row.comment, configId: row.config_id, metadata: row.metadata }
      : {}),
    ...(asked.has('annotation') ? { authorUserId: row.author_user_id, queueId: row.queue_id } : {}),
    ...(asked.has('subject') ? { subject: subjectOf(row) } : {}),
    dataType: row.data_type,
    value: valueOf(row),
  };
}

function valueOf(row: ScoreRow): number | boolean | string | null {
  if (row.data_type === 'BOOLEAN') return row.number_value === 1;
  return row.data_type === 'NUMERIC' ? row.number_value : row.string_value;
}

function subjectOf(row: ScoreRow) {
  if (row.observation_id !== null)
    return { kind: 'observation', id: row.observation_id, traceId: row.trace_id };
  if (row.trace_id !== null) return { kind: 'trace', id: row.trace_id };
  return row.session_id === null
    ? { kind: 'experiment', id: row.experiment_id }
    : { kind: 'session', id: row.session_id };
}
