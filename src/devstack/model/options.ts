import { z } from 'zod';

const milliseconds = z.number().min(0).max(600_000);

/** How long an answer takes: a fixed time, one drawn evenly, or a fixed time with a slow tail. Milliseconds. */
export const latencySchema = z.union([
  milliseconds,
  z
    .strictObject({ min: milliseconds, max: milliseconds })
    .refine((range) => range.min <= range.max, 'min must not exceed max'),
  z.strictObject({ ms: milliseconds, tailShare: z.number().min(0).max(1), tailMs: milliseconds }),
]);
export type Latency = z.infer<typeof latencySchema>;

/** Refusals like a provider's: a bucket of `burst` requests, filled with `requestsPerMinute`. */
export const limitsSchema = z.strictObject({
  requestsPerMinute: z.number().positive().max(10_000_000),
  /** Default: a second's worth of requests, at least one. */
  burst: z.number().min(1).max(1_000_000).optional(),
  /** Prompt tokens per minute, counted beside the requests; its burst is one minute's worth. */
  tokensPerMinute: z.number().positive().max(1e12).optional(),
  /** Whether `x-ratelimit-*` headers tell of it, as some providers do and many do not. Default true. */
  told: z.boolean().optional(),
});
export type Limits = z.infer<typeof limitsSchema>;

const aim = {
  /** The share of calls that it strikes. Default 1: each. */
  share: z.number().min(0).max(1).optional(),
  /** It ends after that many strikes. Default: never. */
  next: z.int().min(1).max(1_000_000_000).optional(),
  /** Only calls to these models. */
  models: z.array(z.string()).min(1).optional(),
};

/** The hostile texts that a `content` fault answers with. */
export const hostileTexts = ['nul', 'surrogate', 'script', 'ansi', 'fence', 'huge'] as const;

/**
 * One fault to order. `status` and `insufficient_quota` refuse the call before it is paid; all others strike a
 * paid one: `hang` never answers, `drop` computes the answer and destroys the connection, `garbage` answers 200 with
 * a body that is no JSON, `content` answers with hostile text, `slow` adds `ms` to the latency.
 */
export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    status: z.int().min(400).max(599),
    /** Seconds, sent as Retry-After. */
    retryAfter: z.number().min(0).max(86_400).optional(),
    /** The error's code; default by the status. */
    code: z.string().max(100).optional(),
    ...aim,
  }),
  z.strictObject({ kind: z.literal('insufficient_quota'), ...aim }),
  z.strictObject({ kind: z.literal('hang'), ...aim }),
  z.strictObject({ kind: z.literal('drop'), ...aim }),
  z.strictObject({ kind: z.literal('garbage'), ...aim }),
  z.strictObject({ kind: z.literal('slow'), ms: milliseconds, ...aim }),
  z.strictObject({
    kind: z.literal('content'),
    /** Default: each in turn. */
    text: z.enum(hostileTexts).optional(),
    ...aim,
  }),
]);
export type FaultOrder = z.infer<typeof faultSchema>;

export const modelServerOptionsSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(0),
  apiKey: z.string().min(8),
  latencyMs: latencySchema.default(0),
  seed: z.int().default(1),
  faults: z.array(faultSchema).default([]),
  limits: limitsSchema.optional(),
  logFile: z.string().min(1).optional(),
  logCapacity: z.int().min(1).max(5_000_000).default(250_000),
  contextWindow: z.int().min(1).default(128_000),
});

/**
 * Options of the demo model server. `host` defaults to 127.0.0.1, `port` to 0 (any free one), `latencyMs` to 0, `seed`
 * (of latencies, fault shares and sampling) to 1; `apiKey` has at least 8 characters. `logFile` keeps the call log
 * across a kill and is read again at the start; in memory the last `logCapacity` calls are kept (250,000). A
 * prompt of more than `contextWindow` tokens (128,000) is refused.
 */
export type ModelServerOptions = z.input<typeof modelServerOptionsSchema>;
export type ModelServerSettings = z.output<typeof modelServerOptionsSchema>;

/** Options of the supervised child: those of the server, and the parent whose death ends it. */
export const childOptionsSchema = modelServerOptionsSchema.extend({
  parentPid: z.int().positive().optional(),
});

/** Options that cannot be used: every problem with its path, one a line, and no values (one may be the key). */
export class ModelServerOptionsError extends Error {
  override readonly name = 'ModelServerOptionsError';
  readonly code = 'MODEL_SERVER_OPTIONS_INVALID';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The model server's options cannot be used:\n${problems.join('\n')}`);
    this.problems = problems;
  }
}

/** Parses against a schema, all problems at once as `path: message`. */
export const parseWith = <Value>(
  schema: z.ZodType<Value>,
  input: unknown,
): { readonly value: Value } | { readonly problems: readonly string[] } => {
  const parsed = schema.safeParse(input);
  if (parsed.success) return { value: parsed.data };
  return {
    problems: parsed.error.issues.map(
      (issue) => `${issue.path.map(String).join('.') || '(whole)'}: ${issue.message}`,
    ),
  };
};
