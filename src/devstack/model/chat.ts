import { respond } from './answer/respond.js';
import type { ChatCall } from './chat-request.js';
import { hashText } from './random.js';
import { countTokens, cutToTokens, tokenPieces } from './tokens.js';

/** An answer as computed, before it is put on the wire. */
export interface ChatAnswer {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly text: string;
  readonly finishReason: 'stop' | 'length';
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens: number;
}

/** Tokens of chat framing, as OpenAI's cookbook counts them: three a message, three for the answer. */
const framingTokens = 3;

export const promptTokensOf = (call: ChatCall): number =>
  call.messages.reduce(
    (sum, message) => sum + framingTokens + countTokens(message.text),
    framingTokens,
  );

/** Remembers prompt beginnings, as providers do: from 1,024 tokens on, what was seen before is cheaper. */
export const createPrefixCache = () => {
  const seen = new Set<number>();
  const cacheable = 1024;
  return (call: ChatCall, promptTokens: number): number => {
    if (promptTokens < cacheable) return 0;
    const whole = call.messages.map((message) => `${message.role}\n${message.text}`).join('\n');
    const key = hashText(cutToTokens(whole, cacheable).text, hashText(call.model.id));
    if (seen.has(key)) return cacheable;
    if (seen.size >= 10_000) seen.clear();
    seen.add(key);
    return 0;
  };
};

const cutAtStop = (text: string, stops: readonly string[]): string => {
  const ends = stops
    .map((stop) => (stop === '' ? -1 : text.indexOf(stop)))
    .filter((at) => at !== -1);
  return ends.length === 0 ? text : text.slice(0, Math.min(...ends));
};

/**
 * Computes the answer to a call.
 * @param change applied to the text before it is cut to `max_tokens`
 */
export const answerChat = (
  call: ChatCall,
  prompt: { readonly tokens: number; readonly cached: number; readonly serverSeed: number },
  change: (text: string) => string,
): ChatAnswer => {
  const said = respond({
    messages: call.messages,
    format: call.format,
    temperature: call.temperature,
    seed: call.seed + prompt.serverSeed,
    attention: call.model.attention,
  });
  const { text, cut } = cutToTokens(cutAtStop(change(said), call.stop), call.maxTokens);
  const last = call.messages.at(-1)?.text ?? '';
  return {
    id: `chatcmpl-${hashText(last).toString(36)}${hashText(text).toString(36)}`,
    created: Math.floor(Date.now() / 1000),
    model: call.model.id,
    text,
    finishReason: cut ? 'length' : 'stop',
    promptTokens: prompt.tokens,
    completionTokens: countTokens(text),
    cachedTokens: prompt.cached,
  };
};

const usageOf = (answer: ChatAnswer) => ({
  prompt_tokens: answer.promptTokens,
  completion_tokens: answer.completionTokens,
  total_tokens: answer.promptTokens + answer.completionTokens,
  prompt_tokens_details: { cached_tokens: answer.cachedTokens, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
});

const fingerprint = 'fp_assay_demo';

/** The body of a chat completion. */
export const completionBody = (answer: ChatAnswer): string =>
  JSON.stringify({
    id: answer.id,
    object: 'chat.completion',
    created: answer.created,
    model: answer.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer.text, refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: answer.finishReason,
      },
    ],
    usage: usageOf(answer),
    service_tier: 'default',
    system_fingerprint: fingerprint,
  });

/** Few enough that a long answer costs no more events than a short one. */
const mostPieces = 24;

const piecesOf = (text: string): readonly string[] => {
  const tokens = tokenPieces(text);
  const size = Math.max(1, Math.ceil(tokens.length / mostPieces));
  const pieces: string[] = [];
  for (let at = 0; at < tokens.length; at += size)
    pieces.push(tokens.slice(at, at + size).join(''));
  return pieces;
};

/** The server-sent events of a streamed chat completion, `[DONE]` last. */
export const completionEvents = (answer: ChatAnswer, includeUsage: boolean): readonly string[] => {
  const event = (choices: readonly unknown[], usage?: unknown): string => {
    const chunk = {
      id: answer.id,
      object: 'chat.completion.chunk',
      created: answer.created,
      model: answer.model,
      service_tier: 'default',
      system_fingerprint: fingerprint,
      choices,
      ...(includeUsage ? { usage: usage ?? null } : {}),
    };
    return `data: ${JSON.stringify(chunk)}\n\n`;
  };
  const choice = (delta: unknown, finish: string | null = null): string =>
    event([{ index: 0, delta, logprobs: null, finish_reason: finish }]);
  return [
    choice({ role: 'assistant', content: '', refusal: null }),
    ...piecesOf(answer.text).map((content) => choice({ content })),
    choice({}, answer.finishReason),
    ...(includeUsage ? [event([], usageOf(answer))] : []),
    'data: [DONE]\n\n',
  ];
};
