import { nanosecondsOf } from '../../core/ids/nanoseconds.js';
import type { JsonObject } from '../../core/json/json.js';
import type { ForeignScore, ForeignTrace, TraceGroup, TraceSource } from '../trace-port.js';
import { datasetAnswer } from './answers.js';
import { chunks } from '../http/chunks.js';
import { cursorPages, offsetPages, pageSize } from './pages.js';
import type { Rest } from './rest.js';
import {
  sourceFeedbackAnswer,
  sourceRunsAnswer,
  sourceSessionsAnswer,
  type SourceRun,
  type SourceSession,
} from './source-answers.js';
import { foreignScore } from './source-feedback.js';
import { foreignTrace } from './source-run.js';
import { groupScorePages, runPages, surveyPages } from './source-survey.js';
import { isObject } from '../../core/json/json.js';

/** Ids stand in the address there, which must stay short. */
const runsPerRequest = 50;

const select = [
  ...[
    'id',
    'trace_id',
    'parent_run_id',
    'reference_example_id',
    'dotted_order',
    'name',
    'run_type',
  ],
  ...[
    'start_time',
    'end_time',
    'first_token_time',
    'error',
    'inputs',
    'outputs',
    'extra',
    'events',
  ],
  ...['tags', 'prompt_tokens', 'completion_tokens', 'total_cost', 's3_urls'],
];

/** The traces of a LangSmith workspace, for whoever takes them elsewhere. Reads only. */
export function createTraceSource(rest: Rest): TraceSource {
  return {
    groups: (signal) => groupPages(rest, signal),
    traces: (request) => tracePages(rest, request),
    survey: (request) => surveyPages({ rest, queryRuns }, request),
    runs: (request) => runPages({ rest, queryRuns }, request),
    tracesOf: (group, ids, signal) => tracesById(rest, ids, { group, signal }),
    scoresOfGroup: (request) => groupScorePages(rest, request),
    scores: (request) => scorePages(rest, request),
  };
}

async function* groupPages(
  rest: Rest,
  signal: AbortSignal,
): AsyncGenerator<readonly TraceGroup[], void, undefined> {
  const names = new Map<string, string>();
  const order = { sort_by: 'start_time', sort_by_desc: false };
  const pages = offsetPages(
    (page) =>
      rest.read(
        { path: '/sessions', query: { ...page, ...order }, what: 'the projects', signal },
        sourceSessionsAnswer,
      ),
    { idOf: ({ id }) => id },
  );
  for await (const page of pages) {
    const groups: TraceGroup[] = [];
    for (const session of page) groups.push(await groupOf(rest, session, { names, signal }));
    yield groups;
  }
}

async function groupOf(
  rest: Rest,
  session: SourceSession,
  { names, signal }: { readonly names: Map<string, string>; readonly signal: AbortSignal },
): Promise<TraceGroup> {
  const datasetId = session.reference_dataset_id ?? undefined;
  if (datasetId !== undefined && !names.has(datasetId)) {
    const found = await rest.find(
      { path: `/datasets/${encodeURIComponent(datasetId)}`, what: 'a dataset', signal },
      datasetAnswer,
    );
    // A deleted dataset leaves its experiments behind.
    if (found !== undefined) names.set(datasetId, found.name);
  }
  const name = datasetId === undefined ? undefined : names.get(datasetId);
  const metadata = session.extra?.['metadata'];
  return {
    id: session.id,
    name: session.name ?? session.id,
    ...(datasetId === undefined || name === undefined ? {} : { dataset: { id: datasetId, name } }),
    ...(typeof session.description === 'string' && session.description !== ''
      ? { description: session.description }
      : {}),
    metadata: isObject(metadata) ? metadata : {},
    ...(typeof session.start_time !== 'string' ? {} : { startedAt: session.start_time }),
    ...(typeof session.end_time !== 'string' ? {} : { endedAt: session.end_time }),
    ...(typeof session.run_count !== 'number' ? {} : { traces: session.run_count }),
  };
}

type TraceRequest = Parameters<TraceSource['traces']>[0];

async function* tracePages(rest: Rest, request: TraceRequest): ReturnType<TraceSource['traces']> {
  const { group, since, signal } = request;
  let { cursor } = request;
  for (;;) {
    const page = await queryRuns(rest, {
      body: {
        session: [group.id],
        is_root: true,
        order: 'asc',
        limit: pageSize,
        ...(since === undefined ? {} : { start_time: since }),
        ...(cursor === undefined ? {} : { cursor }),
      },
      signal,
    });
    const next = page.next === cursor ? undefined : page.next;
    if (page.runs.length > 0 || next === undefined) {
      yield { traces: await wholeTraces(rest, page.runs, { group, signal }), cursor: next };
    }
    if (next === undefined) return;
    cursor = next;
  }
}

interface Within {
  readonly group: TraceGroup;
  readonly signal: AbortSignal;
}

