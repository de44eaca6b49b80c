/** What `assay.config.ts` exports: the targets, evaluators, models and network rules of one project. */
import { z } from 'zod';

import type { Json, JsonObject } from '../core/json/json.js';
import {
  commonOptions as common,
  moreEvaluatorKinds,
  pathOption as path,
} from './evaluator-kinds.js';
import { backendSchema } from './backend.js';
import { retrySettingsSchema, traceModeSchema } from './experiment-spec.js';
import { gateSettingsSchema } from './gate.js';
import { jsonObjectSchema, jsonSchema } from './json.js';
import { judgeKinds } from './judge-kinds.js';
import { evaluatorNameSchema, projectIdSchema, resourceNameSchema } from './names.js';
import { promptNameSchema } from './prompt.js';

/** What a function target gets beside its input. */
export interface TargetContext {
  /** Aborted on cancel and when the target's time is over; pass it on to whatever waits. */
  readonly signal: AbortSignal;
  /** A model client whose calls are journalled, paid once and traced. */
  readonly models: {
    chat(request: {
      readonly model: string;
      readonly messages: readonly {
        readonly role: 'system' | 'user' | 'assistant';
        readonly content: string;
      }[];
      readonly parameters?: JsonObject;
      readonly responseSchema?: { readonly name: string; readonly schema: JsonObject };
      readonly signal?: AbortSignal;
    }): Promise<{
      readonly text: string;
      readonly json: Json | undefined;
      /** The calls of tools that it asks for, in the provider's form; name the tools in `parameters`. */
      readonly toolCalls?: readonly Json[];
    }>;
    /** One vector for each text, in their order. */
    embed(request: {
      readonly model: string;
      readonly input: string | readonly string[];
      readonly parameters?: JsonObject;
      readonly signal?: AbortSignal;
    }): Promise<{ readonly vectors: readonly (readonly number[])[] }>;
  };
  readonly item: { readonly id: string; readonly metadata: JsonObject };
  readonly repetition: number;
}

/** A target written in TypeScript. */
export type TargetFunction = (input: JsonObject, context: TargetContext) => Json | Promise<Json>;

/** What an evaluator written in TypeScript gives: a number, a truth, a category, or a score with its reasons. */
export type EvaluatorResult =
  | number
  | boolean
  | string
  | {
      /** Only where one evaluator gives several scores: the part's name. */
      readonly name?: string;
      readonly value: number | boolean | string;
      readonly passed?: boolean;
      readonly reasoning?: string;
      readonly passedItems?: readonly string[];
      readonly failedItems?: readonly string[];
      readonly suggestions?: readonly string[];
    }
  /** As the scorers of autoevals give it; a score of null does not apply. */
  | {
      readonly name?: string;
      readonly score: number | boolean | null;
      readonly metadata?: Readonly<Record<string, unknown>>;
    };

/** An evaluator written in TypeScript. `undefined` means: does not apply to this item. */
export type EvaluatorFunction = (
  evaluation: {
    readonly input: JsonObject;
    readonly output: Json;
    readonly expected: Json | undefined;
    readonly metadata: JsonObject;
    readonly trace: { readonly traceId: string };
  },
  context: { readonly signal: AbortSignal; readonly models: TargetContext['models'] },
) =>
  | EvaluatorResult
  | readonly EvaluatorResult[]
  | undefined
  | Promise<EvaluatorResult | readonly EvaluatorResult[] | undefined>;

/** `env:NAME`: resolved when the call is made, never written anywhere. */
export const secretReferenceSchema = z
  .string()
  .regex(/^env:[A-Za-z_][A-Za-z0-9_]*$/, 'a secret is given as env:NAME');

const priceSchema = z.strictObject({
  input: z.number().nonnegative(),
  /** Of embedding models 0. */
  output: z.number().nonnegative(),
  /** For input tokens that came from the provider's cache. Default: as `input`. */
  cachedInput: z.number().nonnegative().optional(),
  /** For output tokens that the model thought with. Default: as `output`. */
  reasoning: z.number().nonnegative().optional(),
  /** Calls from this day (UTC) or moment on cost so much. Default: all. */
  effectiveFrom: z.union([z.iso.date(), z.iso.datetime()]).optional(),
});

