import type { ModelConfig } from '../../contracts/config.js';
import type { Guess } from '../../contracts/estimate.js';
import { isKnown } from '../../core/estimate/guess.js';
import { dollarsFromPico, mostPico, type ModelPrice } from '../../core/money/pico.js';
import type { mostTokens } from '../../models/model-call.js';
import type { CallHistory } from '../../store/call-history.js';
import type { ExperimentPorts } from './ports.js';

/** Where prices and the config's models are. */
interface Priced {
  readonly ports: Pick<ExperimentPorts, 'project' | 'prices'>;
}

export type Tokens = ReturnType<typeof mostTokens>;

/** What is held for a call of so many tokens at most. */
export function holdOf(
  most: Tokens,
  price: PriceAt | string | undefined,
): { readonly holdUsd?: number } {
  const known = typeof price === 'function' ? price(most.inputTokens) : undefined;
  return known === undefined ? {} : { holdUsd: Number(dollarsFromPico(mostPico(most, known))) };
}

type PriceAt = (inputTokens: number) => ModelPrice | undefined;

export const priceOf =
  ({ ports }: Priced, model: ModelConfig, kind: 'chat' | 'embedding' = 'chat'): PriceAt =>
  (inputTokens) =>
    ports.prices.priceOf(model, { at: new Date(), kind, inputTokens });

export function priceIn(context: Priced, call: CallHistory): PriceAt | string {
  const model = modelOf(context, call);
  if (model === undefined) return `${call.provider}/${call.model}`;
  return priceOf(context, model, call.purpose === 'embedding' ? 'embedding' : 'chat');
}

export const modelOf = ({ ports }: Priced, call: CallHistory): ModelConfig | undefined =>
  Object.values(ports.project.config.models).find(
    ({ provider, model }) => provider === call.provider && model === call.model,
  );

/** Dollars, with the price of today for calls of that length. */
export function costOf(
  of: { readonly calls: Guess; readonly input: Guess; readonly output: Guess },
  price: PriceAt | string,
): Guess {
  const { calls, input, output } = of;
  if (!isKnown(calls)) return calls;
  if (!isKnown(input)) return input;
  if (!isKnown(output)) return output;
  const perToken = typeof price === 'string' ? undefined : price(Math.round(input.likely));
  if (perToken === undefined) {
    const name = typeof price === 'string' ? ` of ${price}` : '';
    return { unknown: `the price${name} is not known` };
  }
  const dollars = (end: 'low' | 'likely' | 'high'): number =>
    (calls[end] * (input[end] * perToken.input + output[end] * perToken.output)) / 1e6;
  return {
    low: dollars('low'),
    likely: dollars('likely'),
    high: dollars('high'),
    basis: `$${perToken.input} a million tokens of input, $${perToken.output} of output`,
  };
}
