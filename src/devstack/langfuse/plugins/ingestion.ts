import { z } from 'zod';

import type { DevServerContext, Plugin } from '../context.js';
import { Refusal } from '../http/errors.js';
import type { Call, Reply } from '../http/exchange.js';
import { observationPartsOf, tracePartOf } from '../ingestion/event-parts.js';
import { observationEvents, traceBody } from '../ingestion/event-schemas.js';
import { writesV3 } from '../mode.js';
import type { ScoreWrite } from '../scores/score-input.js';
import { scoreBodySchema, scoreWrite } from '../scores/score-input.js';
import { storeScores } from '../scores/score-store.js';
import type { ObservationPart, TracePart } from '../v3/parts.js';
import { storeV3 } from '../v3/store.js';
import { isWellFormedDeep } from '../well-formed.js';

interface Outcome {
  readonly successes: { id: string; status: 201 }[];
  readonly invalid: EventError[];
  readonly refused: EventError[];
  readonly writes: ScoreWrite[];
  readonly traces: TracePart[];
  readonly observations: ObservationPart[];
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
  const outcome: Outcome = {
    successes: [],
    invalid: [],
    refused: [],
    writes: [],
    traces: [],
    observations: [],
  };
  for (const event of parsed.data.batch) sortEvent(event, outcome, writesV3(context));
  await storeScores(context, outcome.writes);
  await storeV3(context, wellFormed(outcome), {
    delayMs: context.visibility.scoresMs(),
    indirect: true,
  });
  return {
    status: 207,
    json: { successes: outcome.successes, errors: [...outcome.invalid, ...outcome.refused] },
  };
}

/** Half a surrogate pair is accepted and lost. */
function wellFormed({ traces, observations }: Outcome) {
  return {
    traces: traces.filter((part) => isWellFormedDeep(part)),
    observations: observations.filter((part) => isWellFormedDeep(part)),
  };
}

function sortEvent(event: unknown, outcome: Outcome, takesTraces: boolean): void {
  const { id, type } = (event ?? {}) as { id?: unknown; type?: unknown };
  const eventId = typeof id === 'string' ? id : 'unknown';
  if (type !== 'score-create' && type !== 'sdk-log') {
    if (takesTraces) sortTraceEvent(event, { eventId, type: String(type) }, outcome);
    else outcome.refused.push(notAccepted(eventId, String(type)));
    return;
  }
  const parsed = (type === 'score-create' ? scoreEvent : logEvent).safeParse(event);
  if (!parsed.success) {
    outcome.invalid.push(invalid(eventId, parsed.error.message));
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

const traceEvent = z.object({ ...envelope, body: traceBody });
const noSuchType = JSON.stringify([
  {
    code: 'invalid_union',
    errors: [],
    note: 'No matching discriminator',
    discriminator: 'type',
    path: ['type'],
    message: 'Invalid input',
  },
]);

/** Events of traces and observations: what a v3 server takes, and a v4 one in `dual`. */
function sortTraceEvent(
  event: unknown,
  { eventId, type }: { eventId: string; type: string },
  outcome: Outcome,
): void {
  const kind = observationEvents.get(type);
  if (type !== 'trace-create' && kind === undefined) {
    outcome.invalid.push(invalid(eventId, noSuchType));
    return;
  }
  if (kind === undefined) {
    const parsed = traceEvent.safeParse(event);
    if (parsed.success) outcome.traces.push(tracePartOf(parsed.data.body, parsed.data.timestamp));
    conclude(parsed, eventId, outcome);
    return;
  }
  const parsed = z.object({ ...envelope, body: kind.body }).safeParse(event);
  if (parsed.success) {
    const { body, timestamp } = parsed.data;
    const { observation, trace } = observationPartsOf(body, kind.type, timestamp);
    outcome.observations.push(observation);
    if (trace !== undefined) outcome.traces.push(trace);
  }
  conclude(parsed, eventId, outcome);
}

function conclude(
  parsed: { success: boolean; error?: z.ZodError | undefined },
  id: string,
  outcome: Outcome,
): void {
  if (parsed.success) outcome.successes.push({ id, status: 201 });
  else outcome.invalid.push(invalid(id, parsed.error?.message ?? ''));
}

const invalid = (id: string, error: string): EventError => ({
  id,
  status: 400,
  message: 'Invalid request data',
  error,
});

function notAccepted(id: string, type: string): EventError {
  return {
    id,
    status: 400,
    message: 'Event type not accepted',
    error: `Event type "${type}" is not accepted by /api/public/ingestion when LANGFUSE_MIGRATION_V4_WRITE_MODE is events_only. This endpoint only accepts score and log events. Upgrade the client or integration to a v4-compatible SDK or OTLP ingestion path. As a temporary migration bridge, set LANGFUSE_MIGRATION_V4_WRITE_MODE=dual on both the web and worker services and redeploy. Docs: https://langfuse.com/self-hosting/upgrade/upgrade-guides/upgrade-v3-to-v4`,
  };
}
