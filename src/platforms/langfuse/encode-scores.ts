import type { CellResult, ScoreRecord, ScoreValue } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { cellTraceId, scoreId } from '../../core/ids/platform-ids.js';
import type { EncodeContext, OutboxRecord } from '../port.js';
import { createFieldTexts, shortText } from '../trace/field-text.js';
import { commentText, ordered, type CommentPlace } from '../trace/score-comment.js';
import { sourceText } from '../trace/reuse-source.js';
import { metadataKey } from '../trace/metadata-key.js';

/** Scores have a batch limit of their own: 100 events and 3.5 MB (the server takes 4.5 MB). */
export const maxScoresBytes = 3_500_000;

/** How long one text of a comment may be, until all scores of the cell fit. */
const textBytes = [100_000, 10_000, 1_000, 200] as const;

/**
 * The scores of a cell as one record: a JSON array of `score-create` events, always complete, since the server
 * keeps old values of fields left out. Undefined where the cell has none.
 */
export function encodeScores(
  cell: CellResult,
  run: EncodeContext,
  environment: string,
): OutboxRecord | undefined {
  if (cell.scores.length === 0) return undefined;
  const { itemId, repetition, revision } = cell;
  const traceId = cellTraceId({ runUid: run.runUid, itemId, repetition, revision });
  const texts = createFieldTexts();
  const scores = cell.scores.map((score) => ({ score, comment: ordered(score.comment) }));
  for (const bytes of textBytes) {
    const events = scores.map(({ score, comment }) =>
      scoreEvent(score, {
        comment,
        cell,
        run,
        environment,
        traceId,
        texts,
        bytes,
      }),
    );
    const body = JSON.stringify(events);
    if (Buffer.byteLength(body) <= maxScoresBytes) {
      return { kind: 'scores', body, traceId, ids: events.map((event) => event.id) };
    }
  }
  throw new AssayError('INTERNAL', `The scores of cell ${cell.cellId} cannot be made small.`);
}

interface ScorePlace extends CommentPlace {
  readonly cell: CellResult;
  readonly run: EncodeContext;
  readonly environment: string;
  readonly traceId: string;
}

function scoreEvent(score: ScoreRecord, place: ScorePlace) {
  const id = scoreId(place.traceId, score.name);
  const comment = commentText(place);
  const source = place.cell.reusedFrom?.scores.find((each) => each.evaluator === score.evaluator);
  return {
    // Not a dedupe key there; it only names the event in the 207's list of errors.
    id,
    type: 'score-create',
    timestamp: place.cell.endedAt,
    body: {
      id,
      traceId: place.traceId,
      name: shortText(score.name, 255),
      value: wireValue(score.value),
      dataType: score.value.type,
      comment: comment.text,
      environment: place.environment,
      metadata: {
        [metadataKey.runUid]: place.run.runUid,
        [metadataKey.evaluator]: shortText(score.evaluator),
        ...(score.passed === undefined ? {} : { [metadataKey.passed]: score.passed }),
        ...(source === undefined ? {} : { [metadataKey.reusedFrom]: sourceText(source) }),
        ...(comment.cut ? { [metadataKey.cut]: 'comment' } : {}),
        ...(comment.sanitised ? { [metadataKey.sanitised]: true } : {}),
        // Open until the record is sent; see withScoreExportId.
        [metadataKey.exportId]: '',
      },
    },
  };
}

function wireValue(value: ScoreValue): number | string {
  if (value.type === 'BOOLEAN') return value.value ? 1 : 0;
  return value.type === 'NUMERIC' ? value.value : shortText(value.value);
}
