import { runKeysAnswer } from './answers.js';
import { isVerdict } from './errors.js';
import { chunks } from '../http/chunks.js';
import type { Rest, RestCall } from './rest.js';

/**
 * Traces with all that belongs to them. The server wants to know the session of each, deletes some time after its answer (the cloud
 * at weekends), and until then shows them; unknown ones are left out.
 */
export async function deleteTraces(
  rest: Rest,
  traceIds: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const bySession = new Map<string, string[]>();
  for (const id of chunks(traceIds, 100)) {
    const page = await rest.read(
      {
        method: 'POST',
        path: '/runs/query',
        body: { id, select: ['id', 'trace_id', 'session_id'], limit: 100 },
        asks: true,
        what: 'the traces to delete',
        signal,
      },
      runKeysAnswer,
    );
    for (const { trace_id, session_id } of page.runs) {
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
