import { chunks } from '../http/chunks.js';
import type { RunScore, RunScoresRecord } from '../../contracts/publication.js';
import type { CellResult, ScoreRecord, ScoreValue } from '../../contracts/records.js';
import { AssayError } from '../../core/errors/assay-error.js';
import type { JsonObject } from '../../core/json/json.js';
import { commentText, ordered } from '../trace/score-comment.js';
import { createFieldTexts, shortText, type FieldTexts } from '../trace/field-text.js';
import { sourceText } from '../trace/reuse-source.js';
import { metadataKey } from '../trace/metadata-key.js';
import type { EncodeContext, EncodeRunScores, OutboxRecord } from '../port.js';
import { sessionOf } from './encode-runs.js';
import { namedUuid } from './ids.js';
import { planTrace } from './run-place.js';

/** The most that the scores of one cell take. */
export const maxFeedbackBytes = 3_500_000;

/** How long one text of a comment may be, until all scores of the cell fit. */
const textBytes = [100_000, 10_000, 1_000, 200] as const;
/** The longest key that the server takes. */
const maxKey = 180;
/** Scores are decimals with four places there, and a more precise one is refused. */
const places = 10_000;
/** Beyond this a number is not kept as a score there, only as a value. */
const largestScore = 99_999;

/** A piece of feedback as it is sent; without `run_id` it is of the session as a whole. */
export interface Feedback {
  readonly id: string;
  readonly run_id?: string;
  readonly trace_id?: string;
  readonly session_id: string;
  readonly start_time?: string;
  readonly created_at: string;
  readonly key: string;
  readonly score?: number;
  readonly value?: string | number | boolean;
  readonly comment?: string;
  readonly feedback_source: { readonly type: 'api'; readonly metadata: JsonObject };
}

/** The scores of a cell as one record: a JSON array of {@link Feedback}. Undefined where the cell has none. */
export function encodeFeedback(cell: CellResult, run: EncodeContext): OutboxRecord | undefined {
  if (cell.scores.length === 0) return undefined;
  const plan = planTrace(cell, run.runUid);
  const place = {
    run_id: plan.root.id,
    trace_id: plan.root.id,
    session_id: sessionOf({ cell, run }),
    start_time: plan.root.start,
    created_at: cell.endedAt,
  };
  const texts = createFieldTexts();
  for (const bytes of textBytes) {
    const list = cell.scores.map((score) =>
      withId({ ...place, ...scoreFields(score, { cell, run, texts, bytes }) }),
    );
    const body = JSON.stringify(list);
    if (Buffer.byteLength(body) <= maxFeedbackBytes) {
      return { kind: 'scores', body, traceId: plan.root.id, ids: list.map(({ id }) => id) };
    }
  }
  throw new AssayError('INTERNAL', `The scores of cell ${cell.cellId} cannot be made small.`);
}

/**
 * The scores of the run as a whole: feedback on its sessions, one session per repetition. Each is a request of its own, since the
 * server takes feedback in bulk only where it belongs to a trace.
 */
export function encodeSessionFeedback(request: EncodeRunScores): readonly RunScoresRecord[] {
  const { scores, run, timestamp } = request;
  return run.run.runs.flatMap(({ id: runId }, index) => {
    const list = scores
      .filter(({ repetition }) => repetition === index + 1)
      .map((score) =>
        withId({
          session_id: runId,
          created_at: timestamp,
          ...runScoreFields(score, run),
        }),
      );
    return chunks(list, 25).map((chunk) => ({
      runId,
      body: JSON.stringify(chunk),
      ids: chunk.map(({ id }) => id),
    }));
  });
}

/**
 * The id is made of all that is said but when: what is sent again is the same record, and what a later judgement says otherwise
 * is another one, whose predecessor is deleted. A server may keep the first record of an id for ever.
 */
function withId(feedback: Omit<Feedback, 'id'>): Feedback {
  const { created_at: _when, ...said } = feedback;
  return { id: namedUuid('feedback', JSON.stringify(said)), ...feedback };
}

function scoreFields(
  score: ScoreRecord,
  place: {
    readonly cell: CellResult;
    readonly run: EncodeContext;
    readonly texts: FieldTexts;
    readonly bytes: number;
  },
) {
  const { cell, run, texts, bytes } = place;
  const comment = commentText({ comment: ordered(score.comment), texts, bytes });
  const source = cell.reusedFrom?.scores.find(({ evaluator }) => evaluator === score.evaluator);
  return {
    key: shortText(score.name, maxKey),
    ...valueFields(score.value),
    ...(comment.text === '' ? {} : { comment: comment.text }),
    feedback_source: {
      type: 'api' as const,
      metadata: {
        [metadataKey.runUid]: run.runUid,
        [metadataKey.evaluator]: shortText(score.evaluator),
        // Two names that are cut to one key are two scores.
        'assay.score': shortText(score.name),
        'assay.type': score.value.type,
        ...(score.passed === undefined ? {} : { [metadataKey.passed]: score.passed }),
        ...(source === undefined ? {} : { [metadataKey.reusedFrom]: sourceText(source) }),
        ...(comment.cut ? { [metadataKey.cut]: 'comment' } : {}),
        ...(comment.sanitised ? { [metadataKey.sanitised]: true } : {}),
      },
    },
  };
}

function runScoreFields(score: RunScore, run: EncodeContext) {
  const value: ScoreValue =
    typeof score.value === 'string'
      ? { type: 'CATEGORICAL', value: score.value }
      : { type: 'NUMERIC', value: score.value };
  return {
    key: shortText(score.name, maxKey),
    ...valueFields(value),
    comment: createFieldTexts().text({ ...score.comment }, 10_000).text,
    feedback_source: {
      type: 'api' as const,
      metadata: {
        [metadataKey.runUid]: run.runUid,
        [metadataKey.evaluator]: shortText(score.evaluator),
        'assay.score': shortText(score.name),
        'assay.type': value.type,
        [metadataKey.repetition]: score.repetition,
      },
    },
  };
}

/** A number that the server would round stands beside its score as it is. */
function valueFields(given: ScoreValue): Pick<Feedback, 'score' | 'value'> {
  switch (given.type) {
    case 'BOOLEAN':
      return { score: given.value ? 1 : 0, value: given.value };
    case 'CATEGORICAL':
      return { value: shortText(given.value) };
    case 'NUMERIC': {
      const { value } = given;
      if (Math.abs(value) > largestScore) return { value };
      const score = Math.round(value * places) / places;
      return score === value ? { score } : { score, value };
    }
  }
}
