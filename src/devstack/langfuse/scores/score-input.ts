import { z } from 'zod';

import { cleanEnvironment } from '../environment.js';

const dataTypes = ['NUMERIC', 'CATEGORICAL', 'BOOLEAN', 'TEXT', 'CORRECTION'] as const;
export type ScoreDataType = (typeof dataTypes)[number];

const base = z.object({
  id: z.string().nullish(),
  name: z.string().min(1),
  value: z.union([z.number(), z.string()]),
  dataType: z.enum(dataTypes).nullish(),
  traceId: z.string().nullish(),
  observationId: z.string().nullish(),
  sessionId: z.string().nullish(),
  datasetRunId: z.string().nullish(),
  environment: z.string().nullish(),
  comment: z.string().nullish(),
  metadata: z.unknown().optional(),
  configId: z.string().nullish(),
  queueId: z.string().nullish(),
  source: z.enum(['API', 'EVAL', 'ANNOTATION']).nullish(),
});

const targets = ['traceId', 'sessionId', 'datasetRunId', 'observationId'];
const targetRule =
  'Provide exactly one of the following: traceId (with optional observationId), sessionId or datasetRunId. ObservationId requires traceId.';

/** The body of a score, of `POST /scores` and of a `score-create` event alike. */
export const scoreBodySchema = base.superRefine((body, context) => {
  const problem = valueProblem(body.dataType ?? undefined, body.value);
  if (problem !== undefined)
    context.addIssue({ code: 'custom', path: ['value'], message: problem });
  const given = [body.traceId, body.sessionId, body.datasetRunId].filter(present);
  if (given.length !== 1 || (present(body.observationId) && !present(body.traceId)))
    context.addIssue({ code: 'custom', path: targets, message: targetRule });
});
export type ScoreBody = z.infer<typeof scoreBodySchema>;

const present = <T>(value: T | null | undefined): value is T =>
  value !== undefined && value !== null;

function valueProblem(
  dataType: ScoreDataType | undefined,
  value: number | string,
): string | undefined {
  if (dataType === undefined) return undefined;
  const expected = dataType === 'NUMERIC' || dataType === 'BOOLEAN' ? 'number' : 'string';
  if (typeof value !== expected)
    return `Invalid input: expected ${expected}, received ${typeof value}`;
  return dataType === 'BOOLEAN' && value !== 0 && value !== 1
    ? 'Value must be a number equal to either 0 or 1 for data type BOOLEAN'
    : undefined;
}

/** A score to store. `undefined` means "left out": an update keeps what was there. */
export interface ScoreWrite {
  readonly id: string;
  readonly eventId: string | undefined;
  readonly name: string;
  readonly dataType: ScoreDataType | undefined;
  readonly value: number | string;
  readonly traceId: string | undefined;
  readonly observationId: string | undefined;
  readonly sessionId: string | undefined;
  readonly experimentId: string | undefined;
  readonly environment: string | undefined;
  readonly comment: string | undefined;
  readonly metadata: unknown;
  readonly configId: string | undefined;
  readonly queueId: string | undefined;
  readonly source: string;
  /** ISO, UTC. */
  readonly timestamp: string;
}

export function scoreWrite(
  body: ScoreBody,
  meta: { id: string; eventId?: string; timestamp: Date },
): ScoreWrite {
  return {
    id: meta.id,
    eventId: meta.eventId,
    name: body.name,
    dataType: body.dataType ?? undefined,
    value: body.value,
    traceId: body.traceId ?? undefined,
    observationId: body.observationId ?? undefined,
    sessionId: body.sessionId ?? undefined,
    experimentId: body.datasetRunId ?? undefined,
    environment: present(body.environment) ? cleanEnvironment(body.environment) : undefined,
    comment: body.comment ?? undefined,
    metadata: body.metadata ?? undefined,
    configId: body.configId ?? undefined,
    queueId: body.queueId ?? undefined,
    source: body.source ?? 'API',
    timestamp: meta.timestamp.toISOString(),
  };
}
