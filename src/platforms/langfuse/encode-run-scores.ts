import { chunks } from '../http/chunks.js';
import type { PlatformRun, RunScore, RunScoresRecord } from '../../contracts/publication.js';
import { scoreId } from '../../core/ids/platform-ids.js';
import type { EncodeRunScores } from '../port.js';
import { createFieldTexts, shortText } from '../trace/field-text.js';
import { metadataKey } from '../trace/metadata-key.js';

/** The most events in one request, see `limits` of the platform. */
const maxEvents = 100;
const maxCommentBytes = 10_000;

/**
 * The scores of the run as a whole: `score-create` events on the experiment there, one experiment per repetition.
 * Their ids are hashes of the run and the name, so that what is sent again replaces itself.
 */
export function encodeRunScores(
  request: EncodeRunScores,
  environment: string,
): readonly RunScoresRecord[] {
  const { scores, run } = request;
  return run.run.runs.flatMap(({ id: runId }, index) => {
    const events = scores
      .filter(({ repetition }) => repetition === index + 1)
      .map((score) => scoreEvent(score, { request, runId, environment }));
    return chunks(events, maxEvents).map((chunk) => ({
      runId,
      body: JSON.stringify(chunk),
      ids: chunk.map(({ id }) => id),
    }));
  });
}

function scoreEvent(
  score: RunScore,
  place: { request: EncodeRunScores; runId: string; environment: string },
) {
  const { request, runId, environment } = place;
  const { runUid } = request.run;
  // The runUid as well: an experiment there has the same id again when a run of its name is made anew.
  const id = scoreId(`${runUid}/${runId}`, score.name);
  return {
    id,
    type: 'score-create',
    timestamp: request.timestamp,
    body: {
      id,
      datasetRunId: runId,
      name: shortText(score.name, 255),
      value: score.value,
      dataType: typeof score.value === 'string' ? 'CATEGORICAL' : 'NUMERIC',
      comment: createFieldTexts().text({ ...score.comment }, maxCommentBytes).text,
      environment,
      metadata: {
        [metadataKey.runUid]: runUid,
        [metadataKey.evaluator]: shortText(score.evaluator),
        [metadataKey.repetition]: score.repetition,
        ...legacyPlace(request.run.run, score.repetition),
        // Open until the record is sent; see withScoreExportId.
        [metadataKey.exportId]: '',
      },
    },
  };
}

// A v3 server gives a run its id when the first trace is put into it, so it is found by its name when the scores are sent.
function legacyPlace(run: PlatformRun, repetition: number): Readonly<Record<string, string>> {
  const name = run.runs[repetition - 1]?.name;
  if (run.generation !== 'v3' || name === undefined) return {};
  return {
    [metadataKey.datasetId]: run.datasetId,
    [metadataKey.datasetName]: run.datasetName,
    [metadataKey.runName]: shortText(name),
  };
}
