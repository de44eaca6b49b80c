import { z } from 'zod';

import type { PromptMessage } from './answer/prompt.js';
import type { Schema } from './answer/schema.js';
import { demoModels, type DemoModel } from './models.js';
import { parseWith } from './options.js';
import { badRequest, modelNotFound, WireError } from './wire-errors.js';

const contentSchema = z.union([
  z.string(),
  z.array(z.looseObject({ type: z.string(), text: z.string().optional() })),
  z.null(),
]);

const requestSchema = z.looseObject({
  model: z.string(),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
        content: contentSchema.optional(),
      }),
    )
    .min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  seed: z.int().nullish(),
  n: z.int().nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  response_format: z
    .discriminatedUnion('type', [
      z.looseObject({ type: z.literal('text') }),
      z.looseObject({ type: z.literal('json_object') }),
      z.looseObject({
        type: z.literal('json_schema'),
        json_schema: z.looseObject({
          name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
          schema: z.record(z.string(), z.unknown()),
        }),
      }),
    ])
    .nullish(),
});

/** A chat completion request, read and checked. */
export interface ChatCall {
  readonly model: DemoModel;
  readonly messages: readonly PromptMessage[];
  readonly format: 'text' | 'json' | { readonly schema: Schema };
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly temperature: number;
  readonly seed: number;
  readonly maxTokens: number;
  readonly stop: readonly string[];
}

type Request = z.infer<typeof requestSchema>;

const roles = {
  system: 'system',
  developer: 'system',
  tool: 'system',
  function: 'system',
  user: 'user',
  assistant: 'assistant',
} as const;

const textOf = (content: z.infer<typeof contentSchema> | undefined): string => {
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => part.text ?? '').join('\n');
};

/** As OpenAI: JSON mode is refused unless the word is in the prompt, since else a model may never stop. */
const formatOf = (request: Request, messages: readonly PromptMessage[]): ChatCall['format'] => {
  const format = request.response_format;
  if (format?.type === 'json_schema') return { schema: format.json_schema.schema };
  if (format?.type !== 'json_object') return 'text';
  if (!messages.some((message) => /json/i.test(message.text)))
    throw badRequest(
      "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
      'messages',
    );
  return 'json';
};

/** The model of that name. @throws WireError 404 model_not_found */
export const findModel = (id: string, kind: DemoModel['kind']): DemoModel => {
  const model = demoModels.find((each) => each.id === id);
  if (model === undefined) throw modelNotFound(id);
  if (model.kind !== kind)
    throw new WireError(404, `The model \`${id}\` is no ${kind} model.`, {
      code: 'model_not_found',
    });
  return model;
};

/** Parses a body against a schema. @throws WireError 400 that names the first field that is wrong */
export const parseBody = <Value>(schema: z.ZodType<Value>, body: unknown): Value => {
  const parsed = parseWith(schema, body);
  if ('value' in parsed) return parsed.value;
  const param = parsed.problems[0]?.split(':')[0];
  throw badRequest(`Invalid request: ${parsed.problems.slice(0, 5).join('; ')}`, param);
};

/** Reads a chat completion request. @throws WireError 400, 404 */
export const readChatCall = (body: unknown): ChatCall => {
  const request = parseBody(requestSchema, body);
  const model = findModel(request.model, 'chat');
  if ((request.n ?? 1) !== 1)
    throw badRequest('The demo model gives one choice: n must be 1.', 'n');
  const messages = request.messages.map((message) => ({
    role: roles[message.role],
    text: textOf(message.content),
  }));
  const stop = request.stop ?? [];
  return {
    model,
    messages,
    format: formatOf(request, messages),
    stream: request.stream ?? false,
    includeUsage: request.stream_options?.include_usage ?? false,
    temperature: request.temperature ?? 0,
    seed: request.seed ?? 0,
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? Infinity,
    stop: typeof stop === 'string' ? [stop] : stop,
  };
};
