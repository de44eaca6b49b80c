import type { ProviderLimits } from '../contracts/governor-state.js';
import type { Usage } from '../contracts/records.js';
import type { HttpFailure } from '../core/retry/classify.js';
import type { CallOutcome } from './governor-permit.js';
import type { RawAnswer } from './openai-chat.js';

/** What the governor learns from an attempt at a call. */
export function outcomeOf(
  attempt: { readonly raw?: RawAnswer; readonly failure?: HttpFailure },
  usageOf: (body: Buffer) => Usage | undefined,
): CallOutcome {
  const { raw, failure } = attempt;
  const told = raw === undefined ? undefined : limitsOf(raw.headers);
  if (failure?.type === 'rate_limited') return { kind: 'refused', told };
  if (failure !== undefined || raw === undefined) return { kind: 'other' };
  const usage = usageOf(raw.body);
  const tokens = usage === undefined ? undefined : usage.inputTokens + usage.outputTokens;
  return { kind: 'answered', tokens, told };
}

/**
 * The limits in an answer's headers, in OpenAI's format (which Groq, Azure, Mistral and gateways send as well): requests and
 * tokens per minute. Undefined where there are none.
 */
export function limitsOf(
  headers: Readonly<Record<string, string | undefined>>,
): ProviderLimits | undefined {
  const requestsPerMinute = positive(headers['x-ratelimit-limit-requests']);
  const tokensPerMinute = positive(headers['x-ratelimit-limit-tokens']);
  if (requestsPerMinute === undefined && tokensPerMinute === undefined) return undefined;
  return { requestsPerMinute, tokensPerMinute };
}

function positive(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,12}$/.test(text.trim())) return undefined;
  const number = Number(text);
  return number > 0 ? number : undefined;
}
