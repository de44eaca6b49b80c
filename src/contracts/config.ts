/** What `assay.config.ts` exports: the targets, evaluators, models and network rules of one project. */
import { z } from 'zod';

import type { Json, JsonObject } from '../core/json/json.js';
import { retrySettingsSchema } from './experiment-spec.js';
import { jsonObjectSchema, jsonSchema } from './json.js';
import { itemIdSchema, projectIdSchema, resourceNameSchema } from './names.js';

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
    }): Promise<{ readonly text: string; readonly json: Json | undefined }>;
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

const evaluatorNames = z.array(resourceNameSchema).min(1).optional();

const promptTargetSchema = z.strictObject({
  kind: z.literal('prompt'),
  /** The folder with prompt.txt and .metadata.yaml, relative to the config. Default targets/{name}. */
  folder: z.string().optional(),
  /** A name in `models`; overrides the metadata's. */
  model: resourceNameSchema.optional(),
  parameters: jsonObjectSchema.optional(),
  timeoutMs: targetTimeout,
  retry: retrySettingsSchema.optional(),
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
  /** What one request costs, in dollars: an endpoint says no price. Default: unknown. Needed for a run with a budget. */
  costPerRequestUsd: z.number().nonnegative().optional(),
  evaluators: evaluatorNames,
});

const functionTargetSchema = z.strictObject({
  kind: z.literal('function'),
  run: z.custom<TargetFunction>((value) => typeof value === 'function', 'run is a function'),
  timeoutMs: targetTimeout,
  retry: retrySettingsSchema.optional(),
  evaluators: evaluatorNames,
});

const common = { required: z.boolean().default(true) };
const pointer = z.string().regex(/^(\/.*)?$/, 'a path is a JSON pointer such as /category');
/** A JSON pointer into output and expected, such as `/category`. Default: the whole. */
const path = pointer.optional();

/** The rubrics that come with Assay. */
export const builtInRubrics = [
  'correctness',
  'faithfulness',
  'answer_relevance',
  'helpfulness',
  'toxicity',
  'persona_consistency',
] as const;

/** A fixed case with a known verdict: judged in each run, it tells how much of a change is the judge. */
const anchorSchema = z.strictObject({
  id: itemIdSchema,
  input: jsonObjectSchema.default(() => ({})),
  output: jsonSchema,
  expected: jsonSchema.optional(),
  /** What people say of it. */
  passed: z.boolean(),
});
export const anchorsSchema = z.array(anchorSchema).min(1).max(100);

/** What all judges take. Exactly one of `rubric`, `rubricFile` and `builtIn`. */
const judge = {
  /** A name in `models`. */
  model: resourceNameSchema,
  /** What is judged, in words: one criterion a line beginning with "- ". */
  rubric: z.string().min(1).max(20_000).optional(),
  rubricFile: z.string().optional(),
  builtIn: z.enum(builtInRubrics).optional(),
  /** What the judge has to know beside the items: a persona, a policy, facts of a product. Trusted, as the rubric is. */
  background: z.string().min(1).max(20_000).optional(),
  path,
  parameters: jsonObjectSchema.default(() => ({ temperature: 0 })),
  /** Cases with known verdicts, or a JSON file with them. */
  anchors: anchorsSchema.optional(),
  anchorsFile: z.string().optional(),
  ...common,
};

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
  z.strictObject({
    kind: z.literal('llm_judge'),
    ...judge,
    /**
     * Whether the judge is shown what the item expects: where there is something, always (other items get no score), or
     * never. Default: that of the built-in rubric, else `optional`.
     */
    reference: z.enum(['optional', 'required', 'none']).optional(),
    /**
     * What of the item's input an output must keep to, as a JSON pointer such as /context: shown as a block of its own. On items
     * without it the judge abstains. Default: nothing of its own, the input is shown as a whole.
     */
    contextPath: pointer.optional(),
    /** The share of criteria that must pass for the output to pass. Default 0.5. */
    passAt: z.number().min(0).max(1).default(0.5),
    /** Whether the judge may say of a criterion that it cannot tell. Default true. */
    mayAbstain: z.boolean().default(true),
    /** The share of criteria that must be decided for a score; with fewer the judge abstains. Default 1: all. */
    minDecided: z.number().gt(0).max(1).default(1),
  }),
  z.strictObject({
    kind: z.literal('llm_pairwise'),
    ...judge,
    /** What the output is compared with: a JSON pointer into `expected` or `input`. Default /expected. */
    other: z
      .string()
      .regex(/^\/(?:expected|input)(?:\/.*)?$/, 'a pointer such as /expected or /input/baseline')
      .default('/expected'),
    /** What a judge that changes its mind with the order is worth. Default tie. */
    onDisagreement: z.enum(['tie', 'abstain']).default('tie'),
    /** Whether the judge may say that it cannot tell. Default true. */
    mayAbstain: z.boolean().default(true),
    /** 1 is a win, 0.5 a tie, 0 a loss: from here on the output passes. Default 0.5: not worse. */
    passAt: z.number().min(0).max(1).default(0.5),
  }),
  z.strictObject({
    kind: z.literal('function'),
    run: z.custom<EvaluatorFunction>((value) => typeof value === 'function', 'run is a function'),
    /** The score names it may give; default its own name. */
    scores: z.array(resourceNameSchema).min(1).optional(),
    ...common,
  }),
]);

export const configSchema = z.strictObject({
  project: projectIdSchema,
  models: z.record(resourceNameSchema, modelSchema).default({}),
  targets: z.record(
    resourceNameSchema,
    z.discriminatedUnion('kind', [promptTargetSchema, httpTargetSchema, functionTargetSchema]),
  ),
  evaluators: z.record(resourceNameSchema, evaluatorConfigSchema),
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
export type BuiltInRubric = (typeof builtInRubrics)[number];
export type Anchor = z.output<typeof anchorSchema>;

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
