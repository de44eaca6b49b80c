import { z } from 'zod';

import type { Usage } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import type { Json } from '../core/json/json.js';

const completionSchema = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: z.number(),
      completion_tokens: z.number(),
      prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
      completion_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
    })
    .nullish(),
});

/** A chat completion, read from the bytes of its answer. */
export interface ParsedCompletion {
  readonly text: string;
  readonly json: Json | undefined;
  readonly finishReason: string;
  readonly usage: Usage | undefined;
}

/**
 * Reads a stored answer. The bytes stay in the journal whatever comes of this: a paid answer is never thrown away.
 *
 * @throws AssayError MODEL_ANSWER_INVALID where the bytes are no chat completion.
 */
export function parseCompletion(body: Buffer): ParsedCompletion {
  let raw: unknown;
  try {
    raw = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new AssayError('MODEL_ANSWER_INVALID', 'The answer of the model is not JSON.', {
      cause: error,
    });
  }
  const parsed = completionSchema.safeParse(raw);
  const choice = parsed.data?.choices[0];
  if (!parsed.success || choice === undefined) {
    throw new AssayError('MODEL_ANSWER_INVALID', 'The answer of the model is no chat completion.', {
      problems: (parsed.error?.issues ?? []).map((issue) => ({
        at: issue.path.join('.'),
        message: issue.message,
      })),
    });
  }
  const text = choice.message.content ?? choice.message.refusal ?? '';
  return {
    text,
    json: parseJson(text),
    finishReason: choice.finish_reason ?? 'stop',
    usage: readUsage(parsed.data.usage),
  };
}

/** The tokens of a stored answer; undefined where it says none. */
export function usageOf(body: Buffer): Usage | undefined {
  try {
    return parseCompletion(body).usage;
  } catch {
    return undefined;
  }
}

// Models wrap JSON into a markdown fence even when asked not to.
const fence = /^\s*```(?:json)?\s*\n([\s\S]*?)\n?\s*```\s*$/;

function parseJson(text: string): Json | undefined {
  const inner = fence.exec(text)?.[1] ?? text;
  try {
    return JSON.parse(inner) as Json;
  } catch {
    return undefined;
  }
}

function readUsage(usage: z.output<typeof completionSchema>['usage']): Usage | undefined {
  if (usage === null || usage === undefined) return undefined;
  const cached = usage.prompt_tokens_details?.cached_tokens;
  const reasoning = usage.completion_tokens_details?.reasoning_tokens;
  return {
    inputTokens: usage.prompt_tokens,
    outputTokens: usage.completion_tokens,
    ...(typeof cached === 'number' ? { cachedInputTokens: cached } : {}),
    ...(typeof reasoning === 'number' ? { reasoningTokens: reasoning } : {}),
  };
}