/**
 * The traces of these roots. Their runs are asked for by the time in which they lie, a few requests for a page, since the API has
 * no list of traces; a trace that shows a gap is asked for by itself.
 */
async function wholeTraces(
  rest: Rest,
  roots: readonly SourceRun[],
  within: Within,
): Promise<readonly ForeignTrace[]> {
  if (roots.length === 0) return [];
  const runs = new Map(roots.map((root) => [root.id, new Map([[root.id, root]])]));
  const filter = filterOf(roots);
  const found = allRuns(rest, {
    body: { session: [within.group.id], filter, order: 'asc', limit: pageSize },
    signal: within.signal,
  });
  for await (const page of found) for (const run of page) runs.get(run.trace_id)?.set(run.id, run);
  for (const [traceId, known] of runs) {
    const gap = [...known.values()].some(
      ({ parent_run_id: parent }) => typeof parent === 'string' && !known.has(parent),
    );
    if (!gap) continue;
    const body = { session: [within.group.id], trace: traceId, limit: pageSize };
    for await (const page of allRuns(rest, { body, signal: within.signal })) {
      for (const run of page) known.set(run.id, run);
    }
  }
  return roots.flatMap(
    (root) => foreignTrace(root.id, [...(runs.get(root.id)?.values() ?? [])]) ?? [],
  );
}

async function tracesById(
  rest: Rest,
  ids: readonly string[],
  within: Within,
): Promise<readonly ForeignTrace[]> {
  const traces: ForeignTrace[] = [];
  for (const id of ids) {
    const runs = new Map<string, SourceRun>();
    const body = { session: [within.group.id], trace: id, limit: pageSize };
    for await (const page of allRuns(rest, { body, signal: within.signal })) {
      for (const run of page) runs.set(run.id, run);
    }
    const trace = foreignTrace(id, [...runs.values()]);
    if (trace !== undefined) traces.push(trace);
  }
  return traces;
}

/** Clocks of two machines differ, and what runs in the background begins after its root has ended: so much is looked beyond. */
const leastMarginMs = 2_000;
const mostMarginMs = 60_000;

/**
 * The time in which the runs of these roots lie. Beyond its ends it is as wide again, within bounds, so that a busy project is not
 * read a hundred times over for the few runs that lie outside of their root's time.
 */
export function filterOf(roots: readonly SourceRun[]): string {
  const moments = (texts: readonly string[]): readonly number[] =>
    texts.map((text) => Number((nanosecondsOf(text) ?? 0n) / 1_000_000n));
  const starts = moments(roots.map(({ start_time }) => start_time));
  const ends = moments(roots.flatMap((root) => root.end_time ?? []));
  const [first, last] = [Math.min(...starts), Math.max(...starts, ...ends)];
  const margin = Math.min(Math.max(last - first, leastMarginMs), mostMarginMs);
  const from = `gte(start_time, "${new Date(first - margin).toISOString()}")`;
  if (roots.some((root) => typeof root.end_time !== 'string')) return from;
  return `and(${from}, lte(start_time, "${new Date(last + margin).toISOString()}"))`;
}

interface RunQuery {
  readonly body: JsonObject;
  readonly signal: AbortSignal;
}

async function queryRuns(
  rest: Rest,
  { body, signal }: RunQuery,
): Promise<{ readonly runs: readonly SourceRun[]; readonly next: string | undefined }> {
  const page = await rest.read(
    {
      method: 'POST',
      path: '/runs/query',
      body: { select, ...body },
      asks: true,
      what: 'the runs of a project',
      signal,
    },
    sourceRunsAnswer,
  );
  return { runs: page.runs, next: page.cursors?.next ?? undefined };
}

const allRuns = (
  rest: Rest,
  { body, signal }: RunQuery,
): AsyncGenerator<readonly SourceRun[], void, undefined> =>
  cursorPages(async (cursor) => {
    const query = cursor === undefined ? body : { ...body, cursor };
    const { runs: rows, next } = await queryRuns(rest, { body: query, signal });
    return { rows, next };
  });

type ScoreRequest = Parameters<TraceSource['scores']>[0];

async function* scorePages(
  rest: Rest,
  { runs, signal, onLeft }: ScoreRequest,
): AsyncGenerator<readonly ForeignScore[], void, undefined> {
  for (const ids of chunks([...runs.keys()], runsPerRequest)) {
    const pages = offsetPages(
      (page) =>
        rest.read(
          { path: '/feedback', query: { run: ids, ...page }, what: 'the feedback', signal },
          sourceFeedbackAnswer,
        ),
      { idOf: ({ id }) => id },
    );
    for await (const page of pages) {
      const scores = page.flatMap((feedback) => {
        const made = foreignScore(feedback, (runId) => runs.get(runId));
        if ('score' in made) return [made.score];
        onLeft(feedback.id, made.left);
        return [];
      });
      if (scores.length > 0) yield scores;
    }
  }
}
