/** Evaluators that ask a model: what they take in a config. */
import { z } from 'zod';

import { commonOptions as common, pathOption as path } from './evaluator-kinds.js';
import { jsonObjectSchema, jsonSchema } from './json.js';
import { itemIdSchema, resourceNameSchema } from './names.js';

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

/** They, for the union of kinds. */
export const judgeKinds = [
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
    contextPath: path,
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
] as const;

export type BuiltInRubric = (typeof builtInRubrics)[number];
export type Anchor = z.output<typeof anchorSchema>;
