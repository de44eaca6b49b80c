import type { JsonObject } from '../../core/json/json.js';
import type { SurveyedScore, SurveyPage, TraceGroup, TraceSource } from '../trace-port.js';
import type { Rest } from './rest.js';
import { sourceFeedbackAnswer, type SourceFeedback, type SourceRun } from './source-answers.js';
import { foreignScore } from './source-feedback.js';

const pageSize = 100;
/** Its answers are known by these; less would be no run. */
const rootFields = ['id', 'trace_id', 'name', 'run_type', 'start_time'];

interface Reading {
  readonly rest: Rest;
  readonly queryRuns: (
    rest: Rest,
    query: { readonly body: JsonObject; readonly signal: AbortSignal },
  ) => Promise<{ readonly runs: readonly SourceRun[]; readonly next: string | undefined }>;
}

/** Counts the traces of a project and reads its feedback, a request for a hundred of each. */
export async function* surveyPages(
  reading: Reading,
  request: Parameters<TraceSource['survey']>[0],
): AsyncGenerator<SurveyPage, void, undefined> {
  const { group, since, signal } = request;
  const chosen = new Set<string>();
  if (since === undefined && group.traces !== undefined) {
    yield { traces: group.traces, scores: [] };
  } else {
    for await (const ids of rootPages(reading, request)) {
      if (since !== undefined) for (const id of ids) chosen.add(id);
      yield { traces: ids.length, scores: [] };
    }
  }
  for await (const page of feedbackPages(reading.rest, { session: group.id }, signal)) {
    const own = page.filter(
      ({ trace_id: trace, run_id: run }) =>
        since === undefined || chosen.has(trace ?? '') || chosen.has(run ?? ''),
    );
    yield { traces: 0, scores: own.map(surveyed) };
  }
}

/** The feedback on a project as a whole. */
export async function* groupScorePages(
  rest: Rest,
  group: TraceGroup,
  signal: AbortSignal,
): AsyncGenerator<readonly SurveyedScore[], void, undefined> {
  for await (const page of feedbackPages(rest, { session: group.id, level: 'session' }, signal)) {
    yield page.map(surveyed);
  }
}

const surveyed = (feedback: SourceFeedback): SurveyedScore => {
  const made = foreignScore(feedback, (runId) => runId);
  const own = { id: feedback.id, name: feedback.key };
  return 'left' in made ? { ...own, left: made.left } : own;
};

async function* rootPages(
  { rest, queryRuns }: Reading,
  { group, since, signal }: Parameters<TraceSource['survey']>[0],
): AsyncGenerator<readonly string[], void, undefined> {
  let cursor: string | undefined;
  do {
    const { runs, next } = await queryRuns(rest, {
      body: {
        session: [group.id],
        is_root: true,
        order: 'asc',
        limit: pageSize,
        select: rootFields,
        ...(since === undefined ? {} : { start_time: since }),
        ...(cursor === undefined ? {} : { cursor }),
      },
      signal,
    });
    yield runs.map(({ id }) => id);
    if (next === cursor) return;
    cursor = next;
  } while (cursor !== undefined);
}

async function* feedbackPages(
  rest: Rest,
  query: Readonly<Record<string, string>>,
  signal: AbortSignal,
): AsyncGenerator<readonly SourceFeedback[], void, undefined> {
  for (let offset = 0; ; offset += pageSize) {
    const page = await rest.read(
      {
        path: '/feedback',
        query: { ...query, limit: pageSize, offset },
        what: 'the feedback of a project',
        signal,
      },
      sourceFeedbackAnswer,
    );
    if (page.length > 0) yield page;
    if (page.length < pageSize) return;
  }
}
