import { setTimeout as wait } from 'node:timers/promises';

import { runKeysAnswer } from './answers.js';
import { isVerdict } from './errors.js';
import { chunks } from '../http/chunks.js';
import { pageSize } from './pages.js';
import type { Rest, RestCall } from './rest.js';

/** The pauses between two looks. */
const firstPauseMs = 250;
const longestPauseMs = 4_000;

/**
 * Traces with all that belongs to them. The server wants to know the session of each, deletes some time after its answer (the cloud
 * at weekends), and until then shows them. One that it does not show may have been sent a moment ago and would stand there for good,
 * so it is looked for again until it can no longer appear; then it is unknown, and left out.
 *
 * @param on.visibilityMs how long after it was taken a run can stay unseen.
 */
export async function deleteTraces(
  rest: Rest,
  traceIds: readonly string[],
  on: { readonly visibilityMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const { visibilityMs, signal } = on;
  const until = performance.now() + visibilityMs;
  let unseen = await deleteShown(rest, traceIds, signal);
  for (let pause = firstPauseMs; unseen.length > 0; pause = Math.min(2 * pause, longestPauseMs)) {
    const left = until - performance.now();
    if (left <= 0) return;
    // Where the signal ends it, the next request says so in its caller's words.
    await wait(Math.min(pause, left), undefined, { signal }).catch(() => undefined);
    unseen = await deleteShown(rest, unseen, signal);
  }
}

/** @returns those that the server does not show. */
async function deleteShown(
  rest: Rest,
  traceIds: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const unseen = new Set(traceIds);
  const bySession = new Map<string, string[]>();
  for (const id of chunks(traceIds, pageSize)) {
    const page = await rest.read(
      {
        method: 'POST',
        path: '/runs/query',
        body: { id, select: ['id', 'trace_id', 'session_id'], limit: pageSize },
        asks: true,
        what: 'the traces to delete',
        signal,
      },
      runKeysAnswer,
    );
    for (const { trace_id, session_id } of page.runs) {
      unseen.delete(trace_id);
      bySession.set(session_id, [...(bySession.get(session_id) ?? []), trace_id]);
    }
  }
  for (const [session_id, trace_ids] of bySession) {
    await ask(rest, {
      method: 'POST',
      path: '/runs/delete',
      body: { session_id, trace_ids },
      what: 'the deletion of traces',
      signal,
    });
  }
  return [...unseen];
}

/** A piece of feedback; an unknown one is no error. */
export async function deleteScore(rest: Rest, scoreId: string, signal: AbortSignal): Promise<void> {
  const call: RestCall = {
    method: 'DELETE',
    path: `/feedback/${encodeURIComponent(scoreId)}`,
    what: 'the deletion of feedback',
    signal,
  };
  const answer = await rest.answer(call);
  if (answer.status === 404 && isVerdict(answer)) return;
  rest.check(answer, call);
}

async function ask(rest: Rest, call: RestCall): Promise<void> {
  rest.check(await rest.answer(call), call);
}
