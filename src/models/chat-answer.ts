import { z } from 'zod';

import type { Usage } from '../contracts/records.js';
import { AssayError } from '../core/errors/assay-error.js';
import type { Json } from '../core/json/json.js';
import { withoutFence } from '../core/text/fence.js';

const usageSchema = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  total_tokens: z.number().nullish(),
  prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
  completion_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
});

const completionSchema = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({
          content: z.string().nullish(),
          refusal: z.string().nullish(),
          // Kept as they are: whoever judges them knows several forms. What is none of them makes no paid answer unreadable.
          tool_calls: z.array(z.json()).nullish().catch(undefined),
        }),
      }),
    )
    .min(1),
  usage: usageSchema.nullish(),
});

/** A chat completion, read from the bytes of its answer. */
export interface ParsedCompletion {
  readonly text: string;
  readonly json: Json | undefined;
  /** The calls of tools that it asks for, as they came; empty where it asks for none. */
  readonly toolCalls: readonly Json[];
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
    raw = jsonOf(body);
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
    toolCalls: choice.message.tool_calls ?? [],
    finishReason: choice.finish_reason ?? 'stop',
    usage: readUsage(parsed.data.usage),
  };
}

// The same bytes are read twice, for the journal's columns and for the cell.
const read = new WeakMap<Buffer, unknown>();

function jsonOf(body: Buffer): unknown {
  const known = read.get(body);
  if (known !== undefined) return known;
  const json: unknown = JSON.parse(body.toString('utf8'));
  read.set(body, json);
  return json;
}

/** The tokens of a stored answer; undefined where it says none. Read also of one that is no completion: it is paid for. */
export function usageOf(body: Buffer): Usage | undefined {
  try {
    const raw = jsonOf(body) as { usage?: unknown } | null;
    const parsed = usageSchema.safeParse(raw?.usage);
    return parsed.success ? readUsage(parsed.data) : undefined;
  } catch {
    return undefined;
  }
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(withoutFence(text)) as Json;
  } catch {
    return undefined;
  }
}

function readUsage(usage: z.output<typeof usageSchema> | null | undefined): Usage | undefined {
  if (usage === null || usage === undefined) return undefined;
  const { prompt_tokens: inputTokens, completion_tokens: completion, total_tokens: total } = usage;
  const cached = usage.prompt_tokens_details?.cached_tokens;
  const reasoning = usage.completion_tokens_details?.reasoning_tokens;
  // OpenAI counts the thinking in the completion, others (xAI) beside it, which only their total tells. With us it is
  // always part of the output, so that it is billed once and never forgotten.
  const beside = typeof reasoning === 'number' && total === inputTokens + completion + reasoning;
  return {
    inputTokens,
    outputTokens: beside ? completion + reasoning : completion,
    ...(typeof cached === 'number' ? { cachedInputTokens: cached } : {}),
    ...(typeof reasoning === 'number' ? { reasoningTokens: reasoning } : {}),
  };
}
