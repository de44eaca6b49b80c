/** Prompts as they are kept in files and on platforms. */
import { z } from 'zod';

import { jsonObjectSchema } from './json.js';

/** A message of a chat prompt, or a place where messages are put in at run time. */
export const promptMessageSchema = z.union([
  z.strictObject({ role: z.string().min(1).max(60), content: z.string() }),
  z.strictObject({ placeholder: z.string().min(1).max(200) }),
]);

/** What a prompt says; variables are `{{name}}` whatever the platform writes them as. */
export const promptBodySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('text'), text: z.string() }),
  z.strictObject({ kind: z.literal('chat'), messages: z.array(promptMessageSchema) }),
]);

/** What decides whether two versions are the same: everything but labels, tags and who wrote them. */
export const promptContentSchema = z.strictObject({
  body: promptBodySchema,
  /** Model, parameters, response format and what else the team keeps with it. */
  config: jsonObjectSchema,
});

// What must not reach a terminal or a URL, and what Langfuse keeps for references.
// eslint-disable-next-line no-control-regex
const unusable = /[\u0000-\u001f\u007f-\u009f|\\]/u;

/** A name that platforms take: Langfuse has folders (`team/triage`) and keeps `|` for references. */
export const promptNameSchema = z
  .string()
  .min(1, 'the name is empty')
  .max(200, 'the name is longer than 200 characters')
  .refine((name) => name.isWellFormed(), 'the name holds half a surrogate pair')
  .refine((name) => name.trim() === name, 'the name begins or ends with white space')
  .refine((name) => !unusable.test(name), 'the name holds | or \\ or a control character')
  .refine((name) => name.split('/').every((part) => part !== '' && part !== '.' && part !== '..'), {
    message: 'the name is a path with an empty part, "." or ".."',
  });

export type PromptMessage = Readonly<z.output<typeof promptMessageSchema>>;
export type PromptBody =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'chat'; readonly messages: readonly PromptMessage[] };
export interface PromptContent {
  readonly body: PromptBody;
  readonly config: z.output<typeof jsonObjectSchema>;
}

/** Which version is asked for. */
export type PromptSelector = { readonly label: string } | { readonly version: string };
