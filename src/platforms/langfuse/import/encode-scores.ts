import type { OutboxRecord } from '../../port.js';
import type { ForeignScore, TraceOrigin } from '../../trace-port.js';
import { createFieldTexts, shortText } from '../../trace/field-text.js';
import { metadataKey } from '../../trace/metadata-key.js';
import { movedScoreId, movedSpanId, movedTraceId } from './ids.js';

/** The most that a comment or the metadata of one score takes. */
const textBytes = 20_000;

/**
 * Scores of one trace as one record: a JSON array of `score-create` events with their own times. The id is the key there, so that
 * what is sent again replaces itself.
 */
export function encodeForeignScores(
  scores: readonly ForeignScore[],
  on: { readonly origin: TraceOrigin; readonly environment: string },
): OutboxRecord {
  const texts = createFieldTexts();
  const events = scores.map((score) => {
    const id = movedScoreId(on.origin, score.id);
    const comment = score.comment === undefined ? undefined : texts.text(score.comment, textBytes);
    const metadata = texts.text(score.metadata, textBytes);
    return {
      id,
      type: 'score-create',
      timestamp: score.createdAt,
      body: {
        id,
        traceId: movedTraceId(on.origin, score.traceId),
        ...(score.spanId === undefined
          ? {}
          : { observationId: movedSpanId(on.origin, score.spanId) }),
        name: shortText(score.name, 255),
        value: wireValue(score.value),
        dataType: score.value.type,
        comment: comment?.text ?? '',
        environment: on.environment,
        metadata: {
          ...(metadata.cut ? {} : (JSON.parse(metadata.text) as object)),
          'assay.moved_from': on.origin.platform,
          'assay.moved_score': score.id,
          ...(comment?.cut === true ? { [metadataKey.cut]: 'comment' } : {}),
          // Open until the record is sent; see withScoreExportId.
          [metadataKey.exportId]: '',
        },
      },
    };
  });
  const [first] = scores;
  return {
    kind: 'scores',
    body: JSON.stringify(events),
    traceId: first === undefined ? '' : movedTraceId(on.origin, first.traceId),
    ids: events.map(({ id }) => id),
  };
}

function wireValue(value: ForeignScore['value']): number | string {
  if (value.type === 'BOOLEAN') return value.value ? 1 : 0;
  return value.type === 'NUMERIC' ? value.value : shortText(value.value);
}
