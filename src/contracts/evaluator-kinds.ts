/** The kinds of evaluators that are ready to use, beside those that config.ts holds: what each takes in a config. */
import { z } from 'zod';

import { parsePointer } from '../core/json/pointer.js';
import { jsonObjectSchema } from './json.js';
import { resourceNameSchema } from './names.js';

/** What every evaluator takes. */
export const commonOptions = {
  /** Whether its failure makes the cell an `evaluator_error`; it is informative otherwise. Default true. */
  required: z.boolean().default(true),
  /** Turns its verdict round: true where it would not have passed. Its score is BOOLEAN then. Default false. */
  not: z.boolean().default(false),
};

/** A JSON pointer into output and expected, such as `/category`. Default: the whole. */
export const pathOption = z
  .string()
  .regex(/^(\/.*)?$/, 'a path is a JSON pointer such as /category')
  .optional();

const pointer = z
  .string()
  .refine((text) => parsePointer(text) !== undefined, 'not a JSON pointer such as /articles');

/** The value from which on a number passes. Default: it passes and fails nothing. */
const passAt = z.number().optional();
const share = z.number().min(0).max(1).optional();

/** What the autoevals library calls a scorer; its arguments are its own. */
export type ScorerFunction = (args: never) => unknown;

const texts = [
  z.strictObject({
    kind: z.literal('normalised_match'),
    path: pathOption,
    ignoreCase: z.boolean().default(true),
    /** Whether punctuation counts. Default remove. */
    punctuation: z.enum(['keep', 'remove']).default('remove'),
    /** Whether é and e differ. Default keep: they do. */
    accents: z.enum(['keep', 'remove']).default('keep'),
    /** Whether the English articles a, an and the are left out (as SQuAD does). Default keep. */
    articles: z.enum(['keep', 'remove']).default('keep'),
    ...commonOptions,
  }),
  z.strictObject({
    kind: z.literal('numeric_match'),
    path: pathOption,
    /** How far it may be off. The larger of the two tolerances holds. Default 0. */
    absolute: z.number().nonnegative().default(0),
    /** How far it may be off as a share of what is expected. Default 0. */
    relative: z.number().nonnegative().default(0),
    /** Which number of a text is meant; `whole`: the text must be one. Default whole. */
    take: z.enum(['whole', 'first', 'last']).default('whole'),
    ...commonOptions,
  }),
  z.strictObject({
    kind: z.literal('levenshtein'),
    path: pathOption,
    ignoreCase: z.boolean().default(false),
    passAt: share,
    ...commonOptions,
  }),
  z.strictObject({
    kind: z.literal('rouge_l'),
    path: pathOption,
    /** Default f1. */
    measure: z.enum(['f1', 'precision', 'recall']).default('f1'),
    passAt: share,
    ...commonOptions,
  }),
  z.strictObject({
    kind: z.literal('embedding_similarity'),
    /** A name in `models`. */
    model: resourceNameSchema,
    path: pathOption,
    parameters: jsonObjectSchema.default(() => ({})),
    passAt: z.number().min(-1).max(1).optional(),
    ...commonOptions,
  }),
  z.strictObject({
    kind: z.literal('length'),
    path: pathOption,
    /** Default characters. */
    unit: z.enum(['characters', 'words', 'lines', 'tokens', 'bytes']).default('characters'),
    min: z.int().nonnegative().optional(),
    max: z.int().nonnegative().optional(),
    ...commonOptions,
  }),
  z.strictObject({
    kind: z.literal('refusal'),
    path: pathOption,
    /** What passes: an answer, a refusal, or what the item says at `expectedPath`. Default answer. */
    expect: z.enum(['answer', 'refusal']).default('answer'),
    /** Where the item's expectation says true (refuse) or false (answer); stands above `expect`. */
    expectedPath: pointer.optional(),
    /** More phrases that only a refusal holds, in any language. */
    phrases: z.array(z.string().min(3).max(200)).max(200).default([]),
    ...commonOptions,
  }),
] as const;

