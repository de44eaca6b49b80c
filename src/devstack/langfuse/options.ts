import { z } from 'zod';

import { writeModeSchema } from './mode.js';

const milliseconds = z.number().min(0).max(3_600_000);

/** How long an accepted write stays unreadable: a fixed time, or one drawn per request. Milliseconds. */
const delaySchema = z.union([
  z.strictObject({ fixedMs: milliseconds }),
  z
    .strictObject({ minMs: milliseconds, maxMs: milliseconds })
    .refine((delay) => delay.minMs <= delay.maxMs, 'minMs must not exceed maxMs'),
]);
export type Delay = z.infer<typeof delaySchema>;

const visibilitySchema = z.strictObject({
  spans: delaySchema.optional(),
  scores: delaySchema.optional(),
});

/** `embedded` keeps a demo quick, `realistic` is what a self-hosted server was seen to do, `none` is for load tests. */
export const visibilityPresets = {
  embedded: { spans: { fixedMs: 300 }, scores: { fixedMs: 500 } },
  realistic: { spans: { minMs: 500, maxMs: 1_600 }, scores: { minMs: 5_000, maxMs: 6_500 } },
  none: { spans: { fixedMs: 0 }, scores: { fixedMs: 0 } },
} as const satisfies Record<string, { spans: Delay; scores: Delay }>;

export const visibilityChoiceSchema = z.union([
  z.enum(['embedded', 'realistic', 'none']),
  visibilitySchema,
]);
export type VisibilityChoice = z.infer<typeof visibilityChoiceSchema>;

/**
 * One fault to inject. It strikes requests that match `method` and `pathPrefix`, either the `next` n of
 * them or each with `probability` (default 1). `down` destroys every connection for `seconds`.
 */
export const faultRuleSchema = z
  .strictObject({
    kind: z.enum(['rate_limit', 'server_error', 'slow', 'commit_then_drop', 'down']),
    probability: z.number().min(0).max(1).optional(),
    next: z.number().int().min(1).optional(),
    method: z.string().optional(),
    pathPrefix: z.string().startsWith('/').optional(),
    retryAfterSeconds: z.number().int().min(0).max(86_400).optional(),
    /** Of a `server_error`; default 500. */
    status: z.number().int().min(500).max(599).optional(),
    delayMs: milliseconds.optional(),
    seconds: z.number().min(0).max(86_400).optional(),
  })
  .superRefine((rule, context) => {
    const needs = { slow: 'delayMs', down: 'seconds' } as const;
    const field = rule.kind === 'slow' || rule.kind === 'down' ? needs[rule.kind] : undefined;
    if (field !== undefined && rule[field] === undefined)
      context.addIssue({ code: 'custom', path: [field], message: `required for ${rule.kind}` });
  });
export type FaultRule = z.infer<typeof faultRuleSchema>;

/** The release that the server reports. */
export const versionSchema = z.string().regex(/^\d+\.\d+\.\d+$/, 'expected a version like 3.140.0');

export const serverOptionsSchema = z.strictObject({
  databaseUrl: z.string().min(1),
  host: z.string().default('127.0.0.1'),
  port: z.number().int().min(0).max(65_535).default(0),
  publicKey: z.string().min(1),
  secretKey: z.string().min(8),
  projectId: z.string().min(1),
  projectName: z.string().min(1),
  mode: writeModeSchema.default('events_only'),
  version: versionSchema.default('4.16.0'),
  visibility: visibilityChoiceSchema.default('embedded'),
  faults: z.array(faultRuleSchema).default([]),
  seed: z.number().int().default(1),
});

/**
 * Options of the Langfuse-compatible dev server. `host` defaults to 127.0.0.1, `port` to 0 (any free
 * one), `mode` to `events_only`, `version` (what `/health` reports) to 4.16.0, the release whose answers were
 * recorded, `visibility` to `embedded` (spans 300 ms, scores 500 ms), `seed` (of delays and faults) to 1.
 */
export type LangfuseServerOptions = z.input<typeof serverOptionsSchema>;

/** Options of the supervised child: those of the server, and the parent whose death ends it. */
export const childOptionsSchema = serverOptionsSchema.extend({
  parentPid: z.number().int().positive().optional(),
});
