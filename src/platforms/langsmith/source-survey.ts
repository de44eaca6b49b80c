import { z } from 'zod';

import type { JsonObject } from '../../core/json/json.js';
import type { SurveyedScore, SurveyPage, TraceGroup, TraceSource } from '../trace-port.js';
import { livePages, type ListPlace } from './live-pages.js';
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
  for await (const { rows } of feedbackPages(reading.rest, { group, signal })) {
    const own = rows.filter(
      ({ trace_id: trace, run_id: run }) =>
        since === undefined || chosen.has(trace ?? '') || chosen.has(run ?? ''),
    );
    yield { traces: 0, scores: own.map(surveyed) };
  }
}

/** All feedback of a project, that on the project as a whole as well. */
export async function* groupScorePages(
  rest: Rest,
  { group, cursor, signal }: Parameters<TraceSource['scoresOfGroup']>[0],
): ReturnType<TraceSource['scoresOfGroup']> {
  const from = cursor === undefined ? undefined : placeAt(cursor);
  for await (const { rows, next } of feedbackPages(rest, { group, from, signal })) {
    const onward = next === undefined ? undefined : JSON.stringify(next);
    yield { scores: rows.map(surveyed), cursor: onward };
  }
}

/** A build before wrote the first two alone. */
const place = z.object({
  offset: z.number(),
  before: z.array(z.string()),
  returns: z.number().optional(),
  most: z.number().optional(),
});

/** Where a cursor of ours leads. One of before, a mere number, leads to the beginning. */
function placeAt(cursor: string): ListPlace | undefined {
  const read = place.safeParse(JSON.parse(cursor));
  return read.success ? read.data : undefined;
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

const rootPages = (
  reading: Reading,
  { group, since, signal }: Parameters<TraceSource['survey']>[0],
): AsyncGenerator<readonly string[], void, undefined> =>
  cursorPages(async (cursor) => {
    const asked = { group, since, signal, cursor, filter: { is_root: true } };
    const { runs, next } = await pageOfRuns(reading, asked);
    return { rows: runs.map(({ id }) => id), next };
  });

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

const feedbackPages = (
  rest: Rest,
  of: {
    readonly group: TraceGroup;
    readonly from?: ListPlace | undefined;
    readonly signal: AbortSignal;
  },
): ReturnType<typeof livePages<SourceFeedback>> =>
  livePages(
    (page) =>
      rest.read(
        {
          path: '/feedback',
          query: { session: of.group.id, ...page },
          what: 'the feedback of a project',
          signal: of.signal,
        },
        sourceFeedbackAnswer,
      ),
    { idOf: ({ id }) => id, from: of.from },
  );
