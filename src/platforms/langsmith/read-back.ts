import type { z } from 'zod';

import { createDigestFlags, digestOf } from '../../core/ids/digest-flags.js';
import { chunks } from '../http/chunks.js';
import type { JsonObject } from '../../core/json/json.js';
import type { OutboundExport, PlatformPage, PlatformRun } from '../port.js';
import { feedbacksAnswer, runKeysAnswer, type FeedbackAnswer } from './answers.js';
import { feedbackIn, runsIn } from './operations.js';
import { cursorPages, offsetPages, pageSize } from './pages.js';
import type { Rest } from './rest.js';

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

/**
 * Every run of the experiment's sessions, one row of the platform each. A page can show rows of the one before it once more where runs
 * come in meanwhile, so what is seen again is asked for by its id: that answer says how many rows of it there are.
 */
export async function* readBackRuns(
  rest: Rest,
  request: { readonly run: PlatformRun; readonly from: string; readonly signal: AbortSignal },
): AsyncGenerator<PlatformPage, void, undefined> {
  const { run, from, signal } = request;
  const session = run.runs.map(({ id }) => id);
  const shown = createDigestFlags();
  for await (const page of runPages(rest, { session, start_time: from }, signal)) {
    const isFresh = page.map(({ id }) => shown.get(digestOf(id)) === 0);
    const fresh = page.filter((_, at) => isFresh[at]);
    const again = page.filter((_, at) => isFresh[at] === false);
    for (const { id } of fresh) {
      const digest = digestOf(id);
      // Twice on one page is two rows: nothing more is to be asked.
      shown.set(digest, shown.get(digest) === 0 ? once : settled);
    }
    const doubtful = again.map(({ id }) => id).filter((id) => shown.get(digestOf(id)) === once);
    const more = await rowsBeyondOne(rest, { ids: doubtful, session, signal });
    for (const id of doubtful) shown.set(digestOf(id), settled);
    const rows = [...fresh, ...more];
    if (rows.length > 0) {
      yield { spans: rows.map(({ id, trace_id }) => ({ traceId: trace_id, spanId: id })) };
    }
  }
}

const once = 1;
const settled = 2;

/** The rows of these ids but one of each, as one page shows them. */
async function rowsBeyondOne(
  rest: Rest,
  of: {
    readonly ids: readonly string[];
    readonly session: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<readonly RunKeys[]> {
  const more: RunKeys[] = [];
  // Half a page of ids, so that two rows of each have room on it.
  for (const id of chunks([...new Set(of.ids)], pageSize / 2)) {
    const page = await runPage(rest, { id, session: of.session }, { signal: of.signal });
    const counted = new Set<string>();
    for (const row of page.runs) {
      if (counted.has(row.id)) more.push(row);
      counted.add(row.id);
    }
  }
  return more;
}

const runPages = (
  rest: Rest,
  query: JsonObject,
  signal: AbortSignal,
): AsyncGenerator<readonly RunKeys[], void, undefined> =>
  cursorPages(async (cursor) => {
    const page = await runPage(rest, query, { cursor, signal });
    return { rows: page.runs, next: page.cursors?.next ?? undefined };
  });

const runPage = (
  rest: Rest,
  query: JsonObject,
  on: { readonly cursor?: string | undefined; readonly signal: AbortSignal },
): Promise<z.output<typeof runKeysAnswer>> =>
  rest.read(
    {
      method: 'POST',
      path: '/runs/query',
      body: {
        ...query,
        select: ['id', 'trace_id', 'session_id'],
        limit: pageSize,
        ...(on.cursor === undefined ? {} : { cursor: on.cursor }),
      },
      asks: true,
      what: 'the runs of an experiment',
      signal: on.signal,
    },
    runKeysAnswer,
  );

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

export const feedbackPages = (
  rest: Rest,
  query: Readonly<Record<string, string | readonly string[]>>,
  signal: AbortSignal,
): AsyncGenerator<readonly FeedbackAnswer[], void, undefined> =>
  offsetPages(
    (page) =>
      rest.read(
        { path: '/feedback', query: { ...query, ...page }, what: 'the feedback', signal },
        feedbacksAnswer,
      ),
    { idOf: ({ id }) => id },
  );
