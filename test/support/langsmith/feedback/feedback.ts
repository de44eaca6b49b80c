import { zonedIso } from '../clock.js';
import type { ObjectMap } from '../http/validate.js';

export interface Feedback {
  readonly id: string;
  readonly key: string;
  readonly runId: string | null;
  readonly traceId: string | null;
  readonly sessionId: string | null;
  readonly score: number | boolean | null;
  readonly value: unknown;
  readonly comment: string | null;
  readonly correction: unknown;
  readonly source: ObjectMap | null;
  readonly comparativeExperimentId: string | null;
  readonly createdAt: number;
  readonly modifiedAt: number;
  /** How many requests created it: more than one where an id was sent again and replaced its row. */
  readonly creations: number;
  /** Milliseconds. */
  readonly visibleAt: number;
}

export function feedbackView(row: Feedback): ObjectMap {
  return {
    id: row.id,
    key: row.key,
    run_id: row.runId,
    trace_id: row.traceId,
    session_id: row.sessionId,
    score: row.score,
    value: row.value,
    comment: row.comment,
    correction: row.correction,
    feedback_source: row.source,
    comparative_experiment_id: row.comparativeExperimentId,
    feedback_group_id: null,
    extra: { error: false },
    created_at: zonedIso(row.createdAt),
    modified_at: zonedIso(row.modifiedAt),
  };
}
