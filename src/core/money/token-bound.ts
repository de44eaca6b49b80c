/**
 * How many tokens a request can have at most, without its model's tokenizer: what is reserved of a budget must be
 * enough for every model, at no cost of a call's time.
 */

/** What a message costs beside its text (roles and separators; OpenAI says 3 to 4), and what primes the answer. */
const perMessage = 16;

/**
 * At most so many input tokens: one for each byte of the request. The tokenizers of today's models (byte-level BPE,
 * SentencePiece with byte fallback) never make more than one token of a byte; tools and schemas are shown to the model in
 * a form that is shorter than their JSON. Texts of English have about a quarter of it.
 */
export function mostInputTokens(request: {
  /** Of the JSON that is sent, in UTF-8. */
  readonly bytes: number;
  readonly messages: number;
}): number {
  return request.bytes + perMessage * (request.messages + 1);
}

/** What is reserved for an answer whose length the call does not limit. */
export const defaultOutputTokens = 4_096;

const limits = ['max_completion_tokens', 'max_tokens', 'max_output_tokens'] as const;

/** The limit that a request sets on its answer, over all of its choices; undefined where it sets none. */
export function outputLimit(body: Readonly<Record<string, unknown>>): number | undefined {
  const limit = limits.map((name) => body[name]).find(isCount);
  if (limit === undefined) return undefined;
  const choices = body['n'];
  return limit * (isCount(choices) ? choices : 1);
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
