import { z } from 'zod';

import { invalidData } from '../http/errors.js';
import { parse } from '../http/validate.js';

const labelSchema = z
  .string()
  .min(1)
  .max(36)
  .regex(
    /^[a-z0-9_\-.]+$/,
    'Label must be lowercase alphanumeric with optional underscores, hyphens, or periods',
  );

const placeholder = z.object({ type: z.literal('placeholder'), name: z.string() });
// `type: "chatmessage"` is accepted and stripped, as recorded.
const message = z
  .looseObject({ type: z.literal('chatmessage').optional(), role: z.string(), content: z.string() })
  .transform(({ type: _type, ...rest }) => rest);

const common = {
  name: z
    .string()
    .min(1)
    .refine((name) => !name.includes('|'), "Prompt name cannot contain '|' character"),
  labels: z.array(labelSchema).default([]),
  tags: z.array(z.string()).nullish(),
  config: z.unknown().optional(),
  commitMessage: z.string().nullish(),
};

const schema = z.union([
  z.object({
    ...common,
    type: z.literal('chat'),
    prompt: z.array(z.union([placeholder, message])),
  }),
  z.object({ ...common, type: z.literal('text').default('text'), prompt: z.string() }),
]);
export type PromptInput = z.infer<typeof schema>;

/** The body of a new prompt version. A type that fits no branch is one "Invalid input", as recorded. */
export function parsePromptInput(body: unknown): PromptInput {
  const shape = z
    .looseObject({ name: z.string(), type: z.enum(['text', 'chat']).nullish() })
    .safeParse(body);
  if (!shape.success)
    throw invalidData([{ code: 'invalid_union', path: [], message: 'Invalid input' }]);
  return parse(schema, body);
}

export const newLabelsSchema = z.object({
  newLabels: z.array(
    labelSchema.refine((label) => label !== 'latest', {
      message: "Label 'latest' is always assigned to the latest prompt version",
    }),
  ),
});
