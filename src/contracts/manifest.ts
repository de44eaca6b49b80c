import { z } from 'zod';

import { jsonObjectSchema as jsonObject, jsonSchema } from './json.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** A model as it decides a result: who answers, and with which parameters. Where it is reached is not part. */
export const modelIdentitySchema = z.object({
  provider: z.string(),
  model: z.string(),
  parameters: jsonObject,
});

export const targetIdentitySchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('prompt'),
    name: z.string(),
    /** The prompt's messages, as text: small, and a difference can be shown. */
    prompt: z.array(z.object({ role: z.string(), content: z.string() })),
    promptHash: hash,
    model: modelIdentitySchema,
    responseFormat: jsonSchema.optional(),
  }),
  z.object({
    kind: z.literal('http'),
    name: z.string(),
    method: z.string(),
    url: z.string(),
    /** Header names only: their values can be secrets. */
    headers: z.array(z.string()),
    body: jsonSchema.optional(),
    output: z.string().optional(),
  }),
  z.object({
    kind: z.literal('function'),
    name: z.string(),
    /** The hash of the bundled module graph of the config. */
    code: hash,
  }),
]);

export const evaluatorIdentitySchema = z.object({
  name: z.string(),
  kind: z.string(),
  required: z.boolean(),
  options: jsonObject,
  /** The judge's model and the text of its rubric. */
  judge: z.object({ model: modelIdentitySchema, rubric: z.string() }).optional(),
  code: hash.optional(),
});

/** The content that decides a result. Equal manifests are the same run; the order of keys never matters. */
export const manifestSchema = z.object({
  version: z.literal(1),
  dataset: z.object({
    name: z.string(),
    /** Over the sorted list of (item id, item hash). */
    itemsHash: hash,
    items: z.int(),
  }),
  target: targetIdentitySchema,
  evaluators: z.array(evaluatorIdentitySchema),
  repetitions: z.int(),
});

export type Manifest = z.output<typeof manifestSchema>;
export type TargetIdentity = z.output<typeof targetIdentitySchema>;
export type EvaluatorIdentity = z.output<typeof evaluatorIdentitySchema>;
export type ModelIdentity = z.output<typeof modelIdentitySchema>;

/** One way in which two manifests differ, for people. */
export interface ManifestDifference {
  /** A path such as `target.model.parameters.temperature`. */
  readonly at: string;
  readonly recorded: string;
  readonly submitted: string;
}
