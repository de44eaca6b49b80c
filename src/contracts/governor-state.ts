/** What the workers of a fleet tell each other about one key of the governor, as it stands in Postgres. */
import { z } from 'zod';

import { prioritySchema } from './experiment-spec.js';

/** What one worker wants for one project at one priority, and what it was given. */
const lineSchema = z.object({
  project: z.string(),
  priority: prioritySchema,
  /** Requests per second that it would send; a large number where some wait. */
  wanted: z.number().min(0),
  /** Its part of the fleet's rate, 0 to 1. */
  share: z.number().min(0),
  /** Slots that it uses or waits for. */
  slotsWanted: z.number().min(0),
  /** Slots that it may use. */
  slots: z.number().min(0),
});

/** Limits that a config or a header gives. */
export const providerLimitsSchema = z.object({
  requestsPerMinute: z.number().positive().optional(),
  tokensPerMinute: z.number().positive().optional(),
  concurrency: z.number().positive().optional(),
});

const memberSchema = z.object({
  /** The end of its lease, in milliseconds since the epoch by Postgres' clock. */
  until: z.number(),
  lines: z.array(lineSchema),
  limits: providerLimitsSchema.optional(),
  /** Whether requests wait for the rate. */
  backlogged: z.boolean(),
  /** Since the worker began: requests taken by the provider, refused, and answered well. */
  accepted: z.number(),
  refused: z.number(),
  answered: z.number(),
});

/** `open`: never refused, the rate doubles; `steady`: the rate is known from refusals. */
const phaseSchema = z.enum(['open', 'steady']);

const rateSchema = z.object({
  phase: phaseSchema,
  /** Requests per second that the fleet may send now. */
  rate: z.number(),
  /** Requests per second that the provider was seen to take. */
  estimate: z.number(),
  /** Whether the estimate stands on few requests. */
  thin: z.boolean().default(false),
  /** Requests that may leave at once after a pause. */
  burst: z.number(),
  /** Counts refusals that changed the rate. */
  epoch: z.number(),
  /** What the estimate is taken over: from a moment at which the provider's bucket was empty. */
  window: z.object({
    at: z.number(),
    /** Of `accepted`, at its start. */
    accepted: z.number(),
    /** Requests that the rate would have let through since. */
    allowed: z.number(),
    /** How long the fleet waited since the provider asked for it, in milliseconds. */
    heldMs: z.number(),
  }),
  /** Of the whole fleet, ever. */
  accepted: z.number(),
  /** When requests were last taken. */
  usedAt: z.number(),
  /** How long requests have waited for the rate since the epoch, in milliseconds. */
  grownMs: z.number(),
  /** When this was last brought up to date. */
  at: z.number(),
  /** Requests per second that were taken of late. */
  pace: z.number().default(0),
  /** Refusals that come close together. */
  streak: z
    .object({
      /** When the first of them was sent, and what had been taken until then. */
      at: z.number(),
      accepted: z.number(),
      /** Before the first of them. */
      pace: z.number(),
      /** Whether next to nothing has been taken since: they tell nothing of a rate. */
      storm: z.boolean(),
      /** Of the control, before the first of them: what holds again after a storm. */
      before: z.object({
        phase: phaseSchema,
        rate: z.number(),
        estimate: z.number(),
        thin: z.boolean().default(false),
        burst: z.number(),
        grownMs: z.number(),
      }),
    })
    .optional(),
  /** What the provider's headers say, and when they last did. */
  told: providerLimitsSchema.extend({ at: z.number() }).optional(),
});

export const governorStateSchema = z.object({
  members: z.record(z.string(), memberSchema),
  rate: rateSchema,
  /** No call starts before, by Postgres' clock. */
  notBefore: z.number(),
  /** When somebody was last answered well; 0: never. */
  answeredAt: z.number(),
});

export type ProviderLimits = z.output<typeof providerLimitsSchema>;
export type GovernorLine = z.output<typeof lineSchema>;
export type GovernorMember = z.output<typeof memberSchema>;
export type RateControl = z.output<typeof rateSchema>;
export type GovernorState = z.output<typeof governorStateSchema>;
