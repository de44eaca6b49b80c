import type { Attributes } from './attributes.js';
import { objectOf } from './attributes.js';

export type Amounts = Record<string, number>;

const genAiUsage: Readonly<Record<string, string>> = {
  'gen_ai.usage.input_tokens': 'input',
  'gen_ai.usage.prompt_tokens': 'input',
  'gen_ai.usage.output_tokens': 'output',
  'gen_ai.usage.completion_tokens': 'output',
  'gen_ai.usage.total_tokens': 'total',
};

/** Usage of a span, `total` summed where absent; `{}` without any. */
export function usageOf(attributes: Attributes): Amounts {
  const given = objectOf(attributes, 'langfuse.observation.usage_details');
  return withTotal(given === undefined ? genAi(attributes) : numbersOf(given));
}

/** The cost that the client gave; undefined when it gave none. */
export function givenCost(attributes: Attributes): Amounts | undefined {
  const given = objectOf(attributes, 'langfuse.observation.cost_details');
  if (given === undefined) return undefined;
  const amounts = numbersOf(given);
  return Object.keys(amounts).length === 0 ? undefined : withTotal(amounts);
}

function genAi(attributes: Attributes): Amounts {
  const amounts: Amounts = {};
  for (const [key, name] of Object.entries(genAiUsage)) {
    const value = attributes.get(key);
    if (typeof value === 'number') amounts[name] = value;
  }
  return amounts;
}

function numbersOf(given: Readonly<Record<string, unknown>>): Amounts {
  const amounts: Amounts = {};
  for (const [key, value] of Object.entries(given)) {
    const number = typeof value === 'string' ? Number(value) : value;
    if (typeof number === 'number' && Number.isFinite(number)) amounts[key] = number;
  }
  return amounts;
}

/** The amounts with their sum as `total`, where there are any and none is given. */
export function withTotal(amounts: Amounts): Amounts {
  const parts = Object.values(amounts);
  if (parts.length === 0 || amounts['total'] !== undefined) return amounts;
  return { ...amounts, total: Number(parts.reduce((sum, part) => sum + part, 0).toFixed(12)) };
}
