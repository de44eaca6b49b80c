import { withZone } from './moments.js';
import type { Json } from '../../core/json/json.js';
import type { ForeignScore } from '../trace-port.js';
import type { SourceFeedback } from './source-answers.js';

/** A piece of feedback as a score; the reason where it holds nothing that a score can. */
export function foreignScore(
  feedback: SourceFeedback,
  traceOf: (runId: string) => string | undefined,
): { readonly score: ForeignScore } | { readonly left: string } {
  const runId = feedback.run_id ?? undefined;
  const traceId = feedback.trace_id ?? (runId === undefined ? undefined : traceOf(runId));
  if (traceId === undefined)
    return { left: 'it is of a whole project or experiment, and of no run' };
  const value = valueOf(feedback);
  if (value === undefined) return { left: 'it holds a comment or correction and no value' };
  return {
    score: {
      id: feedback.id,
      traceId,
      ...(runId === undefined || runId === traceId ? {} : { spanId: runId }),
      name: feedback.key,
      value,
      ...(feedback.comment === null || feedback.comment === undefined
        ? {}
        : { comment: feedback.comment }),
      createdAt: withZone(feedback.created_at),
      metadata: {
        ...(feedback.correction === null || feedback.correction === undefined
          ? {}
          : { correction: feedback.correction }),
        ...(typeof feedback.feedback_source?.type === 'string'
          ? { feedback_source: feedback.feedback_source.type }
          : {}),
      },
    },
  };
}

/** The score where there is one; of a category its name, which stands in `value` beside a number for sorting. */
function valueOf({ score, value }: SourceFeedback): ForeignScore['value'] | undefined {
  if (typeof value === 'string' && value !== '') return { type: 'CATEGORICAL', value };
  for (const each of [score, value] as readonly (Json | null | undefined)[]) {
    if (typeof each === 'boolean') return { type: 'BOOLEAN', value: each };
    if (typeof each === 'number') return { type: 'NUMERIC', value: each };
  }
  return undefined;
}
