import type { JsonObject } from '../../core/json/json.js';
import type { SurveyedScore, SurveyPage, TraceSource } from '../trace-port.js';
import { cursorPages, pageSize } from './pages.js';
import type { Rest } from './rest.js';
import { sourceFeedbackAnswer, type SourceFeedback, type SourceRun } from './source-answers.js';
import { foreignScore } from './source-feedback.js';

/** Its answers are known by these; less would be no run. */
const runFields = ['id', 'trace_id', 'name', 'run_type', 'start_time'];

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
  for await (const page of feedbackPages(
    reading.rest,
    { query: { session: group.id }, from: 0 },
    signal,
  )) {
    const own = page.filter(
      ({ trace_id: trace, run_id: run }) =>
        since === undefined || chosen.has(trace ?? '') || chosen.has(run ?? ''),
    );
    yield { traces: 0, scores: own.map(surveyed) };
  }
}

/** All feedback of a project, that on the project as a whole as well. */
export async function* groupScorePages(
  rest: Rest,
  { group, from, signal }: Parameters<TraceSource['scoresOfGroup']>[0],
): AsyncGenerator<readonly SurveyedScore[], void, undefined> {
  const pages = feedbackPages(rest, { query: { session: group.id }, from }, signal);
  for await (const page of pages) yield page.map(surveyed);
}

/** All runs of a project, by their start. */
export async function* runPages(
  reading: Reading,
  { group, since, cursor: from, signal }: Parameters<TraceSource['runs']>[0],
): ReturnType<TraceSource['runs']> {
  let cursor = from;
  for (;;) {
    const { runs, next } = await pageOfRuns(reading, { group, since, signal, cursor });
    const onward = next === cursor ? undefined : next;
    yield { runs: runs.map(({ id, trace_id: traceId }) => ({ id, traceId })), cursor: onward };
    if (onward === undefined) return;
    cursor = onward;
  }
}

const surveyed = (feedback: SourceFeedback): SurveyedScore => {
  const made = foreignScore(feedback, (runId) => runId);
  const own = { id: feedback.id, name: feedback.key };
  return 'left' in made ? { ...own, left: made.left } : { ...own, score: made.score };
};

async function* rootPages(
  reading: Reading,
  { group, since, signal }: Parameters<TraceSource['survey']>[0],
): AsyncGenerator<readonly string[], void, undefined> {
  const pages = cursorPages(async (cursor) => {
    const asked = { group, since, signal, cursor, filter: { is_root: true } };
    const { runs, next } = await pageOfRuns(reading, asked);
    return { rows: runs.map(({ id }) => id), next };
  });
  yield* pages;
}

/** A page of the runs of a project, by their start. */
const pageOfRuns = (
  { rest, queryRuns }: Reading,
  of: Pick<Parameters<TraceSource['runs']>[0], 'group' | 'signal'> & {
    readonly since: string | undefined;
    readonly cursor: string | undefined;
    readonly filter?: JsonObject;
  },
): ReturnType<Reading['queryRuns']> => {
  const { group, since, cursor, filter = {}, signal } = of;
  const body = {
    ...filter,
    session: [group.id],
    order: 'asc',
    limit: pageSize,
    select: runFields,
    ...(since === undefined ? {} : { start_time: since }),
    ...(cursor === undefined ? {} : { cursor }),
  };
  return queryRuns(rest, { body, signal });
};

async function* feedbackPages(
  rest: Rest,
  { query, from }: { readonly query: Readonly<Record<string, string>>; readonly from: number },
  signal: AbortSignal,
): AsyncGenerator<readonly SourceFeedback[], void, undefined> {
  for (let offset = from; ; offset += pageSize) {
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
