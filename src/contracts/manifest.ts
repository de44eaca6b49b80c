import { z } from 'zod';

import type { Difference } from '../core/json/differences.js';
import { jsonObjectSchema as jsonObject, jsonSchema } from './json.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** A model as it decides a result: who answers, and with which parameters. Where it is reached is not part. */
export const modelIdentitySchema = z.object({
  provider: z.string(),
  model: z.string(),
  parameters: jsonObject,
});

/** The version of our own code behind a kind; see core/manifest/implementations.ts. */
const implementation = z.int().optional();

export const targetIdentitySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('prompt'),
    name: z.string(),
    /** The prompt's messages, as text: small, and a difference can be shown. */
    prompt: z.array(z.object({ role: z.string(), content: z.string() })),
    promptHash: hash,
    model: modelIdentitySchema,
    responseFormat: jsonSchema.optional(),
    implementation,
  }),
  z.object({
    kind: z.literal('http'),
    name: z.string(),
    method: z.string(),
    /** Its query by a hash: it can hold a key. */
    url: z.string(),
    /** Names, with a hash of a value that stands in the config itself. What is named `env:…` can change, as keys do. */
    headers: z.array(z.string()),
    body: jsonSchema.optional(),
    output: z.string().optional(),
    implementation,
  }),
  z.object({
    kind: z.literal('function'),
    name: z.string(),
    /** The hash of the bundled module graph of the config. */
    code: hash,
    /** The config's models by their names: the code may call each of them, and may take their names from anywhere. */
    models: z.record(z.string(), modelIdentitySchema).optional(),
  }),
]);

const anchorIdentitySchema = z.object({
  id: z.string(),
  input: jsonObject,
  output: jsonSchema,
  expected: jsonSchema.optional(),
  passed: z.boolean(),
});

export const evaluatorIdentitySchema = z.object({
  name: z.string(),
  kind: z.string(),
  required: z.boolean(),
  options: jsonObject,
  /** The judge's model, the text of its rubric, and the cases with known verdicts that it is asked in each run. */
  judge: z
    .object({
      model: modelIdentitySchema,
      rubric: z.string(),
      anchors: z.array(anchorIdentitySchema).optional(),
    })
    .optional(),
  code: hash.optional(),
  /** The config's models, for functions; of others the one that is asked. */
  models: z.record(z.string(), modelIdentitySchema).optional(),
  /**
   * What its scores hang on beside the evaluator, the output, the input and the expectation: the item's metadata; what the
   * target took or did for this output, which another cell of the same output can have otherwise.
   */
  sees: z.array(z.enum(['metadata', 'figures', 'calls'])).optional(),
  implementation,
});

/** The part of a dataset that a run takes instead of the whole. */
export const datasetSampleSchema = z.object({
  /** How many items the dataset has. */
  of: z.int(),
  /** The JSON pointer of the field that parts it into strata; absent for a simple random sample. */
  by: z.string().optional(),
  seed: z.int(),
  /** The strata, largest first, by the JSON of their value ('' for none); absent where there are more than 50. */
  strata: z.array(z.object({ key: z.string(), of: z.int(), items: z.int() })).optional(),
});

/** The content that decides a result. Equal manifests are the same run; the order of keys never matters. */
export const manifestSchema = z.object({
  version: z.literal(1),
  dataset: z.object({
    name: z.string(),
    /** Over the sorted list of (item id, item hash). */
    itemsHash: hash,
    items: z.int(),
    /** Where a sample is run: then hash and number are of its items. */
    sample: datasetSampleSchema.optional(),
  }),
  target: targetIdentitySchema,
  evaluators: z.array(evaluatorIdentitySchema),
  repetitions: z.int(),
});

export type Manifest = z.output<typeof manifestSchema>;
export type TargetIdentity = z.output<typeof targetIdentitySchema>;
export type EvaluatorIdentity = z.output<typeof evaluatorIdentitySchema>;
export type DatasetSample = z.output<typeof datasetSampleSchema>;
export type ModelIdentity = z.output<typeof modelIdentitySchema>;

/** One way in which two manifests differ, for people: at a path such as `target.model.parameters.temperature`. */
export type ManifestDifference = Difference;
