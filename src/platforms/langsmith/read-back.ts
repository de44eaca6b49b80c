import { chunks } from '../http/chunks.js';
import type { JsonObject } from '../../core/json/json.js';
import type { OutboundExport, PlatformPage, PlatformRun } from '../port.js';
import { feedbacksAnswer, runKeysAnswer, type FeedbackAnswer } from './answers.js';
import { feedbackIn, runsIn } from './operations.js';
import type { Rest } from './rest.js';

/** The most that a page holds, and the most ids that one request asks for. */
const pageSize = 100;
/** Ids stand in the address there, which must stay short. */
const runsPerRequest = 50;

interface RunKeys {
  readonly id: string;
  readonly trace_id: string;
  readonly session_id: string;
}

/** Which of an export's ids the platform shows. An id is the key there, so no export id is needed. */
export async function findExport(
  rest: Rest,
  batch: OutboundExport,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const wanted = batch.records.flatMap(({ ids }) => ids);
  if (batch.kind === 'spans') {
    const runs = batch.records.flatMap(({ body }) => runsIn(body)).map(({ run }) => run);
    const session = [...new Set(runs.map(({ session_id }) => session_id))];
    for (const id of chunks(wanted, pageSize)) {
      for await (const page of runPages(rest, { id, session }, signal)) {
        for (const run of page) found.add(run.id);
      }
    }
    return found;
  }
  const feedback = batch.records.flatMap(({ body }) => feedbackIn(body));
  const traceIds = feedback.flatMap(({ run_id }) => run_id ?? []);
  const runIds = feedback.filter(({ run_id }) => run_id === undefined).map((f) => f.session_id);
  const ids = new Set(wanted);
  for (const query of [{ traceIds }, { runIds }]) {
    for await (const { scoreIds } of readBackScores(rest, { ...query, signal })) {
      for (const id of scoreIds ?? []) if (ids.has(id)) found.add(id);
    }
  }
  return found;
}

/** Every run of the experiment's sessions. */
export async function* readBackRuns(
  rest: Rest,
  request: { readonly run: PlatformRun; readonly from: string; readonly signal: AbortSignal },
): AsyncGenerator<PlatformPage, void, undefined> {
  const session = request.run.runs.map(({ id }) => id);
  const query = { session, start_time: request.from };
  for await (const page of runPages(rest, query, request.signal)) {
    yield { spans: page.map(({ id, trace_id }) => ({ traceId: trace_id, spanId: id })) };
  }
}

async function* runPages(
  rest: Rest,
  query: JsonObject,
  signal: AbortSignal,
): AsyncGenerator<readonly RunKeys[], void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await rest.read(
      {
        method: 'POST',
        path: '/runs/query',
        body: {
          ...query,
          select: ['id', 'trace_id', 'session_id'],
          limit: pageSize,
          ...(cursor === undefined ? {} : { cursor }),
        },
        asks: true,
        what: 'the runs of an experiment',
        signal,
      },
      runKeysAnswer,
    );
    if (page.runs.length > 0) yield page.runs;
    const next = page.cursors?.next ?? undefined;
    if (next === cursor) return;
    cursor = next;
  } while (cursor !== undefined);
}

/** The ids of the feedback on the given traces, or on the given sessions as a whole. */
export async function* readBackScores(
  rest: Rest,
  request: {
    readonly traceIds?: readonly string[] | undefined;
    readonly runIds?: readonly string[] | undefined;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<PlatformPage, void, undefined> {
  const { traceIds = [], runIds = [], signal } = request;
  const queries = [
    ...chunks([...new Set(traceIds)], runsPerRequest).map((run) => ({ run })),
    ...chunks([...new Set(runIds)], runsPerRequest).map((session) => ({
      session,
      level: 'session',
    })),
  ];
  for (const query of queries) {
    for await (const page of feedbackPages(rest, query, signal)) {
      yield { scoreIds: page.map(({ id }) => id) };
    }
  }
}

export async function* feedbackPages(
  rest: Rest,
  query: Readonly<Record<string, string | readonly string[]>>,
  signal: AbortSignal,
): AsyncGenerator<readonly FeedbackAnswer[], void, undefined> {
  for (let offset = 0; ; offset += pageSize) {
    const page = await rest.read(
      {
        path: '/feedback',
        query: { ...query, limit: pageSize, offset },
        what: 'the feedback',
        signal,
      },
      feedbacksAnswer,
    );
    if (page.length > 0) yield page;
    if (page.length < pageSize) return;
  }
}