const modelSchema = z.strictObject({
  /** How the provider calls it. */
  model: z.string().min(1),
  /** Default: OPENAI_BASE_URL, else OpenAI's own. */
  baseUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Default env:OPENAI_API_KEY. */
  apiKey: secretReferenceSchema.default('env:OPENAI_API_KEY'),
  /** Shown in traces and hashed in manifests. Default openai. */
  provider: z.string().min(1).max(60).default('openai'),
  /** Sent with each call unless the call says otherwise. */
  parameters: jsonObjectSchema.default(() => ({})),
  /** The longest one call may take. Default 60 s. */
  timeoutMs: z.int().min(1).max(3_600_000).default(60_000),
  /**
   * Dollars per million tokens, or a list of prices with the day from which each holds. Default: the provider's list price
   * where it is known (`assay prices`); else costs are unknown, not zero.
   */
  price: z.union([priceSchema, z.array(priceSchema).min(1).max(100)]).optional(),
  /**
   * What the provider allows, over all workers and projects that share this database. Default: found out from its headers and
   * refusals. Where two projects say different things of one model, the smaller holds.
   */
  limits: z
    .strictObject({
      requestsPerMinute: z.number().positive().max(10_000_000).optional(),
      tokensPerMinute: z.number().positive().max(1e12).optional(),
      /** Calls in flight at once. */
      concurrency: z.int().min(1).max(100_000).optional(),
    })
    .optional(),
});

/** The longest a target may take for one cell, where the run does not say it. Default 120 s. */
const targetTimeout = z.int().min(1).max(3_600_000).optional();

/** Where the traces of its runs go, where the run does not say it. Default: as the project. */
const targetTrace = traceModeSchema.optional();

const evaluatorNames = z.array(resourceNameSchema).min(1).optional();

const promptTargetSchema = z.strictObject({
  kind: z.literal('prompt'),
  /** The folder with prompt.txt or prompt.yaml, and .metadata.yaml, relative to the config. Default targets/{name}. */
  folder: z.string().optional(),
  /**
   * A prompt that is kept on the platform, instead of a folder: the version with this label (default `production`) as it is when
   * the run is planned, or this version.
   */
  prompt: z
    .strictObject({
      name: promptNameSchema,
      label: z.string().min(1).max(36).optional(),
      version: z.union([z.string().min(1).max(100), z.int().positive()]).optional(),
    })
    .refine(({ label, version }) => label === undefined || version === undefined, {
      message: 'names a label and a version: give one',
    })
    .optional(),
  /** A name in `models`; overrides the metadata's. */
  model: resourceNameSchema.optional(),
  parameters: jsonObjectSchema.optional(),
  timeoutMs: targetTimeout,
  retry: retrySettingsSchema.optional(),
  trace: targetTrace,
  /** Maps item inputs to prompt variables by name; default: the input's own fields. */
  evaluators: evaluatorNames,
});

const httpTargetSchema = z.strictObject({
  kind: z.literal('http'),
  url: z.url({ protocol: /^https?$/ }),
  method: z.enum(['POST', 'PUT', 'GET']).default('POST'),
  /** Values may be `env:NAME`. */
  headers: z.record(z.string(), z.string()).default({}),
  /** The JSON body; `{{input.field}}` is replaced. Default: the item's input. */
  body: jsonSchema.optional(),
  /** A JSON pointer into the answer. Default: the whole answer. */
  output: z
    .string()
    .regex(/^(\/.*)?$/)
    .optional(),
  timeoutMs: z.int().min(1).max(3_600_000).default(60_000),
  /** Default 4 MiB. */
  maxBytes: z
    .int()
    .min(1)
    .max(64 * 1024 * 1024)
    .default(4 * 1024 * 1024),
  retry: retrySettingsSchema.optional(),
  trace: targetTrace,
  /** What one request costs, in dollars: an endpoint says no price. Default: unknown. Needed for a run with a budget. */
  costPerRequestUsd: z.number().nonnegative().optional(),
  evaluators: evaluatorNames,
});

const functionTargetSchema = z.strictObject({
  kind: z.literal('function'),
  run: z.custom<TargetFunction>((value) => typeof value === 'function', 'run is a function'),
  timeoutMs: targetTimeout,
  retry: retrySettingsSchema.optional(),
  trace: targetTrace,
  evaluators: evaluatorNames,
});

