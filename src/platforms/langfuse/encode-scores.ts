import type { CellResult, ScoreComment, ScoreRecord, ScoreValue } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import { cellTraceId, scoreId } from '../../core/ids/platform-ids.js';
import type { EncodeContext, OutboxRecord } from '../port.js';
import { createFieldTexts, shortText, type FieldText, type FieldTexts } from './field-text.js';
import { sourceText } from './reuse-source.js';
import { metadataKey } from './v4/attributes.js';

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

// Rebuilt in one order, so that equal comments give equal bytes; once, so that its size is measured once.
export function ordered(comment: ScoreComment | undefined) {
  if (comment === undefined) return undefined;
  const { score, passed_items, failed_items, undecided_items, reasoning, suggestions } = comment;
  const { judge } = comment;
  return {
    ...(score === undefined ? {} : { score }),
    passed_items,
    failed_items,
    ...(undecided_items === undefined ? {} : { undecided_items }),
    reasoning,
    suggestions,
    ...(judge === undefined
      ? {}
      : {
          judge: {
            model: judge.model,
            prompt: judge.prompt,
            ...(judge.orders === undefined ? {} : { orders: judge.orders }),
          },
        }),
  };
}

interface CommentPlace {
  readonly comment: ReturnType<typeof ordered>;
  readonly texts: FieldTexts;
  readonly bytes: number;
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

/** The comment as JSON text whose parts are cut where needed, so that it stays JSON; empty for none. */
export function commentText({ comment, texts, bytes }: CommentPlace): Omit<FieldText, 'json'> {
  if (comment === undefined) return { text: '', cut: false, sanitised: false };
  const whole = texts.text(comment, bytes);
  if (!whole.cut) return whole;
  // Half for the reasoning, the rest for the lists' first entries.
  const each = Math.floor(bytes / 40);
  const few = (list: readonly string[]) =>
    list.slice(0, 5).map((entry) => texts.text(entry, each).text);
  const { undecided_items } = comment;
  const text = JSON.stringify({
    ...comment,
    passed_items: few(comment.passed_items),
    failed_items: few(comment.failed_items),
    ...(undecided_items === undefined ? {} : { undecided_items: few(undecided_items) }),
    reasoning: texts.text(comment.reasoning, Math.floor(bytes / 2)).text,
    suggestions: few(comment.suggestions),
  });
  return { text, cut: true, sanitised: whole.sanitised };
}
