import type { ChatMessage } from './port.js';

/** Counts the tokens of requests as OpenAI's newer models do (o200k_base). */
export interface TokenCounter {
  /** Of a chat request: its messages, and what it sends of a schema. */
  chat(messages: readonly ChatMessage[], schema: unknown): number;
  text(text: string): number;
}

/** 3 tokens for each message and 3 that prime the answer: OpenAI's cookbook, "How to count tokens with tiktoken". */
const perMessage = 4;
const priming = 3;

/** Loaded on first use: its table of 200,000 tokens takes a moment and some 20 MB, which only planning needs. */
export async function loadTokenCounter(): Promise<TokenCounter> {
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  // Text that looks like a control token is text: a user wrote it.
  const text = (value: string): number => countTokens(value, { disallowedSpecial: new Set() });
  return {
    text,
    chat: (messages, schema) =>
      messages.reduce((sum, { content }) => sum + text(content) + perMessage, priming) +
      (schema === undefined ? 0 : text(JSON.stringify(schema))),
  };
}
