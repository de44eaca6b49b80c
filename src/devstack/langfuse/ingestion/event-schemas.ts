import { z } from 'zod';

const iso = z.iso.datetime({ offset: true }).nullish();
const text = z.string().nullish();
const amounts = z.record(z.string(), z.unknown()).nullish();

/** The body of `trace-create`. */
export const traceBody = z.object({
  id: text,
  timestamp: iso,
  name: text,
  userId: text,
  sessionId: text,
  environment: text,
  release: text,
  version: text,
  public: z.boolean().nullish(),
  tags: z.array(z.string()).nullish(),
  input: z.unknown().optional(),
  output: z.unknown().optional(),
  metadata: z.unknown().optional(),
});
export type TraceBody = z.infer<typeof traceBody>;

/** The body of the events that create an observation of any type. */
export const createBody = z.object({
  id: text,
  traceId: text,
  type: text,
  parentObservationId: text,
  name: text,
  startTime: iso,
  endTime: iso,
  completionStartTime: iso,
  level: z.enum(['DEBUG', 'DEFAULT', 'WARNING', 'ERROR']).nullish(),
  statusMessage: text,
  version: text,
  environment: text,
  model: text,
  modelParameters: z.record(z.string(), z.unknown()).nullish(),
  usage: amounts,
  usageDetails: amounts,
  costDetails: amounts,
  promptName: text,
  promptVersion: z.number().int().nullish(),
  input: z.unknown().optional(),
  output: z.unknown().optional(),
  metadata: z.unknown().optional(),
});
export type ObservationBody = z.infer<typeof createBody>;

/** An update must say of what. */
export const updateBody = createBody.extend({ id: z.string() });

const generationLike = [
  'generation',
  'agent',
  'tool',
  'chain',
  'retriever',
  'evaluator',
  'embedding',
  'guardrail',
];
const kinds = ['span', 'event', 'observation', ...generationLike];

interface EventKind {
  /** Absent where the body names it. */
  readonly type: string | undefined;
  readonly body: z.ZodType<ObservationBody>;
}

/** Observation type and body schema by event type; `observation-create` names its type in the body. */
export const observationEvents: ReadonlyMap<string, EventKind> = new Map(
  kinds.flatMap((kind): (readonly [string, EventKind])[] => {
    const type = kind === 'observation' ? undefined : kind.toUpperCase();
    return [
      [`${kind}-create`, { type, body: createBody }],
      [`${kind}-update`, { type, body: updateBody }],
    ];
  }),
);
