import { z } from 'zod';

import type { Rest } from './rest.js';

// The server's message; what it says decides nothing.
const deletionAnswer = z.looseObject({});

/** Traces with their spans and scores; the server takes unknown ids as well, and deletes some time after its answer. */
export async function deleteTraces(
  rest: Rest,
  traceIds: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (traceIds.length === 0) return;
  await rest.read(
    {
      method: 'DELETE',
      path: '/api/public/traces',
      body: { traceIds },
      what: 'the deletion of traces',
      signal,
    },
    deletionAnswer,
  );
}

/** One score; an unknown id is answered as a known one. */
export async function deleteScore(rest: Rest, scoreId: string, signal: AbortSignal): Promise<void> {
  await rest.read(
    {
      method: 'DELETE',
      path: `/api/public/scores/${encodeURIComponent(scoreId)}`,
      what: 'the deletion of a score',
      signal,
    },
    deletionAnswer,
  );
}