export const evaluatorConfigSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('exact_match'),
    path,
    ignoreCase: z.boolean().default(false),
    trim: z.boolean().default(true),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('contains'),
    path,
    /** Default: what the item expects. */
    text: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
    mode: z.enum(['all', 'any', 'none']).default('all'),
    ignoreCase: z.boolean().default(true),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('regex'),
    path,
    pattern: z.string().min(1).max(2000),
    flags: z
      .string()
      .regex(/^[imsu]*$/)
      .default('u'),
    /** Whether a match passes or fails. Default must. */
    expect: z.enum(['match', 'no_match']).default('match'),
    timeoutMs: z.int().min(1).max(10_000).default(250),
    ...common,
  }),
  z.strictObject({
    kind: z.literal('json_schema'),
    path,
    schema: jsonObjectSchema,
    ...common,
  }),
  ...judgeKinds,
  z.strictObject({
    kind: z.literal('function'),
    run: z.custom<EvaluatorFunction>((value) => typeof value === 'function', 'run is a function'),
    /** The score names it may give; default its own name. */
    scores: z.array(resourceNameSchema).min(1).optional(),
    /** The value from which on a number passes, where the function does not say itself. */
    passAt: z.number().optional(),
    ...common,
  }),
  ...moreEvaluatorKinds,
]);

export const configSchema = z.strictObject({
  project: projectIdSchema,
  models: z.record(resourceNameSchema, modelSchema).default({}),
  targets: z.record(
    resourceNameSchema,
    z.discriminatedUnion('kind', [promptTargetSchema, httpTargetSchema, functionTargetSchema]),
  ),
  evaluators: z.record(evaluatorNameSchema, evaluatorConfigSchema),
  /**
   * Where the traces and scores of runs go, where neither the run nor its target says it. With `none` nothing of a run is
   * written to any platform. Default platform.
   */
  trace: traceModeSchema.default('platform'),
  /** What gates of the project decide by, where a gate says nothing else. */
  gate: gateSettingsSchema.prefault({}),
  /** The folder with datasets, relative to the config. Default datasets. */
  datasetsFolder: z.string().default('datasets'),
  network: z
    .strictObject({
      /** Hosts, addresses or CIDR ranges that are private or loopback and yet allowed, with an optional :port. */
      allow: z.array(z.string()).default([]),
    })
    .prefault({}),
  platform: z
    .strictObject({
      /** Where runs are published whose submission does not say: langfuse, langsmith or both. Default langfuse. */
      backend: backendSchema.default('langfuse'),
      /** V of the publishing rules: how long the platform may take to show what it took. Default 15 s. */
      visibilityDeadlineMs: z.int().min(500).max(600_000).default(15_000),
      /** Langfuse's environment of traces and scores. Default: LANGFUSE_TRACING_ENVIRONMENT, else `assay`. */
      environment: z
        .string()
        .regex(/^[a-z0-9_-]{1,40}$/)
        .optional(),
    })
    .prefault({}),
});

/** What a user writes in assay.config.ts. */
export type ConfigInput = z.input<typeof configSchema>;
/** The config with every default filled in. */
export type Config = z.output<typeof configSchema>;
export type ModelConfig = z.output<typeof modelSchema>;
export type PriceConfig = z.output<typeof priceSchema>;
export type PromptTargetConfig = z.output<typeof promptTargetSchema>;
export type HttpTargetConfig = z.output<typeof httpTargetSchema>;
export type FunctionTargetConfig = z.output<typeof functionTargetSchema>;
export type TargetConfig = PromptTargetConfig | HttpTargetConfig | FunctionTargetConfig;
export type EvaluatorConfig = z.output<typeof evaluatorConfigSchema>;

/**
 * Gives a config its types; checks nothing by itself (the worker does, all problems at once).
 *
 * @example
 * export default defineConfig({
 *   project: 'support',
 *   models: { small: { model: 'gpt-4o-mini' } },
 *   targets: { triage: { kind: 'prompt', model: 'small' } },
 *   evaluators: { category: { kind: 'exact_match', path: '/category' } },
 * });
 */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
