import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { Refusal } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import type { ScoreWrite } from '../scores/score-input.js';
import { scoreBodySchema, scoreWrite } from '../scores/score-input.js';
import { storeScores } from '../scores/score-store.js';

interface Outcome {
  readonly successes: { id: string; status: 201 }[];
  readonly invalid: EventError[];
  readonly refused: EventError[];
  readonly writes: ScoreWrite[];
}
interface EventError {
  readonly id: string;
  readonly status: 400;
  readonly message: string;
  readonly error: string;
}

const batchSchema = z.object({ batch: z.array(z.unknown()) });
const envelope = { id: z.string(), timestamp: z.iso.datetime({ offset: true }) };
const scoreEvent = z.object({ ...envelope, body: scoreBodySchema });
const logEvent = z.object({ ...envelope, body: z.unknown() });

export const ingestion: Plugin = (context) => [
  {
    path: '/api/public/ingestion',
    unauthorized: (message) => ({ status: 401, json: { error: 'UnauthorizedError', message } }),
    methods: { POST: (call) => ingest(context, call) },
  },
];

async function ingest(context: DevServerContext, { body }: Call): Promise<Reply> {
  const parsed = batchSchema.safeParse(body);
  if (!parsed.success)
    throw new Refusal({
      status: 400,
      json: {
        message: 'Invalid request data',
        errors: parsed.error.issues.map((issue) => issue.message),
      },
    });
  const outcome: Outcome = { successes: [], invalid: [], refused: [], writes: [] };
  for (const event of parsed.data.batch) sortEvent(event, outcome);
  await storeScores(context, outcome.writes);
  return {
    status: 207,
    json: { successes: outcome.successes, errors: [...outcome.invalid, ...outcome.refused] },
  };
}

function sortEvent(event: unknown, outcome: Outcome): void {
  const { id, type } = (event ?? {}) as { id?: unknown; type?: unknown };
  const eventId = typeof id === 'string' ? id : 'unknown';
  if (type !== 'score-create' && type !== 'sdk-log') {
    outcome.refused.push(notAccepted(eventId, String(type)));
    return;
  }
  const parsed = (type === 'score-create' ? scoreEvent : logEvent).safeParse(event);
  if (!parsed.success) {
    outcome.invalid.push({
      id: eventId,
      status: 400,
      message: 'Invalid request data',
      error: parsed.error.message,
    });
    return;
  }
  // Logs show up in neither list.
  if (type === 'sdk-log') return;
  outcome.successes.push({ id: eventId, status: 201 });
  const body = parsed.data.body as z.infer<typeof scoreBodySchema>;
  // A score without its own id is a success that is never stored.
  if (body.id === undefined || body.id === null) return;
  const timestamp = new Date(parsed.data.timestamp);
  outcome.writes.push(scoreWrite(body, { id: body.id, eventId, timestamp }));
}

function notAccepted(id: string, type: string): EventError {
  return {
    id,
    status: 400,
    message: 'Event type not accepted',
    error: `Event type "${type}" is not accepted by /api/public/ingestion when LANGFUSE_MIGRATION_V4_WRITE_MODE is events_only. This endpoint only accepts score and log events. Upgrade the client or integration to a v4-compatible SDK or OTLP ingestion path. As a temporary migration bridge, set LANGFUSE_MIGRATION_V4_WRITE_MODE=dual on both the web and worker services and redeploy. Docs: https://langfuse.com/self-hosting/upgrade/upgrade-guides/upgrade-v3-to-v4`,
  };
}