const structures = [
  z.strictObject({
    kind: z.literal('json_valid'),
    path: pathOption,
    /** What it must be. Default any. */
    type: z.enum(['any', 'object', 'array']).default('any'),
    ...commonOptions,
  }),
  z.strictObject({
    kind: z.literal('json_diff'),
    path: pathOption,
    /** JSON pointers, from `path` on, of what is not compared. */
    ignore: z.array(pointer).max(100).default([]),
    /** By how much numbers may differ. Default 0. */
    tolerance: z.number().nonnegative().default(0),
    /** Whether fields that nobody expected count as wrong. Default count. */
    extra: z.enum(['count', 'ignore']).default('count'),
    /** Default 1: every field. */
    passAt: z.number().min(0).max(1).default(1),
    ...commonOptions,
  }),
  z.strictObject({
    kind: z.literal('tool_calls'),
    /** Where the calls are: in the output, or in the model's answers of the cell's trace. Default output. */
    from: z.enum(['output', 'trace']).default('output'),
    /** Of the list of calls in the output. Default /tool_calls. */
    path: pointer.default('/tool_calls'),
    /** Of the list of calls in what is expected. Default /tool_calls. */
    expectedPath: pointer.default('/tool_calls'),
    /**
     * `exact`: the same calls in the same order. `in_order`: the expected ones in their order, others between them.
     * `any_order`: the expected ones in any order, and others. `same_set`: the expected ones in any order and no others.
     * `subset`: no call that is not expected. Default exact.
     */
    mode: z.enum(['exact', 'in_order', 'any_order', 'same_set', 'subset']).default('exact'),
    /** `equal`; `subset`: the expected arguments are there, others may be; `ignore`: only names count. Default equal. */
    args: z.enum(['equal', 'subset', 'ignore']).default('equal'),
    ...commonOptions,
  }),
] as const;

const measures = [
  z.strictObject({
    kind: z.literal('latency'),
    /** The longest the target may take, milliseconds. */
    maxMs: z.number().positive().optional(),
    ...commonOptions,
  }),
  z.strictObject({
    kind: z.literal('cost'),
    /** The most that the target may cost for one cell, dollars. */
    maxUsd: z.number().nonnegative().optional(),
    ...commonOptions,
  }),
] as const;

const retrievalMetric = z.enum(['precision', 'recall', 'mrr', 'ndcg']);
const cutoff = z.int().min(1).max(10_000);

const datasets = [
  z.strictObject({
    kind: z.literal('retrieval'),
    /** The list of retrieved ids in the output, best first; entries are ids, or objects with `idField`. */
    retrieved: pointer,
    /** The relevant ids in what is expected: a list of ids, a list of {id, grade}, or an object of grades by id. */
    relevant: pointer,
    /** The cutoffs of precision, recall and nDCG. Default 5. */
    k: z.union([cutoff, z.array(cutoff).min(1).max(10)]).default(5),
    metrics: z
      .array(retrievalMetric)
      .min(1)
      .default(() => [...retrievalMetric.options]),
    /** What a grade is worth to nDCG: itself, or 2^grade − 1. Default linear. */
    gain: z.enum(['linear', 'exponential']).default('linear'),
    /** The member of an entry that holds its id. Default id. */
    idField: z.string().min(1).default('id'),
    /** The value from which on a score passes, by its part: `{ recall_at_5: 0.8 }`. */
    passAt: z.record(z.string(), z.number().min(0).max(1)).default(() => ({})),
    ...commonOptions,
  }),
  z.strictObject({
    kind: z.literal('classification'),
    path: pathOption,
    ignoreCase: z.boolean().default(false),
    trim: z.boolean().default(true),
    ...commonOptions,
  }),
] as const;

const scoreNames = z.array(resourceNameSchema).min(1).optional();

const own = [
  z.strictObject({
    kind: z.literal('http'),
    /** POST {input, output, expected, metadata} goes there. */
    url: z.url({ protocol: /^https?$/ }),
    /** Values may be `env:NAME`. */
    headers: z.record(z.string(), z.string()).default({}),
    /** The score names it may give; default its own name. */
    scores: scoreNames,
    passAt,
    timeoutMs: z.int().min(1).max(600_000).default(30_000),
    /** Of the answer. Default 1 MiB. */
    maxBytes: z
      .int()
      .min(1)
      .max(16 * 1024 * 1024)
      .default(1024 * 1024),
    /** What one request costs, in dollars. Default: unknown. Needed for a run with a budget. */
    costPerRequestUsd: z.number().nonnegative().optional(),
    ...commonOptions,
  }),
  z.strictObject({
    kind: z.literal('scorer'),
    /** A scorer of the autoevals library, or of its shape. */
    run: z.custom<ScorerFunction>((value) => typeof value === 'function', 'run is a function'),
    path: pathOption,
    /** More arguments, handed over as they are: `{ criteria: '…' }`. */
    args: jsonObjectSchema.default(() => ({})),
    /** Whether items without an expected value are judged as well; most scorers throw there. Default true. */
    judgeWithoutExpected: z.boolean().default(true),
    passAt,
    ...commonOptions,
  }),
  z.strictObject({
    kind: z.literal('composite'),
    mode: z.enum(['weighted_mean', 'all', 'any']),
    /** The scores that it is made of, by name; as an object with the weight of each. */
    of: z.union([
      z.array(z.string().min(1).max(300)).min(1).max(100),
      z.record(z.string().min(1).max(300), z.number().positive().max(1e6)),
    ]),
    /** For weighted_mean. */
    passAt,
    ...commonOptions,
  }),
] as const;

/** All of them, for the union of kinds. */
export const moreEvaluatorKinds = [
  ...texts,
  ...structures,
  ...measures,
  ...datasets,
  ...own,
] as const;
