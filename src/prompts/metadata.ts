import { z } from 'zod';

import { jsonObjectSchema } from '../contracts/json.js';
import { resourceNameSchema } from '../contracts/names.js';
import { promptMessageSchema, promptNameSchema } from '../contracts/prompt.js';
import { labelProblem } from '../core/prompts/labels.js';

const labelSchema = z.string().superRefine((label, context) => {
  const message = labelProblem(label);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const tagSchema = z.string().min(1).max(100);

/** `.metadata.yaml` beside a prompt. */
export const metadataSchema = z.strictObject({
  /** What the prompt is called on the platforms. Default: its folder. */
  name: promptNameSchema.optional(),
  /** For people; platforms count for themselves. */
  version: z.union([z.string(), z.number()]).optional(),
  description: z.string().optional(),
  /** What it is on the platforms: messages (default), or one text. */
  type: z.enum(['chat', 'text']).optional(),
  /** A name in the config's `models`. */
  model: resourceNameSchema.optional(),
  parameters: jsonObjectSchema.optional(),
  /** A JSON schema that the answer must fit; makes the output JSON. */
  response_format: jsonObjectSchema.optional(),
  /** What else belongs to a version: part of its content. */
  config: jsonObjectSchema.optional(),
  /** The names that it is filled with; where given, they are held against those that it uses. */
  variables: z.array(z.string().min(1).max(200)).max(500).optional(),
  /** Put on the version that is pushed. */
  labels: z.array(labelSchema).max(50).optional(),
  tags: z.array(tagSchema).max(50).optional(),
});
export type PromptMetadata = z.output<typeof metadataSchema>;

/** `prompt.yaml`: messages, or one text. A list by itself is messages. */
export const promptYamlSchema = z.union([
  z.strictObject({ messages: z.array(promptMessageSchema).min(1, 'there is no message') }),
  z.strictObject({ text: z.string().min(1, 'the text is empty') }),
  z.array(promptMessageSchema).min(1, 'there is no message'),
]);
