import type { Amounts } from '../otlp/usage.js';

type Loose = Readonly<Record<string, unknown>>;

// The names of OpenAI's two APIs and of Langfuse's own v2 beside those that are kept.
const names: Readonly<Record<string, string>> = {
  prompt_tokens: 'input',
  input_tokens: 'input',
  promptTokens: 'input',
  completion_tokens: 'output',
  output_tokens: 'output',
  completionTokens: 'output',
  total_tokens: 'total',
  totalTokens: 'total',
};
const detailsOf: Readonly<Record<string, string>> = {
  prompt_tokens_details: 'input',
  input_tokens_details: 'input',
  completion_tokens_details: 'output',
  output_tokens_details: 'output',
};

/** `usageDetails`, or the older `usage` in any of its shapes; undefined when neither holds a number. */
export function givenUsage(usage: Loose | undefined, details: Loose | undefined) {
  const source = details ?? withoutCosts(usage ?? {});
  const amounts: Amounts = {};
  for (const [key, value] of Object.entries(source))
    if (typeof value === 'number') amounts[names[key] ?? key] = value;
  for (const [key, side] of Object.entries(detailsOf)) {
    const inner = source[key];
    if (typeof inner !== 'object' || inner === null) continue;
    // What is told apart is not counted twice, as on the real server.
    for (const [part, value] of Object.entries(inner))
      if (typeof value === 'number' && value > 0) {
        amounts[`${side}_${part}`] = value;
        amounts[side] = Math.max(0, (amounts[side] ?? 0) - value);
      }
  }
  return orNothing(amounts);
}

/** `costDetails`, or the costs of the older `usage`. US dollars. */
export function givenCost(usage: Loose | undefined, details: Loose | undefined) {
  const source = details ?? {
    input: usage?.['inputCost'],
    output: usage?.['outputCost'],
    total: usage?.['totalCost'],
  };
  const amounts: Amounts = {};
  for (const [key, value] of Object.entries(source))
    if (typeof value === 'number') amounts[key] = value;
  return orNothing(amounts);
}

function withoutCosts(usage: Loose): Loose {
  return Object.fromEntries(Object.entries(usage).filter(([key]) => !key.endsWith('Cost')));
}

const orNothing = (amounts: Amounts): Amounts | undefined =>
  Object.keys(amounts).length === 0 ? undefined : amounts;
